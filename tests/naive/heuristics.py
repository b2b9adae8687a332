"""The constructive heuristics, as their papers tell them."""

import numpy as np


class Schedule:
    """Loads, memory and assignment while a heuristic works."""

    def __init__(self, problem):
        self.times = problem.matrix
        k, x = self.times.shape
        self.memory = np.zeros(k) if problem.task_memory is None else problem.task_memory
        self.capacity = (
            np.full(x, np.inf) if problem.node_capacity is None else problem.node_capacity
        )
        self.loads = [0.0] * x if problem.ready is None else list(problem.ready)
        self.used = [0.0] * x
        self.assignment = [-1] * k

    def nodes_with_room(self, task):
        return [
            j
            for j in range(len(self.loads))
            if self.used[j] + self.memory[task] <= self.capacity[j] and self.times[task, j] < np.inf
        ]

    def completions(self, task):
        return {j: self.loads[j] + self.times[task, j] for j in self.nodes_with_room(task)}

    def put(self, task, node):
        self.assignment[task] = node
        self.loads[node] += self.times[task, node]
        self.used[node] += self.memory[task]


def one_by_one(problem, order, key):
    """Give the tasks in order to the node of least key(schedule, task, node)."""
    schedule = Schedule(problem)
    for i in order:
        nodes = schedule.nodes_with_room(i)
        if not nodes:
            break
        schedule.put(i, min(nodes, key=lambda j: (key(schedule, i, j), j)))
    return schedule.assignment


def fcfs(problem):
    return one_by_one(problem, range(problem.tasks), lambda s, i, j: s.loads[j])


def mct(problem):
    return one_by_one(problem, range(problem.tasks), lambda s, i, j: s.loads[j] + s.times[i, j])


def met(problem):
    return one_by_one(problem, range(problem.tasks), lambda s, i, j: s.times[i, j])


def lpt(problem):
    means = [row[np.isfinite(row)].mean() for row in problem.matrix]
    order = sorted(range(problem.tasks), key=lambda i: (-means[i], i))
    return one_by_one(problem, order, lambda s, i, j: s.loads[j] + s.times[i, j])


def round_robin(problem):
    schedule = Schedule(problem)
    turn = 0
    for i in range(problem.tasks):
        in_turn = [(turn + step) % problem.nodes for step in range(problem.nodes)]
        free = [j for j in in_turn if j in schedule.nodes_with_room(i)]
        if free:
            schedule.put(i, free[0])
            turn = (free[0] + 1) % problem.nodes
        else:
            turn = (turn + 1) % problem.nodes
    return schedule.assignment


def by_claim(problem, claim):
    """Give, again and again, the task of largest claim(completions) to its best node."""
    schedule = Schedule(problem)
    left = set(range(problem.tasks))
    while left:
        completions = {i: schedule.completions(i) for i in left}
        chosen = max(left, key=lambda i: (claim(sorted(completions[i].values())), -i))
        if not completions[chosen]:
            break
        best = min(completions[chosen], key=lambda j: (completions[chosen][j], j))
        schedule.put(chosen, best)
        left.remove(chosen)
    return schedule.assignment


def max_min(problem):
    return by_claim(problem, lambda times: times[0] if times else np.inf)


def sufferage(problem):
    def claim(times):
        return times[1] - times[0] if len(times) > 1 else np.inf

    return by_claim(problem, claim)


def min_min(problem):
    schedule = Schedule(problem)
    left = set(range(problem.tasks))
    while left:
        pairs = [(c, i, j) for i in left for j, c in schedule.completions(i).items()]
        if not pairs:
            break
        _, task, node = min(pairs)
        schedule.put(task, node)
        left.remove(task)
    return schedule.assignment
