"""Iterated greedy, against a naive version and by hand."""

import numpy as np
import pytest
from naive.rivals import NaiveIteratedGreedy
from rival_problems import PROBLEMS

from edgeopt.optim.scheduling.local_search.iterated import start_assignment
from edgeopt.optim.scheduling.rivals import iterated_greedy
from edgeopt.optim.scheduling.rivals.iterated_greedy import IteratedGreedy
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.problem import Problem


@pytest.mark.parametrize("solver", [IteratedGreedy(), IteratedGreedy(removed=99, temperature=9.0)])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_equals_the_naive_version(problem, solver):
    problem = PROBLEMS[problem]()
    start = start_assignment(problem, "min-min")
    naive = NaiveIteratedGreedy(problem, solver, np.random.default_rng(9), start)
    state = solver.init(problem, np.random.default_rng(9))
    for _ in range(2):  # the first schedule, and its descent
        state = solver.step(problem, state)
    for _ in range(3):
        assert state.current.tolist() == naive.current
        assert state.makespan == pytest.approx(naive.best)
        state = solver.step(problem, state)
        for _ in range(iterated_greedy._ROUNDS):
            naive.rebuild()


def test_a_round_by_hand():
    # All tasks are taken out and put back by completion time, in any order: 2 on each node.
    solver, problem = IteratedGreedy(removed=4), Problem(np.ones((4, 2)))
    result = solve(problem, solver, start=[0, 0, 0, 0], stop=Iterations(3), rng=1)
    assert result.makespan == 2.0


def test_it_escapes_a_local_optimum():
    # {9, 6, 6} and {4, 4, 11} end at 21 and 19. No two tasks differ by 1, nor is one as short: no
    # shift or swap helps. 9 against 4 and 4 does: 20 and 20.
    problem = Problem(np.repeat([[9.0], [6.0], [6.0], [4.0], [4.0], [11.0]], 2, axis=1))
    start, solver = [0, 0, 0, 1, 1, 1], IteratedGreedy()
    assert solve(problem, solver, start=start, stop=Iterations(2), rng=1).makespan == 21.0
    assert solve(problem, solver, start=start, stop=Iterations(9), rng=1).makespan == 20.0
