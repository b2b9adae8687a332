"""Tabu search, against a naive version and by hand."""

import numpy as np
import pytest
from naive.rivals import NaiveTabu
from rival_problems import PROBLEMS

from edgeopt.optim.scheduling.local_search.iterated import start_assignment
from edgeopt.optim.scheduling.rivals import tabu
from edgeopt.optim.scheduling.rivals.tabu import TabuSearch
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.problem import Problem


@pytest.mark.parametrize("problem", PROBLEMS)
def test_equals_the_naive_version(problem):
    problem, solver = PROBLEMS[problem](), TabuSearch(tenure=3)
    naive = NaiveTabu(
        problem, solver, np.random.default_rng(9), start_assignment(problem, "min-min")
    )
    state = solver.step(problem, solver.init(problem, np.random.default_rng(9)))
    for _ in range(2):
        assert state.schedule.assignment.tolist() == naive.current
        assert state.makespan == pytest.approx(naive.best)
        assert state.memory.until.tolist() == naive.until
        state = solver.step(problem, state)
        for _ in range(tabu._MOVES):
            naive.move()


def test_it_leaves_a_local_optimum():
    # {9, 6, 6} and {4, 4, 11}: see `test_iterated_greedy`; the optimum takes two swaps.
    problem = Problem(np.repeat([[9.0], [6.0], [6.0], [4.0], [4.0], [11.0]], 2, axis=1))
    start, solver = [0, 0, 0, 1, 1, 1], TabuSearch(tenure=3)
    result = solve(problem, solver, start=start, stop=Iterations(9), rng=1)
    assert result.trace.makespan[0] == 21.0
    assert result.makespan == 20.0


def test_where_all_moves_are_tabu_one_passes():
    # One task on two equal nodes: after its first move it has to stay for a while.
    problem, solver = Problem([[2.0, 2.0]]), TabuSearch(tenure=30)
    state = solver.init(problem, np.random.default_rng(1), np.array([0]))
    for _ in range(2):
        state = solver.step(problem, state)
    assert state.schedule.assignment.tolist() == [1]
    assert state.memory.moves[0] == tabu._MOVES
    assert state.evaluations == tabu._MOVES  # the same neighbour each time
