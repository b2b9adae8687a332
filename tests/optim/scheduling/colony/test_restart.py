"""The pheromone is reset after exactly the given number of iterations without a better leader."""

import numpy as np

from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.problems.scheduling.problem import Problem


def test_restart_after_exactly_so_many_stalled_iterations():
    # All assignments are equal: the first leader is never improved.
    problem = Problem(np.ones((1, 2)))
    solver = ATSA(ants=2, restart=3)
    state = solver.init(problem, np.random.default_rng(0))
    stalled = []
    for _ in range(8):
        state = solver.step(problem, state)
        stalled.append(state.stalled)
    # The restart forgets the leader, and the next iteration finds a new one.
    assert stalled == [0, 1, 2, 0, 0, 1, 2, 0]
