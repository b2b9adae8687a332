"""The documented example of a solver of one's own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import edgeopt.experiments
from edgeopt.problems.scheduling.spec import load_problem

EXAMPLES = Path(edgeopt.experiments.__path__[0]) / "examples"


def test_the_example_runs_as_documented(edgeopt: Callable, tmp_path: Path):
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    outcome = edgeopt("sweep", "my_sweep.toml", "--out", "results", "--jobs", "2")
    assert (outcome.code, outcome.err) == (0, "")
    cells = pd.read_parquet("results/cells")
    assert len(cells) == 45
    assert set(cells["problem"].map(lambda spec: Path(spec).name)) == {
        *("five_tasks.csv", "four_tasks.csv", "braun:u_c_hihi:40x5")
    }
    assert (cells["status"] != "failed").all()
    for _, row in cells.query("solver == 'mine'").iterrows():
        assert load_problem(row["problem"]).makespan(row["assignment"]) == row["makespan"]
