"""All schedules of a small problem, and the front among them."""

import itertools

import numpy as np


def objectives_of(problem, assignment, name):
    """Return makespan and energy or cost, node by node."""
    ready = np.zeros(problem.nodes) if problem.ready is None else problem.ready
    loads, value = np.zeros(problem.nodes), 0.0
    for task, node in enumerate(assignment):
        time = problem.matrix[task, node]
        loads[node] += time
        if name == "cost":
            value += problem.cost[task, node]
        elif problem.energy is not None:
            value += problem.energy[task, node]
        else:
            value += time * problem.active_power[node]
    makespan = max(ready[node] + loads[node] for node in assignment)
    if name == "energy" and problem.idle_power is not None:
        for node in range(problem.nodes):
            waits = makespan - ready[node] - loads[node]
            value += max(waits, 0.0) * problem.idle_power[node]
    return makespan, value


def all_points(problem, name):
    """Return the objectives of all schedules that fit, shape (n, 2)."""
    points = [
        objectives_of(problem, assignment, name)
        for assignment in itertools.product(range(problem.nodes), repeat=problem.tasks)
        if problem.fits(assignment)
    ]
    return np.array(points)


def naive_front(problem, name, same=1e-9):
    """Return the points of which none is worse in both objectives, by makespan."""
    front = []
    for makespan, value in sorted(all_points(problem, name).tolist()):
        if not front or value < front[-1][1] - same:
            front.append((makespan, value))
    return np.array(front)
