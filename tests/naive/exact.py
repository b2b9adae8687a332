"""Optimum and checks by looking at every assignment."""

import itertools
import math
from fractions import Fraction


def all_assignments(problem):
    return itertools.product(range(problem.nodes), repeat=problem.tasks)


def optimum(problem):
    """Least makespan of the assignments that fit, in floats summed task by task, or None."""
    times, k, x = problem.matrix.tolist(), problem.tasks, problem.nodes
    ready = [0.0] * x if problem.ready is None else problem.ready.tolist()
    memory, room = [Fraction(0)] * k, [Fraction(1)] * x
    if problem.task_memory is not None:  # a node holds its capacity and the rounding of a sum
        memory = [*map(Fraction, problem.task_memory.tolist())]
        slack = 1 + k * Fraction(2) ** -52
        room = [Fraction(each) * slack for each in problem.node_capacity.tolist()]
    loads, best = [0.0] * x, math.inf

    def assign(task, makespan):
        nonlocal best
        if makespan >= best or task == k:
            best = min(best, makespan)
            return
        for node in range(x):
            before = loads[node]
            if times[task][node] < math.inf and memory[task] <= room[node]:
                loads[node] += times[task][node]
                room[node] -= memory[task]
                assign(task + 1, max(makespan, ready[node] + loads[node]))
                loads[node] = before
                room[node] += memory[task]

    assign(0, 0.0)
    return best if best < math.inf else None


def exact_makespan(problem, assignment):
    """Makespan as a fraction, without any rounding."""
    ready = [0.0] * problem.nodes if problem.ready is None else problem.ready.tolist()
    matrix = problem.matrix.tolist()
    ends = {}
    for task, node in enumerate(assignment):
        ends[node] = ends.get(node, Fraction(ready[node])) + Fraction(matrix[task][node])
    return max(ends.values())


def exact_optimum(problem):
    """Least makespan of the assignments that fit as a fraction, or None; by depth-first search.

    Times are whole multiples of a small unit, so that loads are sums of integers. What fits is
    said by `Problem.fits`.
    """
    k, x = problem.tasks, problem.nodes
    late = [0.0] * x if problem.ready is None else problem.ready.tolist()
    unit, times, ready = _in_units(problem.matrix.tolist(), late)
    memory, room = [Fraction(0)] * k, [Fraction(1)] * x
    if problem.task_memory is not None:
        memory = [*map(Fraction, problem.task_memory.tolist())]
        slack = 1 + 4 * k * Fraction(2) ** -52  # `Problem.fits` has the last word
        room = [Fraction(each) * slack for each in problem.node_capacity.tolist()]
    shortest = [min(t for t in row if t is not None) for row in times]
    order = sorted(range(k), key=lambda task: -shortest[task])  # long tasks first
    rest = [sum(shortest[task] for task in order[depth:]) for depth in range(k + 1)]
    same = [(*(row[j] for row in times), ready[j], room[j]) for j in range(x)]
    loads, place, best = [0] * x, [0] * k, None

    def assign(depth, makespan):
        nonlocal best
        if best is not None:
            free = sum(max(0, best - r - load) for r, load in zip(ready, loads, strict=True))
            if makespan >= best or rest[depth] > free:
                return
        if depth == k:
            if problem.fits(place):
                best = makespan
            return
        task, tried = order[depth], set()
        for node in range(x):
            time, twin = times[task][node], (same[node], loads[node], room[node])
            if time is None or memory[task] > room[node] or twin in tried:
                continue
            tried.add(twin)  # a node like one tried before gives the same makespans
            place[task] = node
            loads[node] += time
            room[node] -= memory[task]
            assign(depth + 1, max(makespan, ready[node] + loads[node]))
            loads[node] -= time
            room[node] += memory[task]

    assign(0, 0)
    return None if best is None else best * unit


def _in_units(matrix, ready):
    """Return a unit of all numbers, and the numbers in it; None for infinite times."""
    finite = [Fraction(t) for t in itertools.chain(ready, *matrix) if t < math.inf]
    unit = Fraction(1, max(number.denominator for number in finite))  # powers of two
    times = [[int(Fraction(t) / unit) if t < math.inf else None for t in row] for row in matrix]
    return unit, times, [int(Fraction(r) / unit) for r in ready]
