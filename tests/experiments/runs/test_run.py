"""Sweeps give the same table whatever interrupts them, and do nothing twice."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from edgeopt.experiments.runs.pool import WorkerPool
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.store import scan_store
from edgeopt.experiments.sweep.config import SweepConfig, read_config
from edgeopt.experiments.sweep.summary import gap_table, summarize_sweep

pytestmark = pytest.mark.long

TIMES = ["seconds", "trace_seconds", "cell_seconds"]
OWN = """
import time
from pathlib import Path

HERE = Path(__file__).parent

def noisy(problem, rng):
    if problem.tasks > 2:  # the warm-up has two
        with (HERE / "calls").open("a") as calls:
            calls.write("x")
        time.sleep({pause})
        if (HERE / "break").exists():
            raise ValueError("boom")
    return rng.integers(0, problem.nodes, problem.tasks)
"""

Own = Callable[..., SweepConfig]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Return a sweep whose solver counts its calls and breaks if a file asks for it."""

    def make(repetitions: int = 4, pause: float = 0.0) -> SweepConfig:
        (tmp_path / "own.py").write_text(OWN.format(pause=pause))
        (tmp_path / "own.toml").write_text(
            f'problems = ["braun:u_c_hihi:8x3"]\nrepetitions = {repetitions}\n'
            'budget = {evaluations = 20}\n[solvers.mct]\n[solvers.own]\nsolver = "own.py:noisy"\n'
        )
        return read_config(tmp_path / "own.toml")

    return make


def calls(folder: Path) -> int:
    """Return how often the solver has run."""
    path = folder / "calls"
    return len(path.read_text()) if path.exists() else 0


def assert_same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Compare tables bit by bit, but for the times that were measured."""
    assert_frame_equal(first.drop(columns=TIMES), second.drop(columns=TIMES), check_exact=True)


def test_the_table_does_not_depend_on_the_number_of_workers(sweep_file: Path, tmp_path: Path):
    config = read_config(sweep_file)
    alone = run_sweep(config, tmp_path / "alone")
    together = run_sweep(config, tmp_path / "together", jobs=2)
    assert_same(alone, together)
    assert len(alone) == 18
    assert set(alone["status"]) <= {"finished", "evaluations", "optimal"}
    assert (
        alone.groupby(["problem", "solver"])["repetition"].apply(list).map(sorted).tolist()
        == [[0, 1, 2]] * 6
    )


def test_workers_share_the_solvers_to_be_compiled():
    solvers = {name: {"solver": name} for name in ("mct", "met", "lpt")}
    cells = list(SweepConfig(("braun:8x3",), 2, 1, {"evaluations": 20}, solvers).cells())
    with WorkerPool(None, jobs=2) as pool:
        pool.compile(cells)
        first, second = pool.workers
        assert first.is_up
        assert second.is_up
        assert pool.compiled == {"mct", "met", "lpt"}
        first.process.kill()
        pool.compiled.clear()
        pool.compile(cells)
        assert sorted(row["solver"] for row in pool.run(cells)) == sorted([*solvers] * 2)


STATEFUL = """
import random
import numpy as np

runs = []

def own(problem, rng):
    if problem.tasks > 2:
        runs.append(1)
    return [(random.randrange(9) + np.random.randint(9) + len(runs)) % problem.nodes
            for _ in range(problem.tasks)]
"""


def test_what_a_solver_remembers_does_not_count(tmp_path: Path):
    (tmp_path / "own.py").write_text(STATEFUL)
    table = {"own": {"solver": f"{tmp_path / 'own.py'}:own"}}
    config = SweepConfig(("braun:u_c_hihi:8x3",), 6, 1, {"evaluations": 20}, table)
    alone = run_sweep(config, tmp_path / "alone")
    assert_same(alone, run_sweep(config, tmp_path / "together", jobs=2))
    assert set(alone["status"]) == {"finished"}
    assert len({tuple(each) for each in alone["assignment"]}) == 6


def test_progress_is_reported_after_each_cell(own: Own, tmp_path: Path):
    seen: list[tuple[int, int]] = []
    run_sweep(own(), tmp_path / "out", report=lambda *counts: seen.append(counts))
    assert seen == [(done, 8) for done in range(9)]
    seen.clear()
    run_sweep(own(), tmp_path / "out", report=lambda *counts: seen.append(counts))
    assert seen == [(8, 8)]


def test_finished_cells_are_not_run_again(own: Own, tmp_path: Path):
    first = run_sweep(own(), tmp_path / "out")
    assert calls(tmp_path) == 4
    again = run_sweep(own(), tmp_path / "out")
    assert calls(tmp_path) == 4
    assert_frame_equal(first, again)


def test_an_interrupted_sweep_resumes(own: Own, tmp_path: Path):
    def interrupt(done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(own(), tmp_path / "out", report=interrupt)
    assert calls(tmp_path) == 3
    kept = scan_store(tmp_path / "out")
    assert len(kept) == 7  # four of mct, three of own
    resumed = run_sweep(own(), tmp_path / "out")
    assert calls(tmp_path) == 4
    seconds = resumed.set_index("key")["cell_seconds"]
    assert all(seconds[key] == row["cell_seconds"] for key, row in kept.items())
    assert_same(resumed, run_sweep(own(), tmp_path / "whole"))


def test_failed_cells_are_kept_with_traceback_and_retried_on_request(own: Own, tmp_path: Path):
    (tmp_path / "break").touch()
    cells = run_sweep(own(), tmp_path / "out")
    failed = cells[cells["status"] == "failed"]
    assert failed["solver"].tolist() == ["own"] * 4
    assert failed["error"].str.endswith("ValueError: boom\n").all()
    assert failed["makespan"].isna().all()
    assert cells.loc[cells["solver"] == "mct", "status"].eq("finished").all()
    (tmp_path / "break").unlink()
    assert_frame_equal(run_sweep(own(), tmp_path / "out"), cells)
    assert calls(tmp_path) == 4
    retried = run_sweep(own(), tmp_path / "out", retry_failed=True)
    assert calls(tmp_path) == 8
    assert set(retried["status"]) == {"finished"}
    whole = run_sweep(own(), tmp_path / "whole")
    for column in ("key", "makespan", "gap", "evaluations"):
        assert retried[column].tolist() == whole[column].tolist()
    assert retried["assignment"].map(list).tolist() == whole["assignment"].map(list).tolist()


def test_a_sweep_may_fail_as_a_whole(own: Own, tmp_path: Path):
    (tmp_path / "break").touch()
    config = own()
    del config.solvers["mct"]
    cells = run_sweep(config, tmp_path / "out")
    summary = summarize_sweep(cells)
    assert summary["failed"].tolist() == summary["runs"].tolist() == [4]
    assert summary["gap_median"].isna().all()
    gap_table(summary, list(config.problems), list(config.solvers))


def test_equal_solvers_and_problems_of_two_names_keep_their_cells(tmp_path: Path):
    solver = {"solver": "atsa"}
    config = SweepConfig(
        ("paper:9x3", "paper:9x3:seed=0"), 2, 0, {"evaluations": 40}, {"a": solver, "b": solver}
    )
    cells = run_sweep(config, tmp_path / "out")
    assert len(cells) == 8
    for _, row in cells.groupby("repetition"):
        assert row["makespan"].nunique() == 1  # the same instance and the same stream


def test_each_finished_cell_is_on_disk_at_once(own: Own, tmp_path: Path):
    on_disk: list[int] = []

    def look(done: int, total: int) -> None:
        files = (tmp_path / "out" / "journal").glob("*.jsonl")
        lines = [line for file in files for line in file.read_text().splitlines()]
        assert all(json.loads(line)["status"] == "finished" for line in lines)
        on_disk.append(len(lines))

    run_sweep(own(), tmp_path / "out", report=look)
    assert on_disk == list(range(9))
