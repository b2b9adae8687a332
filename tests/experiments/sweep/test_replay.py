"""Rows run again, and sweeps whose files were moved, renamed or edited."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from edgeopt.experiments.runs.merge import merge_runs
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.status import status_of
from edgeopt.experiments.runs.store import read_cells
from edgeopt.experiments.sweep.config import SweepConfig, read_config
from edgeopt.experiments.sweep.replay import find_stored, replay
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.errors import InputError

OWN = """
from helper import best

def mine(problem, rng, *, k=3, greedy=True):
    return best(problem, [rng.integers(0, problem.nodes, problem.tasks) for _ in range(k)])
"""
HELPER = "def best(problem, drawn):\n    return min(drawn, key=problem.makespan)\n"
SWEEP = """
problems = ["times.csv", "braun:u_c_hihi:12x3:seed=1"]
repetitions = 2
seed = 3
budget = { evaluations = 200 }
start = "met"
[solvers.ants]
solver = "atsa"
beta = [1, 2]
[solvers.pso]
[solvers.own]
solver = "own.py:mine"
k = 5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a sweep that has been run, in ``out``."""
    for name, text in (("own.py", OWN), ("helper.py", HELPER), ("sweep.toml", SWEEP)):
        (tmp_path / name).write_text(text)
    (tmp_path / "times.csv").write_text("1,2,3\n6,5,4\n7,9,8\n3,3,1\n2,8,5\n")
    run_sweep(read_config(tmp_path / "sweep.toml"), tmp_path / "out")
    return tmp_path


def left(folder: Path, name: str = "sweep.toml") -> int:
    """Return how many cells of a file are to be run."""
    return status_of(read_config(folder / name), folder / "out").open


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text in a file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_every_row_can_be_run_again_to_the_bit(folder: Path):
    cells = read_cells(folder / "out")
    assert len(cells) == 16
    for row in cells.to_dict("records"):
        result = replay(folder / "out", row["key"])
        assert result.makespan == row["makespan"]
        assert result.assignment.tolist() == list(row["assignment"])
        assert result.trace.makespan == list(row["trace_makespan"])


def test_the_stream_of_a_row_gives_its_bits_without_the_folder(folder: Path):
    edit(folder / "sweep.toml", 'start = "met"\n', "")
    cells = run_sweep(read_config(folder / "sweep.toml"), folder / "out")
    for row in cells[cells["solver"].isin(["ants[beta=2]", "own"])].to_dict("records"):
        stored = find_stored(folder / "out", row["key"])
        problem, solver = stored.cell.load()
        result = solve(problem, solver, stop=Evaluations(200), rng=row["stream"])
        assert result.assignment.tolist() == list(row["assignment"])


def test_moved_and_renamed_files_cost_no_cell(folder: Path):
    below = folder / "below"
    below.mkdir()
    shutil.move(folder / "own.py", below / "renamed.py")
    shutil.move(folder / "helper.py", below / "helper.py")
    shutil.move(folder / "times.csv", below / "instance 1.csv")
    text = SWEEP.replace("own.py:mine", "below/renamed.py:mine").replace(
        "[solvers.own]", "[solvers.new]"
    )
    (folder / "sweep.toml").write_text(text.replace("times.csv", "below/instance 1.csv"))
    assert left(folder) == 0
    cells = run_sweep(read_config(folder / "sweep.toml"), folder / "out")
    assert set(cells["solver"]) == {"ants[beta=1]", "ants[beta=2]", "pso", "new"}
    assert str(below / "instance 1.csv") in set(cells["problem"])
    row = cells[cells["solver"] == "new"].iloc[0]
    assert replay(folder / "out", row["key"]).makespan == row["makespan"]  # from where it is now
    shutil.rmtree(folder / "out")
    fresh = run_sweep(read_config(folder / "sweep.toml"), folder / "out")
    timed = [name for name in cells if "seconds" in name]
    pd.testing.assert_frame_equal(cells.drop(columns=timed), fresh.drop(columns=timed))


def test_rows_that_no_table_shows_any_more_can_be_run_again(folder: Path):
    cells = read_cells(folder / "out")
    edit(folder / "sweep.toml", "[solvers.pso]\n", "")
    run_sweep(read_config(folder / "sweep.toml"), folder / "out")
    row = cells[cells["solver"] == "pso"].iloc[3]
    assert row["key"] not in set(read_cells(folder / "out")["key"])
    assert replay(folder / "out", row["key"]).makespan == row["makespan"]


def test_rows_of_a_merged_folder_can_be_run_again(folder: Path):
    edit(folder / "sweep.toml", "seed = 3", "seed = 4")
    run_sweep(read_config(folder / "sweep.toml"), folder / "more")
    merge_runs([folder / "out", folder / "more"], folder / "both")
    cells = read_cells(folder / "both")
    rows = cells[(cells["solver"] == "own") & cells["problem"].str.startswith("braun")]
    assert rows["repetition"].tolist() == [0, 1, 2, 3]
    for row in rows.to_dict("records"):
        assert replay(folder / "both", row["key"]).assignment.tolist() == list(row["assignment"])


def test_comments_cost_no_cell_and_code_of_a_helper_does(folder: Path):
    edit(folder / "own.py", "def mine", "# my solver\n\ndef mine")
    edit(folder / "helper.py", "    return", '    """Return the best."""\n    return')
    assert left(folder) == 0
    edit(folder / "helper.py", "min", "max")
    assert left(folder) == 4
    edit(folder / "sweep.toml", "k = 5", "k = 5\ngreedy = true")  # the default
    assert left(folder) == 4
    edit(folder / "helper.py", "max", "min")
    assert left(folder) == 0
    edit(folder / "sweep.toml", "greedy = true", "greedy = false")
    assert left(folder) == 4


def test_a_moved_folder_needs_the_files_or_says_so(folder: Path, edgeopt: Callable):
    cells = read_cells(folder / "out")
    own = cells[(cells["solver"] == "own") & cells["problem"].str.endswith("times.csv")]
    key = own["key"].iloc[0]
    moved = folder / "elsewhere"
    moved.mkdir()
    for name in ("own.py", "helper.py", "times.csv", "out"):
        shutil.move(folder / name, moved / name)
    with pytest.raises(InputError, match=r"solver: got '.*own.py', .*: --solver says where it"):
        replay(moved / "out", key)
    solver, problem = str(moved / "own.py"), str(moved / "times.csv")
    with pytest.raises(InputError, match=r"problem: got '.*times.csv', .*: PROBLEM says where"):
        replay(moved / "out", key, solver=solver)
    result = replay(moved / "out", key, solver=solver, problem=problem)
    assert result.makespan == own["makespan"].iloc[0]
    outcome = edgeopt("schedule", problem, "--solver", solver, "--replay", str(moved / "out"), key)
    assert outcome.code == 0
    assert "makespan and assignment agree to the bit" in outcome.out


def test_what_is_not_that_of_the_row_is_refused_or_said(folder: Path, edgeopt: Callable):
    cells = read_cells(folder / "out")
    key = cells[cells["solver"] == "own"]["key"].iloc[-1]
    with pytest.raises(InputError, match="problem: got 'paper:5x2', must be that of the row"):
        replay(folder / "out", key, problem="paper:5x2")
    (folder / "other.py").write_text(OWN.replace("mine", "other"))
    with pytest.raises(InputError, match=r"solver: got .* must be that of the row: this one has"):
        replay(folder / "out", key, solver=f"{folder / 'other.py'}:other")
    most_common = cells["key"].str[0].mode().iloc[0]
    for wrong in ("", most_common, "no"):
        with pytest.raises(InputError, match=r"KEY: got .* or enough of its first characters"):
            replay(folder / "out", wrong)
    edit(folder / "helper.py", "min", "max")
    with pytest.warns(UserWarning, match="made by other code than is there now"):
        replay(folder / "out", key[:12])
    outcome = edgeopt("schedule", "--replay", "out", key[:12])
    assert outcome.code == 2
    asked = "--solver: got None, must be given, to run the code of a file: --solver "
    assert asked in outcome.err
    solver = outcome.err.rpartition(" ")[2].strip()
    outcome = edgeopt("schedule", "--replay", "out", key[:12], "--solver", solver)
    assert outcome.code == 1
    assert "makespan and assignment do not agree" in outcome.out
    assert "the row was made by other code than is there now" in outcome.out


def test_a_run_that_ends_by_the_clock_need_not_agree(tmp_path: Path, edgeopt: Callable):
    (tmp_path / "own.py").write_text("def f(problem, rng): return [0] * problem.tasks\n")
    table = {"solver": f"{tmp_path / 'own.py'}:f"}
    config = SweepConfig(("braun:9x3",), 1, 1, {"seconds": 5.0}, {"own": table})
    key = run_sweep(config, tmp_path / "out")["key"].iloc[0]
    (tmp_path / "own.py").write_text("def f(problem, rng): return [1] * problem.tasks\n")
    outcome = edgeopt("schedule", "--replay", "out", key, "--solver", "own.py")
    assert outcome.code == 0
    assert "a run that ends by the clock need not agree" in outcome.out


def test_a_failed_row_fails_again(tmp_path: Path):
    (tmp_path / "own.py").write_text("def f(problem, rng): raise ValueError('boom')\n")
    table = {"solver": f"{tmp_path / 'own.py'}:f"}
    config = SweepConfig(("braun:9x3",), 1, 1, {"iterations": 1}, {"own": table})
    row = run_sweep(config, tmp_path / "out").iloc[0]
    assert row["status"] == "failed"
    with pytest.raises(ValueError, match="boom"):
        replay(tmp_path / "out", row["key"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "PROBLEM: got None, must be given, unless --replay DIR KEY is"),
        (
            ("--replay", "out", "0", "--seed", "1"),
            "given without budget, --set, --seed and",
        ),
        (("--replay", "nowhere", "0"), "folder: got 'nowhere'"),
        (("paper:5x2", "--seed", "x"), "--seed: got 'x', must be an integer >= 0, or several"),
        (("paper:5x2", "--seed", "1/-2"), "--seed: got '1/-2'"),
    ],
)
def test_bad_options_are_one_line(edgeopt: Callable, arguments: tuple[str, ...], message: str):
    outcome = edgeopt("schedule", *arguments)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err


def test_a_stream_is_a_seed_of_the_command(edgeopt: Callable):
    plain, stream = (
        edgeopt("schedule", "braun:12x3", "--solver", "pso", "--evaluations", "60", "--seed", seed)
        for seed in ("7", "7/1/2")
    )
    assert "pso, seed 7 " in plain.out
    assert "pso, seed 7/1/2" in stream.out
