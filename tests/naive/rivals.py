"""The rivals by their definitions: every move looked at, every load summed anew."""

import math

from naive.local_search import fits
from naive.random_stream import NaiveStream


def draw(stream, order, number):
    """`number` different tasks at the head of `order`."""
    for place in range(number):
        other = place + int(stream.uniform() * (len(order) - place))
        order[place], order[other] = order[other], order[place]
    return order[:number]


def ends_of(problem, assignment):
    """When each node ends: its ready time and its tasks' times."""
    return problem.loads(assignment) + (0.0 if problem.ready is None else problem.ready)


def descent(problem, assignment):
    """Shifts and swaps of the critical node, the one of the least larger load first."""
    while True:
        ends = [end * (j in assignment) for j, end in enumerate(ends_of(problem, assignment))]
        node = ends.index(max(ends))
        best, least = None, max(ends) * (1 - 1e-12)
        for i in (i for i in range(problem.tasks) if assignment[i] == node):
            for j in sorted(range(problem.nodes), key=lambda j: problem.matrix[i, j]):
                for back in [None, *(t for t in range(problem.tasks) if assignment[t] == j)]:
                    moved = list(assignment)
                    moved[i] = j
                    if back is not None:
                        moved[back] = node
                    if j != node and fits(problem, moved):
                        peak = max(ends_of(problem, moved)[[node, j]])
                        if peak < least * (1 - 1e-14):
                            best, least = moved, peak
        if best is None:
            return assignment
        assignment = best


class NaiveIteratedGreedy:
    def __init__(self, problem, solver, rng, start):
        self.problem, self.solver = problem, solver
        self.stream = NaiveStream(rng.integers(0, 2**64, size=4, dtype="uint64"))
        self.order = list(range(problem.tasks))
        times = problem.matrix[problem.matrix < math.inf]
        self.temperature = solver.temperature * times.mean() / 10
        self.current = descent(problem, [int(j) for j in start])
        self.best = self.problem.makespan(self.current)

    def rebuild(self):
        """One round: the makespan of the schedule kept."""
        problem = self.problem
        out = list(draw(self.stream, self.order, min(self.solver.removed, problem.tasks)))
        partial = {i: j for i, j in enumerate(self.current) if i not in out}
        for i in out:
            ends = {j: self.end(partial, i, j) for j in range(problem.nodes)}
            j = min(ends, key=ends.get)
            if ends[j] == math.inf:
                self.stream.uniform()
                return
            partial[i] = j
        made = descent(problem, [partial[i] for i in range(problem.tasks)])
        rise = problem.makespan(made) - problem.makespan(self.current)
        self.best = min(self.best, problem.makespan(made))
        uniform = self.stream.uniform()
        if rise <= 0 or (self.temperature and uniform < math.exp(-rise / self.temperature)):
            self.current = made

    def end(self, partial, task, node):
        """When the task ends that is put last on a node; infinite where it has no room."""
        problem = self.problem
        there = [i for i, j in partial.items() if j == node]
        memory = [] if problem.task_memory is None else problem.task_memory[[*there, task]]
        if problem.task_memory is not None and sum(memory) > problem.node_capacity[node]:
            return math.inf
        ready = 0.0 if problem.ready is None else problem.ready[node]
        return ready + sum(problem.matrix[i, node] for i in [*there, task])


def accepts(rise, temperature, logistic, uniform):
    if rise <= 0:
        return True
    if temperature == 0:
        return False
    weight = math.exp(-rise / temperature)
    return uniform < (weight / (1 + weight) if logistic else weight)


class NaiveAnnealing:
    """One schedule; `temperature` is set from outside where cooling is planned."""

    def __init__(self, problem, solver, rng, start):
        self.problem, self.solver = problem, solver
        self.stream = NaiveStream(rng.integers(0, 2**64, size=4, dtype="uint64"))
        self.current = [int(j) for j in start]
        self.best = problem.makespan(self.current)
        self.temperature = solver.hot * self.best

    def draw(self):
        """The tasks that move and where to, or None."""
        problem = self.problem
        first, second, kind = (self.stream.uniform() for _ in range(3))
        task = int(first * problem.tasks)
        origin = self.current[task]
        if kind < self.solver.swaps:
            other = int(second * problem.tasks)
            node = self.current[other]
            return None if node == origin else [(task, node), (other, origin)]
        others = [(origin + step) % problem.nodes for step in range(1, problem.nodes)]
        return [(task, others[int(second * len(others))])]

    def energy(self, assignment):
        power, scale = self.solver.power, self.best
        if power == 0:
            return self.problem.makespan(assignment)
        return scale / power * sum((ends_of(self.problem, assignment) / scale) ** power)

    def neighbour(self):
        problem, solver = self.problem, self.solver
        moves, uniform = self.draw(), self.stream.uniform()
        made = list(self.current)
        for task, node in moves or []:
            made[task] = node
        if moves and fits(problem, made):
            rise = self.energy(made) - self.energy(self.current)
            if accepts(rise, self.temperature, solver.acceptance == "logistic", uniform):
                self.current = made
                self.best = min(self.best, problem.makespan(made))
        if solver.cooling == "constant-rate":
            self.temperature *= solver.rate


class NaiveTabu:
    def __init__(self, problem, solver, rng, start):
        self.problem, self.solver = problem, solver
        self.stream = NaiveStream(rng.integers(0, 2**64, size=4, dtype="uint64"))
        self.current = [int(j) for j in start]
        self.best = problem.makespan(self.current)
        self.until, self.now = [0] * problem.tasks, 0

    def neighbours(self):
        """Makespan, larger load, tasks that move and the assignment, of all that are allowed."""
        problem = self.problem
        ends = ends_of(problem, self.current)
        critical = int(max(set(self.current), key=lambda j: ends[j]))
        for i in (i for i in range(problem.tasks) if self.current[i] == critical):
            for j in (j for j in range(problem.nodes) if j != critical):
                there = [t for t in range(problem.tasks) if self.current[t] == j]
                for tasks in [(i,), *((i, t) for t in there)]:
                    made = list(self.current)
                    made[i] = j
                    for back in tasks[1:]:
                        made[back] = critical
                    if fits(problem, made):
                        after = ends_of(problem, made)
                        used = set(self.current) - {critical, j}
                        peak = max(after[critical], after[j])
                        longest = max([peak, *(ends[node] for node in used)])
                        tabu = any(self.until[t] >= self.now for t in tasks)
                        if not tabu or longest < self.best * (1 - 1e-12):
                            yield longest, peak, tasks, made

    def move(self):
        self.now += 1
        found = min(self.neighbours(), key=lambda one: one[:2], default=None)
        if found is None:
            return
        *_, tasks, self.current = found
        tenure = self.solver.tenure
        for task in tasks:
            self.until[task] = self.now + tenure + int(self.stream.uniform() * (tenure + 1))
        self.best = min(self.best, self.problem.makespan(self.current))


def repaired(problem, row):
    """The row with refused tasks on the next nodes that take them, and its makespan."""
    row, used = list(row), [0.0] * problem.nodes
    for i, first in enumerate(row):
        memory = 0.0 if problem.task_memory is None else problem.task_memory[i]
        for j in ((first + step) % problem.nodes for step in range(problem.nodes)):
            room = math.inf if problem.node_capacity is None else problem.node_capacity[j]
            if used[j] + memory <= room and problem.matrix[i, j] < math.inf:
                break
        else:
            return row, math.inf
        row[i] = j
        used[j] += memory
    return row, problem.makespan(row)


class NaiveRows:
    """A random population, of which the first row is a heuristic's."""

    def __init__(self, problem, solver, size, rng, seed):
        self.problem, self.solver = problem, solver
        rows = rng.integers(problem.nodes, size=(size, problem.tasks)).tolist()
        rows[0] = [int(j) for j in seed]
        self.stream = NaiveStream(rng.integers(0, 2**64, size=4, dtype="uint64"))
        self.rows = [repaired(problem, row) for row in rows]
        self.bests = [(list(row), cost) for row, cost in self.rows]

    def below(self, number):
        return int(self.stream.uniform() * number)

    def chance(self, odds):
        return self.stream.uniform() < odds


class NaiveGenetic(NaiveRows):
    def breed(self):
        size, k, x = len(self.rows), self.problem.tasks, self.problem.nodes
        ranked = sorted(self.rows, key=lambda one: one[1])
        roulette = [rank for rank in range(size) for _ in range(size - rank)]
        best, weight = ranked[0], len(roulette)
        rows = [list(ranked[roulette[self.below(weight)]][0]) for _ in range(size - 1)]
        for a, b in zip(rows[::2], rows[1::2], strict=False):
            if self.chance(self.solver.crossover):
                cut = self.below(k)
                a[cut:], b[cut:] = b[cut:], a[cut:]
        for row in rows:
            if self.chance(self.solver.mutation):
                task = self.below(k)
                row[task] = self.below(x)
        self.rows = [best, *(repaired(self.problem, row) for row in rows)]


class NaiveDiscretePSO(NaiveRows):
    def move(self):
        solver, k, x = self.solver, self.problem.tasks, self.problem.nodes
        leader = min(self.bests, key=lambda one: one[1])[0]
        for p, (row, _) in enumerate(self.rows):
            if self.chance(solver.inertia):
                task = self.below(k)
                row[task] = self.below(x)
            if self.chance(solver.cognitive):
                cut = self.below(k)
                row[cut:] = self.bests[p][0][cut:]
            if self.chance(solver.social):
                first, last = sorted([self.below(k), self.below(k)])
                row[first : last + 1] = leader[first : last + 1]
        self.rows = [repaired(self.problem, row) for row, _ in self.rows]
        pairs = zip(self.bests, self.rows, strict=True)
        self.bests = [
            (list(row), cost) for row, cost in (min(pair, key=lambda one: one[1]) for pair in pairs)
        ]
