"""Optimum and checks by looking at every assignment."""

import itertools
import math
from fractions import Fraction


def all_assignments(problem):
    return itertools.product(range(problem.nodes), repeat=problem.tasks)


def optimum(problem):
    """Least makespan of the assignments that fit, or None."""
    spans = [problem.makespan(list(a)) for a in all_assignments(problem) if problem.fits(list(a))]
    return min(spans, default=None)


def exact_optimum(problem):
    """Least makespan as a fraction, without any rounding, or None; by depth-first search.

    A node holds what `Problem.fits` lets it hold: its capacity and the rounding of a sum.
    """
    times = [
        [Fraction(t) if t < math.inf else None for t in row] for row in problem.matrix.tolist()
    ]
    k, x = problem.tasks, problem.nodes
    loads = [Fraction(0)] * x if problem.ready is None else [*map(Fraction, problem.ready.tolist())]
    memory, room = [Fraction(0)] * k, [Fraction(1)] * x
    if problem.task_memory is not None:
        memory = [*map(Fraction, problem.task_memory.tolist())]
        slack = 1 + k * Fraction(2) ** -52
        room = [Fraction(each) * slack for each in problem.node_capacity.tolist()]
    best = [None]

    def assign(task, makespan):
        if best[0] is not None and makespan >= best[0]:
            return
        if task == k:
            best[0] = makespan
            return
        for node in range(x):
            time = times[task][node]
            if time is not None and memory[task] <= room[node]:
                loads[node] += time
                room[node] -= memory[task]
                assign(task + 1, max(makespan, loads[node]))
                loads[node] -= time
                room[node] += memory[task]

    assign(0, Fraction(0))
    return best[0]
