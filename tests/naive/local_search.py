"""Local search by the definitions: every move looked at, every load summed anew."""

import math

import numpy as np

TIE = "tie"


def memories(problem):
    if problem.task_memory is None:
        return np.zeros(problem.tasks), np.full(problem.nodes, math.inf)
    return problem.task_memory, problem.node_capacity


def fits(problem, assignment):
    memory, capacity = memories(problem)
    if any(math.isinf(problem.matrix[i, j]) for i, j in enumerate(assignment)):
        return False
    return all(
        sum(memory[i] for i in range(problem.tasks) if assignment[i] == j) <= capacity[j]
        for j in range(problem.nodes)
    )


def moves_from(problem, assignment, node, candidates):
    """Assignments after each shift or swap of a task of `node` to one of its candidates."""
    for i in np.flatnonzero(np.array(assignment) == node):
        for j in candidates[i]:
            if j == node:
                continue
            shifted = list(assignment)
            shifted[i] = int(j)
            yield shifted, j
            for t in np.flatnonzero(np.array(assignment) == j):
                swapped = list(shifted)
                swapped[t] = int(node)
                yield swapped, j


def least_peak(problem, assignment, candidates):
    """Least value of the larger of two loads over all moves of a critical node that fit."""
    loads = problem.loads(assignment)
    node = int(loads.argmax())
    peaks = [
        max(problem.loads(moved)[[node, j]])
        for moved, j in moves_from(problem, assignment, node, candidates)
        if fits(problem, moved)
    ]
    return min(peaks, default=math.inf)


def cost(problem, assignment, price, memory_price, target, overload):
    """Priced loads and memory, with the surcharge on what exceeds the target."""
    loads, used = problem.loads(assignment), problem.memory_used(assignment)
    over = np.maximum(0.0, loads - target)
    return float(price @ (loads + overload * over) + memory_price @ used)


def chain(problem, assignment, candidates, goal, task, node, depth):
    """The assignment after a chain, None where it is not kept, TIE where rounding decides."""
    memory, capacity = memories(problem)

    def cost_of(a):
        prices = candidates.price, candidates.memory_price
        return cost(problem, a, *prices, goal.target, goal.overload)

    begin, path, moved = cost_of(assignment), list(assignment), set()
    for length in range(1, depth + 1):
        path[task] = node
        moved.add(task)
        used = problem.memory_used(path)
        if cost_of(path) - begin <= goal.tolerance and used[node] <= capacity[node]:
            return path
        options = []
        for t in range(problem.tasks):
            if path[t] != node or t in moved or memory[t] < used[node] - capacity[node]:
                continue
            for to, reduced in zip(candidates.node[t], candidates.cost[t], strict=True):
                full = used[to] + memory[t] > capacity[to]
                if reduced > goal.reach or to == node or (length == depth - 1 and full):
                    continue
                after = list(path)
                after[t] = int(to)
                options.append((cost_of(after), t, int(to)))
        if not options or length == depth:
            return None
        (least, task, node), *others = sorted(options)
        if others and others[0][0] - least <= 1e-9 * (abs(begin) + abs(least)):
            return TIE
    return None
