"""`edgeopt problems`: families with what they separate, sets, and what a sweep says of families."""

import csv

from sweep_rows import final

from edgeopt.experiments.sweep import summary
from edgeopt.problems.scheduling.spec import GENERATORS

GAPS = {
    "paper:20x3:seed=0": {"lpt": [0.0], "met": [0.5], "atsa": [0.2]},
    "paper:20x3:seed=1": {"lpt": [0.0], "met": [0.7], "atsa": [0.2]},
    "gocj:20x3:seed=0": {"lpt": [0.025], "met": [0.5], "atsa": [0.01]},
}


def test_each_family_says_what_it_separates(edgeopt):
    lines = edgeopt("problems").out.splitlines()
    families = [line.split(":")[0] for line in lines if line and not line.startswith(" ")]
    assert [name for name in families if name in GENERATORS] == list(GENERATORS)
    assert sum(line.strip().startswith("Spread ") for line in lines) == len(GENERATORS)
    assert "edgeopt-60" in families


def test_a_sweep_says_what_its_families_separate(edgeopt, tmp_path, monkeypatch):
    monkeypatch.setattr(summary, "read_solver_cells", lambda folder: final(GAPS))
    said = edgeopt("problems", "--separation", "runs", "--out", "table.csv")
    assert said.out.splitlines() == [
        "gocj: Spread 1.00; best atsa, 1.0 %; best rule lpt, 2.5 %; worst met, 50.0 %.",
        "paper: Spread 1.00; best is a rule: lpt, 0.0 %; worst met, 60.0 %.",
    ]
    with (tmp_path / "table.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [(row["family"], row["instances"], row["rule_gap"]) for row in table] == [
        ("gocj", "1", "0.025"),
        ("paper", "2", "0"),
    ]
    for words in (("--out", "t.csv"), ("paper", "--separation", "runs")):
        refused = edgeopt("problems", *words)
        assert refused.code == 2
        assert "--separation: got" in refused.err
