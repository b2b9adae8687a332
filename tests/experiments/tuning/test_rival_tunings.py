"""Several solvers tuned with one budget: the file, the command, and what it writes."""

from pathlib import Path

import pandas as pd
import pytest

from edgeopt.experiments.tuning.config import read_tuning
from edgeopt.experiments.tuning.rivals import read_rivals
from edgeopt.problems.errors import InputError

FILE = """
trials = 2
seed = 3
budget = { evaluations = 20 }
[families.pools]
training = { problems = ["paper:6x2:seed=1"] }
held_out = { problems = ["paper:6x2:seed=2", "paper:6x2:seed=3"] }
[families.files]
training = { problems = ["paper:6x2:seed=4"], repetitions = 2 }
held_out = { problems = ["held/*.csv"] }
[solvers.aco]
parameters = ["ants"]
[solvers.quick]
solver = { solver = "own.py:quick", node = 1 }
search = { node = { low = 0, high = 1 } }
"""
OWN = """\
import numpy as np

def quick(problem, rng, *, node: int = 0):
    return np.full(problem.tasks, node)
"""


@pytest.fixture
def rivals_file(tmp_path: Path) -> Path:
    """Return a file of two solvers and two families."""
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "a.csv").write_text("1,2\n2,1\n")
    (tmp_path / "held" / "b.csv").write_text("5,2\n2,4\n3,1\n")
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "rivals.toml").write_text(FILE)
    return tmp_path / "rivals.toml"


def test_all_tunings_have_the_same_budget_and_a_family_the_same_problems(rivals_file: Path):
    rivals = read_rivals(rivals_file)
    assert [name for name, _ in rivals.folders()] == [
        *("aco-pools", "quick-pools", "aco-files", "quick-files"),
    ]
    configs = rivals.tunings
    assert {(each.trials, each.seed, each.budget["evaluations"]) for each in configs.values()} == {
        (2, 3, 20)
    }
    assert configs["files", "aco"].training is configs["files", "quick"].training
    assert [Path(s).name for s in configs["files", "aco"].held_out.specs] == ["a.csv", "b.csv"]
    assert list(configs["pools", "aco"].space) == ["ants"]
    assert configs["pools", "quick"].solver["node"] == 1


def test_the_command_tunes_all_and_says_what_that_changes(edgeopt, rivals_file: Path):
    words = ("tune", str(rivals_file), "--out", "out")
    outcome = edgeopt(*words)
    assert outcome.code == 0, outcome.err
    out = rivals_file.parent / "out"
    ranks = pd.read_csv(out / "ranks.csv")
    assert ranks["family"].tolist() == [name for name in ("pools", "files", "all") for _ in "ab"]
    held_out = pd.read_csv(out / "aco-pools" / "comparison.csv")
    row = ranks.iloc[0]
    assert (row["solver"], row["gap_default"]) == ("aco", pytest.approx(held_out["default"].mean()))
    assert pd.read_csv(out / "orders.csv")["problems"].tolist() == [2, 2, 4]
    page = (out / "ranks.md").read_text()
    assert "## pools" in page
    assert "## All families" in page
    assert [path.name for path in out.rglob("*.png")] == ["ranks.png"]
    before = {path: path.read_bytes() for path in out.glob("ranks.*")}
    assert edgeopt(*words).code == 0
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(("old", "new", "message"), [
    ("trials = 2", "trials = 0", "aco on pools: trials: got 0"),
    ("[solvers.quick]", "[solvers.aco2]\nsolver = 3\n[spare]", "rivals.toml field: got 'spare'"),
    ('"own.py:quick", node = 1', '"own.py:none"', "own.py:none"),
    ('parameters = ["ants"]', 'parameters = ["aunts"]', "aunts"),
    ('parameters = ["ants"]', "tune = 1", "solvers.aco.tune: got 1"),
    ('training = { problems = ["paper:6x2:seed=1"] }', "", "families.pools.training: got None"),
    ("held/*.csv", "paper:6x2:seed=4", "held_out.problems: .*at least two|unseen in training"),
])  # fmt: skip
def test_bad_files_are_refused(rivals_file: Path, old: str, new: str, message: str):
    rivals_file.write_text(FILE.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_rivals(rivals_file)


def test_one_solver_has_no_rank(rivals_file: Path):
    rivals_file.write_text(FILE.partition("[solvers.quick]")[0])
    with pytest.raises(InputError, match="at least two solvers and one family"):
        read_rivals(rivals_file)


def test_sets_of_a_tuning_file_may_be_patterns(rivals_file: Path):
    (rivals_file.parent / "held" / "c.csv").write_text("a picture\n")
    text = 'solver = {solver = "aco"}\ntrials = 2\nbudget = {evaluations = 9}\n'
    text += '[training]\nproblems = ["held/[ab].csv"]\n'
    file = rivals_file.with_name("one.toml")
    file.write_text(text)
    assert [Path(spec).name for spec in read_tuning(file).training.specs] == ["a.csv", "b.csv"]
    file.write_text(text.replace("[ab]", "*"))
    with pytest.raises(InputError, match=r"training.problems: got .c.csv \("):
        read_tuning(file)
