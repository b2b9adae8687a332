"""One cell of a sweep."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.runs.cell import run_cell
from edgeopt.experiments.sweep.cell import SWEEP, SweepCell, _identity
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.scheduling.spec import load_problem

CONFIG = SweepConfig(
    problems=("paper:20x3:seed=0", "paper:20x4:seed=0"),
    repetitions=2,
    seed=7,
    budget={"evaluations": 60},
    solvers={"mct": {"solver": "mct"}, "ants": {"solver": "atsa", "beta": 2.0}},
)


def the_cell(**changes: object) -> SweepCell:
    """Return the first cell of the ants, with fields changed."""
    first = next(cell for cell in CONFIG.cells() if cell.label == "ants")
    return replace(first, **changes)  # type: ignore[arg-type]


def test_cells_are_the_product_by_repetition():
    cells = list(CONFIG.cells())
    assert [(cell.repetition, cell.problem[6:10], cell.label) for cell in cells] == [
        (repetition, size, label)
        for repetition in (0, 1)
        for size in ("20x3", "20x4")
        for label in ("mct", "ants")
    ]
    assert len({cell.key for cell in cells}) == 8


def test_the_key_depends_on_all_that_matters():
    cell = the_cell()
    assert cell.key == the_cell().key
    others = [
        the_cell(problem="paper:20x3"),
        the_cell(digest="other"),
        the_cell(label="other"),
        the_cell(solver='{"solver": "atsa", "beta": 2.5}'),
        the_cell(repetition=1),
        the_cell(seed=8),
        the_cell(budget='{"evaluations": 61}'),
        the_cell(start="mct"),
        the_cell(start="lpt"),
    ]
    assert len({cell.key, *(other.key for other in others)}) == 10
    assert the_cell(solver='{"solver": "atsa", "beta": 2.0, "alpha": 1.0}').key == cell.key


def test_a_start_is_the_first_incumbent_and_costs_one_evaluation():
    config = replace(CONFIG, solvers={"met": {"solver": "met"}, **CONFIG.solvers}, start="mct")
    rows = {cell.label: cell.outcome() for cell in config.cells() if cell.problem[6:10] == "20x4"}
    assert rows["met"]["makespan"] == rows["mct"]["makespan"]  # on its own MET is worse
    assert (
        next(
            replace(cell, start="").outcome()["makespan"]
            for cell in config.cells()
            if (cell.label, cell.problem[6:10]) == ("met", "20x4")
        )
        > rows["mct"]["makespan"]
    )
    assert rows["ants"]["makespan"] <= rows["mct"]["makespan"]
    assert (rows["met"]["evaluations"], rows["ants"]["trace_evaluations"][0]) == (2, 1)


def test_the_key_depends_on_the_content_of_a_users_file(tmp_path: Path):
    keys = set()
    for name, answer in (("a.py", 0), ("b.py", 1)):
        (tmp_path / name).write_text(f"def f(problem, rng): return [{answer}] * problem.tasks\n")
    for text in ((tmp_path / "a.py").read_text(), (tmp_path / "b.py").read_text()):
        own = tmp_path / f"own{len(keys)}" / "own.py"
        own.parent.mkdir()
        own.write_text(text)
        keys.add(the_cell(solver=json.dumps({"solver": f"{own}:f"})).key)
    assert len(keys) == 2


def test_the_key_depends_on_the_users_file_that_a_toml_file_names(tmp_path: Path):
    own, tuned = tmp_path / "own.py", tmp_path / "tuned.toml"
    tuned.write_text(f'solver = "{own}:f"\n')
    keys = set()
    for answer in (0, 1):
        own.write_text(f"def f(problem, rng): return [{answer}] * problem.tasks\n")
        _identity.cache_clear()
        keys.add(the_cell(solver=json.dumps({"solver": str(tuned)})).key)
    assert len(keys) == 2


def test_the_key_depends_on_the_code(monkeypatch: pytest.MonkeyPatch):
    key = the_cell().key
    monkeypatch.setattr("edgeopt.experiments.sweep.cell._code", lambda table, start: "other")
    assert the_cell().key != key
    assert run_cell(the_cell())["code"] == "other"


def test_a_row_is_what_solve_gives_with_the_cells_stream():
    cell = the_cell()
    row = run_cell(cell)
    problem = load_problem(cell.problem)
    sequence = np.random.SeedSequence(7, spawn_key=(int(problem.digest[:16], 16), 0))
    solver = make_solver("atsa", {"beta": 2.0})
    result = solve(problem, solver, stop=Evaluations(60), rng=sequence)
    assert result.assignment is not None
    assert row["assignment"] == result.assignment.tolist()
    assert row["makespan"] == result.makespan == problem.makespan(row["assignment"])
    assert row["gap"] == pytest.approx(row["makespan"] / row["lower_bound"] - 1)
    assert row["trace_makespan"] == result.trace.makespan
    assert row["trace_evaluations"][-1] == row["evaluations"] <= 60
    assert (row["tasks"], row["nodes"], row["status"]) == (20, 3, "evaluations")
    assert (row["solver"], row["repetition"], row["error"]) == ("ants", 0, None)


def test_rows_have_the_declared_columns_and_survive_json():
    row = run_cell(the_cell())
    assert row.keys() == set(SWEEP.table)
    assert json.loads(json.dumps(row)) == row


def test_solvers_share_instance_and_repetition_seeds(tmp_path: Path):
    path = tmp_path / "noisy.py"
    path.write_text("def f(problem, rng): return rng.integers(0, problem.nodes, problem.tasks)\n")
    cell = the_cell(solver=json.dumps({"solver": f"{path}:f"}), problem="braun:u_c_hihi:20x3")
    first = run_cell(cell)["assignment"]
    assert run_cell(replace(cell, label="b"))["assignment"] == first
    for other in (replace(cell, repetition=1), replace(cell, seed=8), replace(cell, digest="abc")):
        assert run_cell(other)["assignment"] != first


def test_an_error_is_a_row_with_its_traceback(tmp_path: Path):
    path = tmp_path / "broken.py"
    path.write_text("def f(problem, rng):\n    raise ValueError('boom')\n")
    row = run_cell(the_cell(solver=json.dumps({"solver": f"{path}:f"})))
    assert row["status"] == "failed"
    assert row["error"].endswith("ValueError: boom\n")
    assert f'File "{path}", line 2, in f' in row["error"]
    assert row["cell_seconds"] > 0
    assert set(row) < set(SWEEP.table)
