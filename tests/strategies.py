"""Random problems for property tests."""

import numpy as np
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


@st.composite
def scheduling_problems(draw, max_tasks=7, max_nodes=4, memory=None, whole=True):
    """Problems small enough to enumerate; whole times make ties and sums exact."""
    k, x = draw(st.integers(1, max_tasks)), draw(st.integers(1, max_nodes))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 9, (k, x)).astype(float) if whole else rng.exponential(1.0, (k, x))
    times[rng.integers(k), rng.integers(x)] += 1.0
    form = draw(st.sampled_from(["matrix", "uniform"]))
    et = times if form == "matrix" else UniformTimes(times[:, 0] + 1, 2.0 ** rng.integers(0, 4, x))
    if not (draw(st.booleans()) if memory is None else memory):
        return Problem(et, name=f"random:{seed}")
    task_memory = rng.integers(0, 5, k).astype(float)
    for slack in (draw(st.sampled_from([1, 1.5, 3])), 4, 16, 1000):
        capacity = np.ceil(slack * task_memory.sum() * rng.dirichlet(np.ones(x)))
        try:
            return Problem(et, task_memory, capacity, name=f"random:{seed}")
        except InputError:
            continue
    return Problem(et, task_memory, np.full(x, task_memory.sum()))
