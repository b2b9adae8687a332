"""`edgeopt problems`: families with what they separate, sets, and what a sweep says of families."""

import csv

from edgeopt.problems.scheduling.spec import GENERATORS

SWEEP = """
problems = ["paper:20x3:seed=0", "paper:20x3:seed=1", "gocj:20x3:seed=0"]
repetitions = 1
budget = { evaluations = 10 }
[solvers.lpt]
[solvers.met]
[solvers.round-robin]
"""


def test_each_family_says_what_it_separates(edgeopt):
    lines = edgeopt("problems").out.splitlines()
    families = [line.split(":")[0] for line in lines if line and not line.startswith(" ")]
    assert [name for name in families if name in GENERATORS] == list(GENERATORS)
    assert sum(line.strip().startswith("Spread ") for line in lines) == len(GENERATORS)
    assert "edgeopt-60" in families


def test_a_sweep_says_what_its_families_separate(edgeopt, tmp_path):
    (tmp_path / "sweep.toml").write_text(SWEEP)
    assert edgeopt("sweep", "sweep.toml", "--out", "runs").code == 0
    said = edgeopt("problems", "--separation", "runs", "--out", "table.csv")
    assert said.code == 0
    first, second = said.out.splitlines()
    assert first.startswith("gocj: Spread ")
    assert second.startswith("paper: Spread ")
    assert "; best is a rule: lpt, " in second
    with (tmp_path / "table.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [(row["family"], row["instances"], row["solvers"]) for row in table] == [
        ("gocj", "1", "3"),
        ("paper", "2", "3"),
    ]
    for words in (("--out", "t.csv"), ("paper", "--separation", "runs")):
        refused = edgeopt("problems", *words)
        assert refused.code == 2
        assert "--separation: got" in refused.err
