"""What a sweep costs besides its solvers: 2 ms a cell at most, and 10 s to skip 100,000 cells.

Run with ``pytest tests/benchmarks/bench_sweep.py``. `extra_info` has the overhead of a cell over a
bare call of `solve` in ms. The finished cells have traces of 30 entries; they are skipped from
parts, as after a sweep, and from journals, as after a kill.

Measured on two shared cores: 0.4 ms a cell in one process and 1.1 ms with two workers; 100,000
cells skipped in 0.9 s from parts and in 3.0 s from journals, which it takes 7 s to turn into parts.
"""

import json
import time

import numpy as np
import pytest

from edgeopt.experiments.runs.cell import name_row
from edgeopt.experiments.runs.compaction import compact
from edgeopt.experiments.runs.files import new_journal
from edgeopt.experiments.runs.index import index_of
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.status import status_of
from edgeopt.experiments.runs.store import open_folder
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.scheduling.spec import load_problem

SPEC, BUDGET = "braun:u_c_hihi:100x8", {"evaluations": 10}
RUNS, FINISHED, ENTRIES = 1000, 100_000, 30
LIMIT_MS, LIMIT_SECONDS = 2.0, 10.0


def sweep_of(repetitions):
    """Return a sweep of two cells a repetition."""
    solvers = {label: {"solver": "mct"} for label in ("a", "b")}
    return SweepConfig((SPEC,), repetitions, 0, BUDGET, solvers)


@pytest.mark.parametrize("jobs", [1, 2])
def test_overhead_of_a_cell(benchmark, tmp_path, jobs):
    problem, solver = load_problem(SPEC), SOLVERS["mct"]
    solve(problem, solver, stop=Evaluations(10), rng=0)
    start = time.perf_counter()
    for seed in range(RUNS):
        solve(problem, solver, stop=Evaluations(10), rng=seed)
    bare = (time.perf_counter() - start) / RUNS
    times = []
    benchmark.pedantic(
        run_sweep,
        args=(sweep_of(RUNS // 2), tmp_path / "out"),
        kwargs={"jobs": jobs, "report": lambda *_: times.append(time.perf_counter())},
        rounds=1,
    )
    cell = (times[-1] - times[1]) / (len(times) - 2)  # the first waits for the workers' start
    overhead = 1000 * (cell - bare)
    benchmark.extra_info["overhead_ms"] = overhead
    assert overhead < LIMIT_MS


@pytest.fixture(params=["parts", "journals"])
def finished(request, tmp_path_factory):
    """Return the folder of a sweep that is over."""
    config, folder = sweep_of(FINISHED // 2), tmp_path_factory.mktemp("out") / "out"
    open_folder(folder, config, index_of(config.cells(), config.kind))
    values = np.random.default_rng(0).random(ENTRIES).tolist()
    outcome = dict.fromkeys(("makespan", "lower_bound", "gap", "seconds", "cell_seconds"), 0.5)
    outcome |= dict.fromkeys(("trace_seconds", "trace_makespan"), values)
    outcome |= {"status": "finished", "error": None, "assignment": [1] * 100}
    cells = list(config.cells())
    with new_journal(folder).open("w") as file:
        file.writelines(json.dumps(name_row(cell) | outcome) + "\n" for cell in cells)
    if request.param == "parts":
        compact(folder)
    return folder


def test_finished_cells_are_skipped(benchmark, finished):
    config = sweep_of(FINISHED // 2)
    status = benchmark.pedantic(status_of, args=(config, finished), rounds=3)
    assert (status.finished, status.open) == (FINISHED, 0)
    assert benchmark.stats["max"] < LIMIT_SECONDS


def test_a_sweep_that_is_over_starts_and_ends(benchmark, finished):
    done = []
    benchmark.pedantic(
        run_sweep,
        args=(sweep_of(FINISHED // 2), finished),
        kwargs={"report": lambda *counts: done.append(counts)},
        rounds=1,
    )
    assert done == [(FINISHED, FINISHED)]
