"""ATSA from equations (2)-(4) and Algorithm 1, one path at a time."""

import math

import numpy as np

from edgeopt.optim.scheduling.bounds.quick_bounds import lp_duals
from naive.random_stream import NaiveStream


class NaiveColony:
    """The readings of `ATSA`, where nodes are drawn by roulette."""

    def __init__(self, problem, atsa, rng):
        self.problem, self.atsa = problem, atsa
        self.times = problem.matrix
        self.k, self.x = self.times.shape
        self.stream = NaiveStream(rng.integers(0, 2**64, size=4, dtype=np.uint64))
        mean_of_all = float(np.mean(self.times[np.isfinite(self.times)]))
        columns = [column[np.isfinite(column)] for column in self.times.T]
        means = [float(np.mean(column)) if len(column) else mean_of_all for column in columns]
        if atsa.start == "global-mean" or 0.0 in means:
            means = [mean_of_all] * self.x
        self.tau0 = [1 / mean for mean in means]
        self.tau = [list(self.tau0) for _ in range(self.k)]
        self.order = list(range(self.k))
        if atsa.order == "longest-first":
            lengths = [row[np.isfinite(row)].mean() for row in self.times]
            self.order.sort(key=lambda i: (-lengths[i], i))
        self.best, self.best_cost = None, math.inf
        self.makespan = math.inf

    def memory_of(self, i):
        return 0.0 if self.problem.task_memory is None else self.problem.task_memory[i]

    def capacity_of(self, j):
        return math.inf if self.problem.node_capacity is None else self.problem.node_capacity[j]

    def eta(self, i, j, loads, used):
        """(4), where mu has P_cur / P_v of the current task added, times what the reading adds."""
        atsa, value = self.atsa, 1.0
        if "memory" in atsa.heuristic:
            before = 0.0 if atsa.occupancy == "running-task" else used[j]
            own = 0.0 if atsa.occupancy == "before-task" else self.memory_of(i)
            filled = (before + own) / self.capacity_of(j)
            value *= atsa.delta * max(0.0, 1 - filled)
        if "execution-time" in atsa.heuristic:
            value /= self.times[i, j]
        if "completion-time" in atsa.heuristic:
            value /= loads[j] + self.times[i, j]
        if "reduced-cost" in atsa.heuristic:
            value *= min(self.price(i, n) for n in range(self.x)) / self.price(i, j)
        return value

    def price(self, i, j):
        """What task i costs on node j at the LP's prices of time and memory."""
        if self.memory_of(i) > self.capacity_of(j) or math.isinf(self.times[i, j]):
            return math.inf
        u, v = lp_duals(self.problem)
        return u[j] * self.times[i, j] + v[j] * self.memory_of(i)

    def choose(self, i, loads, used):
        """(2), its sum over the nodes with room that can run the task; by roulette, in order."""
        nodes = [
            j
            for j in range(self.x)
            if used[j] + self.memory_of(i) <= self.capacity_of(j)
            and math.isfinite(self.times[i, j])
        ]
        if not nodes:
            return None
        atsa = self.atsa
        shares = [
            self.tau[i][j] ** atsa.alpha * self.eta(i, j, loads, used) ** atsa.beta for j in nodes
        ]
        if sum(shares) == 0:
            shares = [1.0] * len(nodes)
        point = self.stream.uniform() * sum(shares)
        for j, share in zip(nodes, shares, strict=True):
            point -= share
            if point < 0:
                return j
        return nodes[-1]

    def walk(self):
        """One ant's path with its makespan and Z_y, the sum of the execution times on it."""
        ready = [0.0] * self.x if self.problem.ready is None else list(self.problem.ready)
        loads, used = list(ready), [0.0] * self.x
        path = [None] * self.k
        for i in self.order:
            j = self.choose(i, loads, used)
            if j is None:
                return None, math.inf, math.inf
            path[i] = j
            loads[j] += self.times[i, j]
            used[j] += self.memory_of(i)
            if self.atsa.local_rule == "acs":
                rate = self.atsa.local_rate
                self.tau[i][j] = (1 - rate) * self.tau[i][j] + rate * self.tau0[j]
        return path, max(loads[j] for j in path), sum(loads) - sum(ready)

    def iterate(self):
        """One iteration of Algorithm 1; return the ants' paths."""
        atsa = self.atsa
        ants = [self.walk() for _ in range(atsa.ants)]
        self.makespan = min([self.makespan] + [makespan for _, makespan, _ in ants])
        cost = [ant[1] if atsa.deposit_by == "makespan" else ant[2] for ant in ants]
        first = cost.index(min(cost))
        if cost[first] < self.best_cost:
            self.best, self.best_cost = ants[first][0], cost[first]
        depositing = {
            "all": [(ant[0], c) for ant, c in zip(ants, cost, strict=True)],
            "iteration-best": [(ants[first][0], cost[first])],
            "global-best": [(self.best, self.best_cost)],
        }[atsa.depositors]
        self.update(depositing)
        return [ant[0] for ant in ants]

    def update(self, depositing):
        """(3): evaporation on all paths, then Q / Z_y (or Q / makespan) on those of the ants."""
        atsa = self.atsa
        for i in range(self.k):
            for j in range(self.x):
                self.tau[i][j] *= 1 - atsa.rho
        for path, cost in depositing:
            if path is not None:
                for i, j in enumerate(path):
                    self.tau[i][j] += atsa.Q / cost
        if atsa.pheromone_bounds and self.best is not None:
            high = atsa.Q / (atsa.rho * self.best_cost)
            root = 0.05 ** (1 / self.k)
            low = min(high, high * (1 - root) / (max(self.x / 2 - 1, 1) * root))
            self.tau = [[min(max(t, low), high) for t in row] for row in self.tau]
