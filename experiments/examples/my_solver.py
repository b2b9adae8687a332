"""A solver of one's own: any function of a problem and a generator will do.

Run it against others on a folder of instances, with two processes::

    edgeopt sweep my_sweep.toml --out results --jobs 2
"""

import numpy as np

from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.scheduling import SchedulingProblem


def random_restarts(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Return the best of 50 random assignments."""
    drawn = rng.integers(0, problem.nodes, (50, problem.tasks))
    best: IntArray = drawn[np.argmin([problem.makespan(assignment) for assignment in drawn])]
    return best
