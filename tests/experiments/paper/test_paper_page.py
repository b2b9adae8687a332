"""The page shows what was measured, and nothing else."""

from itertools import pairwise
from pathlib import Path

import pytest

from edgeopt.experiments.paper import page
from edgeopt.experiments.paper.claims import Claim, Rule
from edgeopt.experiments.paper.outcome import Condition, Outcome, PartRecord, Table, measured_text
from edgeopt.experiments.paper.page import page_lines, write_page
from edgeopt.experiments.statistics.ratio import Measured

PROVENANCE = {
    "edgeopt": "0", "code": "abc", "command": "/x/edgeopt paper", "commit": "0" * 40,
    "dirty": "yes",
}  # fmt: skip
OUTCOME = Outcome(
    {"x": Measured(-2.0, -3.0, -1.0, 1e-9, "%", "some test"), "y": Measured(4.0)},
    {"c": Condition("pigs fly", True)},
    (Table("A table", ("a|b", "c"), (("1", "2"),)),),
    ("drawn.png",),
    ("an assumption",),
    ("a finding",),
)
BELOW = Rule(high=0.0)
CLAIMS = (
    Claim("one", "Table 0", "x falls", measures=("x",), rule=BELOW, quoted=("y",)),
    Claim("two", "Fig. 0", "y falls", measures=("y",), rule=BELOW, only_if=("c",)),
    Claim("three", "Fig. 1", "y falls", measures=("y",), rule=BELOW),
    Claim("four", "Fig. 2", "z", undecided="nothing is given"),
)


@pytest.fixture
def lines(monkeypatch) -> list[str]:
    monkeypatch.setattr(page, "read_claims", lambda part: CLAIMS)
    return page_lines([PartRecord("fig6", "f", True, 2, "7", 3.4, PROVENANCE, OUTCOME)])


def test_every_claim_has_a_row_with_its_verdict(lines):
    start = lines.index("## Verdicts")
    counts, rows = lines[start + 2], lines[start + 6 : start + 10]
    assert counts == (
        "4 claims: 1 reproduced, 1 reproduced only under an assumption, 1 not reproduced, "
        "1 cannot be decided."
    )
    assert rows == [
        "| Table 0 | x falls | x: -2 % [-3, -1] (some test, p < 1e-06); rule: < 0; y: 4 "
        "| **reproduced** |",
        "| Fig. 0 | y falls | y: 4; rule: < 0 | **reproduced only if** pigs fly |",
        "| Fig. 1 | y falls | y: 4; rule: < 0 | **not reproduced** |",
        "| Fig. 2 | z |  | **cannot be decided** (nothing is given) |",
    ]


def test_inferences_stand_apart_from_what_the_paper_says(monkeypatch):
    ours = Claim("five", "Fig. 3", "so x falls", measures=("x",), rule=BELOW, ours=True)
    monkeypatch.setattr(page, "read_claims", lambda part: (CLAIMS[2], ours))
    lines = page_lines([PartRecord("fig6", "f", True, 2, "7", 3.4, PROVENANCE, OUTCOME)])
    first, second = lines.index("## Verdicts"), lines.index("## Our inferences from the paper")
    assert "y falls" in "".join(lines[first:second])
    assert "so x falls" not in "".join(lines[first:second])
    assert "1 claims: 1 reproduced" in lines[second + 2]


def test_headings_and_tables_are_set_off_by_empty_lines(lines):
    for before, line in pairwise(lines):
        if line.startswith("## "):
            assert before == "", line
        if before.startswith("|"):
            assert line == "" or line.startswith("|"), line


def test_what_the_search_found_completes_a_verdict(monkeypatch):
    monkeypatch.setattr(page, "read_claims", lambda part: CLAIMS[2:3] if part == "fig6" else ())
    found = Outcome({}, {"three": Condition("in 2 % of the settings", True)})
    records = [
        PartRecord(part, "f", True, 2, "7", 3.4, PROVENANCE, outcome)
        for part, outcome in (("fig6", OUTCOME), ("search", found))
    ]
    text = "\n".join(page_lines(records))
    assert "| **reproduced only if** in 2 % of the settings |" in text


def test_what_is_not_whole_is_said_at_the_top(lines):
    start = lines.index("## Verdicts")
    assert lines[start - 4 : start : 2] == [
        "**Made with `--quick`, in fewer and shorter runs than these verdicts need: fig6.**",
        "**Not made: table1, table2, fig5, fig7, fig8, fig9, dormancy, search.**",
    ]


def test_a_part_shows_all_it_has(lines):
    start = lines.index("## Fig. 6: delay by layer")
    part = lines[start:]
    assert "- an assumption" in part
    assert "| a\\|b | c |" in part
    assert "| 1 | 2 |" in part
    assert "![drawn](fig6/drawn.png)" in part
    assert "- a finding" in part


def test_points_and_origin(lines):
    assert sum(line.startswith("| 48 |") for line in lines) == 1
    origin = lines[lines.index("## Provenance") :]
    assert (
        "| fig6 | 3, jobs 2, quick | 7 | abc | 000000000000, changed | `edgeopt paper` |" in origin
    )


def test_the_page_of_nothing(tmp_path: Path):
    write_page([], tmp_path)
    assert "0 claims" in (tmp_path / "README.md").read_text()


def test_an_interval_that_cannot_be_seen_is_left_out():
    assert measured_text(Measured(2.0, 2.0 - 1e-9, 2.0 + 1e-9)) == "2"
    assert measured_text(Measured(2.0, 1.0, 3.0, 0.2)) == "2 [1, 3] (p = 0.2)"
