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


@st.composite
def problems_with_forbidden_pairs(draw, ready=None, **limits):
    """The same, where some nodes cannot run some tasks; with ready times or without."""
    problem = draw(scheduling_problems(**limits))
    k, x = problem.tasks, problem.nodes
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    allowed = allowed_pairs(draw(st.sampled_from(["few", "half", "most", "nested"])), k, x, rng)
    times = np.where(allowed, problem.matrix, np.inf)
    if not times[allowed].any():
        times += 1.0
    capacity, late = problem.node_capacity, None
    if draw(st.booleans()) if ready is None else ready:
        late = rng.integers(0, 9, x).astype(float)
    try:
        return Problem(times, problem.task_memory, capacity, problem.name, late)
    except InputError:  # a task that fits none of its nodes
        capacity = np.full(x, problem.task_memory.sum())
        return Problem(times, problem.task_memory, capacity, problem.name, late)


def allowed_pairs(kind, k, x, rng):
    """Which pairs of task and node are allowed: a share of them, or the last nodes of each task."""
    if kind == "nested":
        return np.arange(x) >= rng.integers(0, x, k)[:, None]
    allowed = rng.random((k, x)) < {"few": 0.1, "half": 0.5, "most": 0.9}[kind]
    allowed[np.arange(k), rng.integers(0, x, k)] = True
    return allowed


@st.composite
def wild_problems(draw, max_tasks=7):
    """Problems over wild scales: times of 1e-290 to 1e290, late nodes, bytes, forbidden pairs."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k, x = draw(st.integers(3, max_tasks)), draw(st.integers(2, 3))
    kind = draw(st.sampled_from(["whole", "real", "spread", "scaled", "decimal"]))
    times = {
        "whole": lambda: rng.integers(1, 20, (k, x)).astype(float),
        "real": lambda: rng.uniform(0.1, 10.0, (k, x)),
        "spread": lambda: 10.0 ** rng.uniform(-6, 6, (k, x)),
        "scaled": lambda: rng.integers(1, 50, (k, x)) * 10.0 ** float(rng.integers(-290, 290)),
        "decimal": lambda: np.round(rng.uniform(0.5, 9.0, (k, x)), int(rng.integers(1, 4))),
    }[kind]()
    if draw(st.booleans()):
        times = np.where(allowed_pairs("most", k, x, rng), times, np.inf)
    given = {}
    if draw(st.booleans()):
        memory = np.floor(rng.choice([1.0, 2.0**20, 2.0**33]) * rng.uniform(1.0, 8.0, k))
        capacity = np.floor(memory.sum() * rng.dirichlet(np.ones(x)) * rng.uniform(1.0, 2.0)) + 1
        given = {"task_memory": memory, "node_capacity": np.maximum(capacity, memory.max())}
    if draw(st.booleans()):
        late = rng.integers(0, 10, x) * 10.0 ** float(rng.integers(0, 17))
        given["ready"] = late * (rng.random(x) < 0.7)
    try:
        return Problem(times, **given)
    except InputError:  # no assignment fits
        return Problem(times, ready=given.get("ready"))
