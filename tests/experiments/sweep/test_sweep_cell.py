"""One cell of a sweep."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.runs.cell import run_cell
from edgeopt.experiments.sweep.cell import SWEEP, SweepCell, solver_identity
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.seeds import write_stream
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


def cell_of(solver: str, label: str = "own", problem: str = "paper:20x3:seed=0") -> SweepCell:
    """Return the first cell of a sweep of one solver."""
    config = replace(CONFIG, problems=(problem,), solvers={label: {"solver": solver}})
    return next(config.cells())


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
        the_cell(digest="other"),
        the_cell(identity=cell.identity.replace("2.0", "2.5")),
        the_cell(code="other"),
        the_cell(repetition=1),
        the_cell(seed=8),
        the_cell(budget='{"evaluations": 61}'),
        the_cell(start="mct"),
        the_cell(start="lpt"),
    ]
    assert len({cell.key, *(other.key for other in others)}) == 9
    assert len({cell.content, *(other.content for other in others)}) == 8  # without the code


def test_no_name_is_in_the_key():
    cell = the_cell()
    assert the_cell(problem="other", label="other").key == cell.key
    same = {"other": {"solver": "atsa", "beta": 2.0, "alpha": 1.0}}  # alpha by default
    assert next(replace(CONFIG, solvers=same).cells()).key == cell.key
    preset = next(replace(CONFIG, solvers={"a": {"solver": "pso-discrete"}}).cells())
    written = {"b": {"solver": "pso", "decoding": "discrete"}}
    assert next(replace(CONFIG, solvers=written).cells()).key == preset.key


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


SOURCE = "from helper import WHERE\n\ndef f(problem, rng): return [WHERE] * problem.tasks\n"


def test_a_moved_or_renamed_file_has_the_same_key_and_another_code_another(tmp_path: Path):
    def key(folder: str, name: str, source: str = SOURCE, helper: str = "WHERE = 1\n") -> str:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(source)
        (tmp_path / folder / "helper.py").write_text(helper)
        return cell_of(f"{tmp_path / folder / name}:f").key

    here = key("a", "own.py")
    assert key("b", "renamed.py") == here
    comments = SOURCE.replace("\n\n", "\n# why\n\n\n").replace("return", '"""Doc."""; return')
    assert key("a", "own.py", comments, "WHERE = (  # there\n    1\n)\n") == here
    assert key("a", "own.py", SOURCE.replace("[WHERE]", "[0]")) != here
    assert key("a", "own.py", helper="WHERE = 0\n") != here


def test_the_key_depends_on_the_users_file_that_a_toml_file_names(tmp_path: Path):
    own, tuned = tmp_path / "own.py", tmp_path / "tuned.toml"
    tuned.write_text(f'solver = "{own}:f"\n')
    keys = set()
    for answer in (0, 1):
        own.write_text(f"def f(problem, rng): return [{answer}] * problem.tasks\n")
        keys |= {cell_of(str(tuned)).key, cell_of(f"{own}:f").key}
    assert len(keys) == 2


def test_a_default_is_part_of_the_key(tmp_path: Path):
    own = tmp_path / "own.py"
    own.write_text("def f(problem, rng, *, k=1): return [k] * problem.tasks\n")
    table = {"solver": f"{own}:f"}
    cells = [
        next(replace(CONFIG, problems=("braun:9x3",), solvers={"own": table | given}).cells())
        for given in ({}, {"k": 1}, {"k": 2})
    ]
    assert cells[0].key == cells[1].key != cells[2].key
    assert [cell.outcome()["assignment"][0] for cell in cells] == [1, 1, 2]


def test_a_change_after_the_start_is_a_failed_row(tmp_path: Path):
    own, times = tmp_path / "own.py", tmp_path / "times.csv"
    own.write_text("def f(problem, rng): return [0] * problem.tasks\n")
    times.write_text("1,2\n3,4\n")
    cell = cell_of(f"{own}:f", problem=str(times))
    assert run_cell(cell)["status"] == "finished"
    own.write_text("def f(problem, rng): return [1] * problem.tasks\n")
    row = run_cell(cell)
    assert (row["status"], row["key"]) == ("failed", cell.key)
    assert "the code of the solver own has changed since the sweep began" in row["error"]
    times.write_text("1,2\n3,5,\n".replace(",\n", "\n"))
    assert f"the problem {times} has changed since" in run_cell(cell)["error"]


def test_a_folder_of_another_code_of_edgeopt_has_other_keys(monkeypatch: pytest.MonkeyPatch):
    cell = the_cell()
    monkeypatch.setattr("edgeopt.experiments.sweep.cell.code_of", lambda *parts: "other")
    other = the_cell()
    assert (other.code, other.content) == ("other", cell.content)
    assert other.key != cell.key
    assert run_cell(other)["code"] == "other"


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
    again = solve(problem, solver, stop=Evaluations(60), rng=row["stream"])
    assert again.assignment.tolist() == row["assignment"]


def test_rows_have_the_declared_columns_and_survive_json():
    row = run_cell(the_cell())
    assert row.keys() == set(SWEEP.table)
    assert json.loads(json.dumps(row)) == row
    assert row["stream"] == write_stream(the_cell().stream)
    assert json.loads(row["recipe"]) == {
        "problem": "paper:20x3:seed=0",
        "solver": {"solver": "atsa", "beta": 2.0},
        "budget": {"evaluations": 60},
        "start": "",
    }


def test_solvers_share_instance_and_repetition_seeds(tmp_path: Path):
    path = tmp_path / "noisy.py"
    path.write_text("def f(problem, rng): return rng.integers(0, problem.nodes, problem.tasks)\n")
    cell = cell_of(f"{path}:f", problem="braun:u_c_hihi:20x3")
    first = cell.run().assignment.tolist()
    assert replace(cell, label="b").run().assignment.tolist() == first
    for change in ({"repetition": 1}, {"seed": 8}, {"digest": "a" * 64}):
        assert replace(cell, **change).run().assignment.tolist() != first


def test_an_error_is_a_row_with_its_traceback(tmp_path: Path):
    path = tmp_path / "broken.py"
    path.write_text("def f(problem, rng):\n    raise ValueError('boom')\n")
    row = run_cell(cell_of(f"{path}:f"))
    assert row["status"] == "failed"
    assert row["error"].endswith("ValueError: boom\n")
    assert f'File "{path}", line 2, in f' in row["error"]
    assert row["cell_seconds"] > 0
    assert set(row) < set(SWEEP.table)


def test_rows_of_older_folders_do_not_name_later_parameters():
    tables = ({}, {"threads": 1}, {"threads": 2})
    none, one, two = (
        solver_identity(json.dumps({"solver": "frontier", **table}))[0] for table in tables
    )
    assert none == one != two
    assert set(json.loads(none)["parameters"]) == {"levels"}
