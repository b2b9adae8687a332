"""Optimum and checks by looking at every assignment."""

import itertools
import math
from fractions import Fraction


def all_assignments(problem):
    return itertools.product(range(problem.nodes), repeat=problem.tasks)


def optimum(problem):
    """Least makespan of the assignments that fit, in floats summed task by task, or None."""
    return _least_makespan(problem, float)


def exact_optimum(problem):
    """Least makespan as a fraction, without any rounding, or None."""
    return _least_makespan(problem, Fraction)


def _least_makespan(problem, number):
    """Depth-first search; a node holds its capacity and a sum's rounding, as `Problem.fits`."""
    times = [[number(t) if t < math.inf else None for t in row] for row in problem.matrix.tolist()]
    k, x = problem.tasks, problem.nodes
    late = [number(0)] * x if problem.ready is None else [*map(number, problem.ready.tolist())]
    memory, room = [Fraction(0)] * k, [Fraction(1)] * x
    if problem.task_memory is not None:
        memory = [*map(Fraction, problem.task_memory.tolist())]
        slack = 1 + k * Fraction(2) ** -52
        room = [Fraction(each) * slack for each in problem.node_capacity.tolist()]
    loads, best = [number(0)] * x, [None]

    def assign(task, makespan):
        if best[0] is not None and makespan >= best[0]:
            return
        if task == k:
            best[0] = makespan
            return
        for node in range(x):
            time, before = times[task][node], loads[node]
            if time is not None and memory[task] <= room[node]:
                loads[node] = before + time
                room[node] -= memory[task]
                assign(task + 1, max(makespan, late[node] + loads[node]))
                loads[node] = before
                room[node] += memory[task]

    assign(0, number(0))
    return best[0]
