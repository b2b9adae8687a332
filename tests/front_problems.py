"""Small problems that state energy or cost, of all forms."""

import numpy as np

from edgeopt.problems.scheduling.problem import Problem


def small_problem(seed, tasks=5, nodes=3):
    """Return a problem and the name of its objective beside the makespan."""
    rng = np.random.default_rng(seed)
    times = rng.random((tasks, nodes)) + 0.2
    more = {}
    if seed % 2:
        more["ready"] = rng.random(nodes) * 3
    if seed % 3 == 1:
        more |= {"task_memory": np.ones(tasks), "node_capacity": np.full(nodes, 2.0)}
    if seed % 5 == 3:
        times[0, 1] = np.inf
    if seed % 4 == 2:
        return Problem(times, cost=rng.random((tasks, nodes)), **more), "cost"
    if seed % 4 == 3:
        more |= {"energy": rng.random((tasks, nodes)), "idle_power": rng.random(nodes)}
        return Problem(times, **more), "energy"
    power = rng.random(nodes) * 5 + 1
    return Problem(times, active_power=power, idle_power=rng.random(nodes), **more), "energy"
