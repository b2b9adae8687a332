"""The particle swarm, one component at a time."""

import math

import numpy as np

from naive.random_stream import NaiveStream


class NaiveSwarm:
    def __init__(self, problem, pso, rng):
        self.problem, self.pso = problem, pso
        n, k, x = pso.particles, problem.tasks, problem.nodes
        self.position = [[v * x for v in row] for row in rng.random((n, k))]
        limit = pso.max_velocity * x
        self.velocity = [[(2 * v - 1) * limit for v in row] for row in rng.random((n, k))]
        self.stream = NaiveStream(rng.integers(0, 2**64, size=4, dtype=np.uint64))
        self.best = [(list(row), math.inf) for row in self.position]
        self.makespan, self.moved = math.inf, False

    def decode(self, position):
        x, problem = self.problem.nodes, self.problem
        loads = [0.0] * x if problem.ready is None else list(problem.ready)
        used, assignment = [0.0] * x, []
        for i, value in enumerate(position):
            memory = 0.0 if problem.task_memory is None else problem.task_memory[i]
            for step in range(x):
                j = (int(value) + step) % x
                room = math.inf if problem.node_capacity is None else problem.node_capacity[j]
                if used[j] + memory <= room and math.isfinite(problem.matrix[i, j]):
                    break
            else:
                return None, math.inf
            assignment.append(j)
            loads[j] += problem.matrix[i, j]
            used[j] += memory
        return assignment, max(loads[j] for j in assignment)

    def iterate(self):
        """Move (not the first time), evaluate, and return the decoded assignments."""
        if self.moved:
            self.move()
        self.moved = True
        decoded = [self.decode(position) for position in self.position]
        for p, (_, cost) in enumerate(decoded):
            if cost < self.best[p][1]:
                self.best[p] = (list(self.position[p]), cost)
            self.makespan = min(self.makespan, cost)
        return [assignment for assignment, _ in decoded]

    def move(self):
        pso, x = self.pso, self.problem.nodes
        limit, highest = pso.max_velocity * x, math.nextafter(x, 0)
        leader = list(min(self.best, key=lambda best: best[1])[0])
        if pso.decoding == "discrete":
            self.move_discretely(leader)
            return
        for p, row in enumerate(self.position):
            for i, here in enumerate(row):
                scaled = self.stream.uniform() * 2**26
                first = math.floor(scaled)
                own = pso.cognitive * (first / 2**26) * (self.best[p][0][i] - here)
                common = pso.social * (scaled - first) * (leader[i] - here)
                speed = pso.inertia * self.velocity[p][i] + own + common
                speed = min(max(speed, -limit), limit)
                place = here + speed
                if not 0 <= place <= highest:
                    place, speed = min(max(place, 0.0), highest), 0.0
                row[i], self.velocity[p][i] = place, speed

    def move_discretely(self, leader):
        pso, x = self.pso, self.problem.nodes
        total = pso.inertia + pso.cognitive + pso.social
        for p, row in enumerate(self.position):
            for i in range(len(row)):
                scaled = self.stream.uniform() * 2**26
                point, chance = math.floor(scaled) / 2**26 * total, scaled % 1.0
                if chance < pso.mutation:
                    row[i] = int(chance / pso.mutation * x) + 0.5
                elif point < pso.social:
                    row[i] = leader[i]
                elif point < pso.social + pso.cognitive:
                    row[i] = self.best[p][0][i]
