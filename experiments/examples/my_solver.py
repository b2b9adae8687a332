"""A solver of your own: any function of a problem and a random generator.

Compare it with others on a folder of instances, with two processes::

    edgeopt sweep my_sweep.toml --out results --jobs 2
"""

import numpy as np
from numpy.typing import NDArray

from edgeopt import Problem


def random_restarts(problem: Problem, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the best of 50 random assignments."""
    drawn = rng.integers(0, problem.nodes, (50, problem.tasks))
    best: NDArray[np.int64] = drawn[
        np.argmin([problem.makespan(assignment) for assignment in drawn])
    ]
    return best
