"""pygmo's and pymoo's algorithms in the loop."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from edgeopt.experiments.peers.mealpy_peers import HISTORY, Mealpy, MealpyState, decode
from edgeopt.experiments.peers.population import PenalisedMakespan
from edgeopt.experiments.peers.pygmo_peers import PsoGen, Sga
from edgeopt.experiments.peers.pymoo_ga import Ga
from edgeopt.optim.scheduling.run_time import spending
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.spec import load_problem

PEERS = [
    pytest.param("pygmo", Sga(individuals=20), id="sga"),
    pytest.param("pygmo", PsoGen(individuals=20), id="pso_gen"),
    pytest.param("pymoo", Ga(population=20), id="ga"),
    pytest.param("mealpy", Mealpy(individuals=20), id="gwo"),
    pytest.param("mealpy", Mealpy(algorithm="AAO", individuals=20), id="ao"),
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


def test_a_vector_of_mealpy_is_decoded_by_its_floor():
    assert decode(np.array([0.0, 0.99, 1.0, 3.0, -1.0, np.nan]), 3).tolist() == [0, 0, 1, 2, 0, 0]


def test_mealpy_counts_every_vector_and_leaves_the_common_generator_alone():
    pytest.importorskip("mealpy")
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first = run(POOL, Mealpy(individuals=9), 4, 1)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    assert first.evaluations == 9 + 4 * 9


def test_an_algorithm_that_mealpy_lacks_is_refused():
    pytest.importorskip("mealpy")
    with pytest.raises(InputError, match="did you mean OriginalGWO"):
        run(POOL, Mealpy(algorithm="OrginalGWO"), 1, 1)
    with pytest.raises(InputError, match="one that takes 9 individuals and 2 epochs"):
        run(POOL, Mealpy(algorithm="OriginalICA", individuals=9, epochs=2), 1, 1)


class Asked:
    """An algorithm of mealpy that only notes the epochs which it is told."""

    sort_flag, pop, g_best = False, (), None

    def __init__(self):
        self.epochs, self.history = [], SimpleNamespace(**{name: [1, 2] for name in HISTORY})

    def evolve(self, epoch):
        self.epochs.append(epoch)

    def update_global_best_agent(self, pop):
        return pop, None


def test_plans_of_mealpy_end_with_the_budget():
    peer, asked, problem = Mealpy(epochs=100), Asked(), load_problem(POOL)
    random = np.random.RandomState(1).get_state(legacy=False)
    state = MealpyState(
        objective=PenalisedMakespan(problem), nodes=4, algorithm=asked, common_random=random
    )
    for share in (0.0, 0.5, 0.999):
        with spending(lambda share=share: share):
            peer.step(problem, state)
    peer.step(problem, state)  # no budget: epochs are counted
    assert asked.epochs == [1, 51, 100, 4]
    assert asked.history.list_global_best == [2]
