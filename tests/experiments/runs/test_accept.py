"""Rows of other code that are accepted."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.store import read_cells
from edgeopt.experiments.sweep.config import SweepConfig


def config_of(folder: Path, answer: int, **changes: object) -> SweepConfig:
    """Return a sweep of two solvers, one of a user's file that assigns all tasks to a node."""
    own = folder / "own.py"
    own.write_text(f"def f(problem, rng, k=1): return [{answer}] * problem.tasks\n")
    fields = {
        "problems": ("braun:9x5",),
        "repetitions": 2,
        "seed": 1,
        "budget": {"evaluations": 60},
        "solvers": {"own": {"solver": f"{own}:f"}, "pso": {"solver": "pso"}},
    }
    return SweepConfig(**{**fields, **changes})  # type: ignore[arg-type]


def nodes(cells: pd.DataFrame) -> list[int]:
    """Return the node of the first task in the rows of the user's solver."""
    return [int(nodes[0]) for nodes in cells[cells["solver"] == "own"]["assignment"]]


def test_rows_of_other_code_stand_for_cells_that_differ_in_nothing_else(tmp_path: Path):
    first = run_sweep(config_of(tmp_path, 0), tmp_path / "out")
    accepted = run_sweep(config_of(tmp_path, 1), tmp_path / "out", accept_code=True)
    assert nodes(first) == nodes(accepted) == [0, 0]
    pd.testing.assert_frame_equal(accepted.drop(columns="key"), first.drop(columns="key"))
    assert set(accepted["key"]) & set(first["key"]) == set(first[first["solver"] == "pso"]["key"])
    again = run_sweep(config_of(tmp_path, 1), tmp_path / "out")  # from now on without the option
    pd.testing.assert_frame_equal(again, accepted)
    own = {"solver": f"{tmp_path / 'own.py'}:f", "k": 2}
    other = config_of(tmp_path, 2, solvers={"own": own})
    assert nodes(run_sweep(other, tmp_path / "out", accept_code=True)) == [2, 2]


def test_code_of_edgeopt_is_accepted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = run_sweep(config_of(tmp_path, 0), tmp_path / "out")
    monkeypatch.setattr("edgeopt.experiments.sweep.cell.code_of", lambda *parts: "other")
    accepted = run_sweep(config_of(tmp_path, 0), tmp_path / "out", accept_code=True)
    pd.testing.assert_frame_equal(accepted.drop(columns="key"), first.drop(columns="key"))
    assert not set(accepted["key"]) & set(first["key"])


def test_the_latest_code_is_accepted_and_none_of_several_older_ones(tmp_path: Path):
    for answer in (0, 1):
        run_sweep(config_of(tmp_path, answer), tmp_path / "out")
    # rows of 0 are set aside
    accepted = run_sweep(config_of(tmp_path, 2), tmp_path / "out", accept_code=True)
    assert nodes(accepted) == [1, 1]
    run_sweep(config_of(tmp_path, 2, solvers={"pso": {"solver": "pso"}}), tmp_path / "out")
    again = run_sweep(config_of(tmp_path, 3), tmp_path / "out", accept_code=True)
    assert nodes(again) == [3, 3]  # 0 and 1 are both older


def test_solvers_of_two_labels_are_not_taken_for_each_other(tmp_path: Path):
    config = config_of(tmp_path, 0)
    run_sweep(config, tmp_path / "out")
    changed = config_of(tmp_path, 1, solvers={"other": config.solvers["own"]})
    cells = run_sweep(changed, tmp_path / "out", accept_code=True)
    assert [int(nodes[0]) for nodes in cells["assignment"]] == [1, 1]


def test_failed_rows_are_not_accepted(tmp_path: Path):
    failing = config_of(tmp_path, 9)  # no such node
    assert set(run_sweep(failing, tmp_path / "out")["status"]) > {"failed"}
    cells = run_sweep(config_of(tmp_path, 1), tmp_path / "out", accept_code=True)
    assert nodes(cells) == [1, 1]


def test_the_command_says_how_many_rows_are_of_other_code(edgeopt: Callable, tmp_path: Path):
    (tmp_path / "own.py").write_text("def f(problem, rng): return [0] * problem.tasks\n")
    text = 'problems = ["braun:9x3"]\nrepetitions = 3\nbudget = { iterations = 1 }\n'
    (tmp_path / "sweep.toml").write_text(
        f'{text}[solvers.own]\nsolver = "own.py:f"\n[solvers.mct]\n'
    )
    edgeopt("sweep", "sweep.toml", "--out", "out")
    (tmp_path / "own.py").write_text("def f(problem, rng): return [1] * problem.tasks\n")
    command = ("sweep", "sweep.toml", "--out", "out")
    plain, kept = (edgeopt(*command, "--dry-run", *more).out for more in ((), ("--accept-code",)))
    assert "6 cells: 3 finished, 0 failed, 3 to run" in plain
    assert "3 of these differ in code alone from rows that --accept-code would keep" in plain
    assert kept.startswith("6 cells: 6 finished, 0 failed, 0 to run")
    outcome = edgeopt(*command, "--accept-code")
    assert outcome.code == 0
    assert "3 rows made by other code accepted" in outcome.out
    assert nodes(read_cells(tmp_path / "out")) == [0, 0, 0]
