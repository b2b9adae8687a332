"""pygmo's and pymoo's algorithms in the loop."""

import sys

import numpy as np
import pytest

from edgeopt.experiments.peers.pygmo_peers import PsoGen, Sga
from edgeopt.experiments.peers.pymoo_ga import Ga
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.spec import load_problem

PEERS = [
    pytest.param("pygmo", Sga(individuals=20), id="sga"),
    pytest.param("pygmo", PsoGen(individuals=20), id="pso_gen"),
    pytest.param("pymoo", Ga(population=20), id="ga"),
]
POOL, TIGHT = "paper:20x4:memory=none:seed=3", "paper:20x4:slack=1.3:seed=3"


def run(problem, peer, iterations, seed):
    return solve(load_problem(problem), peer, stop=Iterations(iterations), rng=seed)


@pytest.mark.parametrize(("library", "peer"), PEERS)
def test_equal_seeds_give_equal_runs(library, peer):
    pytest.importorskip(library)
    first, again, other = (run(POOL, peer, 5, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.assignment, again.assignment)
    assert first.trace.makespan == again.trace.makespan
    assert first.trace.makespan != other.trace.makespan


@pytest.mark.parametrize(("library", "peer"), PEERS)
@pytest.mark.parametrize("problem", [POOL, TIGHT])
def test_they_find_better_than_random_schedules_that_fit(library, peer, problem):
    pytest.importorskip(library)
    result = run(problem, peer, 150, 1)  # the loop's checker has seen that it fits
    trace = result.trace.makespan
    assert trace[-1] < trace[0]
    assert result.gap < 0.7
    assert result.evaluations <= 152 * 20
    assert result.status == "optimal" or result.evaluations >= 149 * 20


@pytest.mark.parametrize(("library", "peer"), PEERS)
def test_without_the_library_they_say_how_to_get_it(library, peer, monkeypatch):
    for name in (library, "pymoo.core.problem"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r"pip install 'edgeopt\[bench\]'"):
        run(POOL, peer, 1, 1)
