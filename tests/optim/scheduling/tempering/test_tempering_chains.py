"""Local search on the incumbent."""

import numpy as np
import pytest

from edgeopt.optim.scheduling.local_search.search import open_search
from edgeopt.optim.scheduling.tempering.solver import KICKS, Frontier, improve_by_chains
from edgeopt.problems.scheduling.generators import braun


@pytest.fixture
def state_and_search():
    problem = braun("u_i_hihi", 40, 5, utilisation=0.95, rng=0)
    return (
        problem,
        Frontier(levels=4).init(problem, np.random.default_rng(0)),
        open_search(problem),
    )


def test_the_incumbent_gets_better_and_stays_feasible(state_and_search):
    problem, state, search = state_and_search
    before, first = float(state.walk.incumbent.makespan[0]), state.walk.incumbent.evaluations[0]
    for share in (0.0, 0.5):
        improve_by_chains(search, state.walk, state.unit, share)
    incumbent = state.walk.incumbent
    assert incumbent.makespan[0] < before
    assert incumbent.makespan[0] * state.unit == pytest.approx(
        problem.makespan(incumbent.assignment)
    )
    assert problem.fits(incumbent.assignment)
    assert search.kicks[0] == 2 * KICKS
    assert incumbent.evaluations[0] == first + search.compared[0] > first + KICKS


def test_a_worse_schedule_is_not_kept(state_and_search):
    _, state, search = state_and_search
    incumbent = state.walk.incumbent
    incumbent.makespan[0], kept = 0.5, incumbent.assignment.copy()
    improve_by_chains(search, state.walk, state.unit, 0.0)
    assert incumbent.makespan[0] == 0.5
    assert np.array_equal(incumbent.assignment, kept)
