"""Time of an ant's step against straightforward C: a roulette over all nodes at each step.

One round is the first 50 iterations of ATSA as printed (20 ants, 200 tasks), with everything they
contain: weights, alias tables, walks, update (3). `extra_info` has the time of an ant's step, the
round's median divided by 50 x 20 x 200.

`python -m benchmarks.bench_colony` in the folder of the tests measures both in turn in one process,
and prints the least processor times and their ratio: on a machine with other work, too.
"""

import ctypes
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.problems.scheduling.paper_pool import paper_pool

ANTS, TASKS, ITERATIONS, ROUNDS = 20, 200, 50, 15


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Return the C code, compiled."""
    return compiled(tmp_path_factory.mktemp("c"))


def compiled(folder):
    """Compile roulette.c as the C programmer would."""
    target, source = folder / "roulette.so", Path(__file__).with_name("roulette.c")
    command = ["gcc", "-O3", "-march=native", "-shared", "-fPIC", str(source), "-o", str(target)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target))


NODES = (10, 30, 100, 1000)


@pytest.fixture(params=NODES)
def problem(request):
    return pool(request.param)


def pool(nodes):
    """Return the problem."""
    # With 1000 nodes, enough memory that no batch fills a node: the C code has no way out there.
    return paper_pool(TASKS, nodes, slack=max(2.0, nodes / 20), rng=1)


def c_colony(library, problem):
    """Return a call that runs the iterations in C from the start, and the paths that it fills."""
    x = problem.nodes
    times = problem.matrix.copy()
    loads, used, share, totals = np.zeros(x), np.zeros(x), np.zeros(x), np.zeros(ANTS)
    paths = np.zeros((ANTS, TASKS), dtype=np.int64)
    state, pheromone = np.arange(1, 5).astype(np.uint64), np.empty((TASKS, x))
    read = (times, problem.task_memory, problem.node_capacity, pheromone)
    written = (state, loads, used, share, paths, totals)
    pointers = [[a.ctypes.data_as(ctypes.c_void_p) for a in arrays] for arrays in (read, written)]
    numbers = (ctypes.c_double(0.5), ctypes.c_double(5.0))

    def run():
        pheromone[:] = 1.0 / times.mean(axis=0)
        for _ in range(ITERATIONS):
            library.iterate(ANTS, TASKS, x, *pointers[0], *numbers, *pointers[1])

    run.arrays = (read, written)  # kept alive
    return run, paths


def report(benchmark, problem):
    """Name the group and write down the time of a step."""
    benchmark.group = f"ATSA, {problem.nodes} nodes"
    step = benchmark.stats.stats.median / (ITERATIONS * ANTS * TASKS)
    benchmark.extra_info["ns_per_ant_step"] = round(1e9 * step, 1)


def test_c_roulette(benchmark, library, problem):
    run, paths = c_colony(library, problem)
    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    report(benchmark, problem)
    assert all(problem.fits(path) for path in paths)


def own_colony(problem):
    """Return a call that runs the iterations here."""
    atsa = ATSA.printed()

    def run():
        state = atsa.init(problem, np.random.default_rng(0))
        for _ in range(ITERATIONS):
            state = atsa.step(problem, state)
        return state

    return run


def test_edgeopt(benchmark, problem):
    run = own_colony(problem)
    state = benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    report(benchmark, problem)
    assert all(problem.fits(path) for path in state.tours.assignments)


def main():
    """Print the processor time of a step in ns, here and in C, and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        library = compiled(Path(folder))
        print("nodes  edgeopt        C  ratio")
        for nodes in NODES:
            problem = pool(nodes)
            runs = own_colony(problem), c_colony(library, problem)[0]
            least = [
                min(times) for times in zip(*(map(spent, runs) for _ in range(30)), strict=True)
            ]
            own, rival = (1e9 * seconds / (ITERATIONS * ANTS * TASKS) for seconds in least)
            print(f"{nodes:5} {own:8.1f} {rival:8.1f} {own / rival:6.2f}", flush=True)


def spent(run):
    """Return the processor time of a call in s."""
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    main()
