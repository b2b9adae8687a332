"""Small problems of every form, for comparison with naive versions."""

from dataclasses import replace

import numpy as np
from strategies import allowed_pairs

from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem


def dense(k=14, x=4):
    return Problem(np.random.default_rng(2).uniform(1, 5, (k, x)))


def some_pairs():
    problem = dense()
    allowed = allowed_pairs("half", problem.tasks, problem.nodes, np.random.default_rng(0))
    return replace(problem, et=np.where(allowed, problem.matrix, np.inf))


PROBLEMS = {
    "none": dense,
    "memory": lambda: replace(paper_pool(16, 4, slack=1.3, rng=1), et=dense(16).matrix),
    "ready": lambda: replace(dense(), ready=np.array([3.0, 0.0, 1.0, 20.0])),
    "forbidden": some_pairs,
}
