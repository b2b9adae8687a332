"""The best split under memory, deadline and energy: a mixed-integer program (HiGHS)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array

from edgeopt.optim.offloading.split_measures import Mask, SplitMeasures
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.offloading.waiting import mdx_wait_s, mm1_wait_s, mmx_wait_s, printed_wait

GAP = 1e-6  # of the solver, relative

ROUNDS = 60  # solutions of the program with ever tighter queues; a few are the rule

SEEDS = (0.5, 0.8, 0.95)  # shares of a queue's capacity where its wait is supported from the start

_GRID = 1.0 - np.geomspace(1.0, 1e-6, 400)  # loads at which a support is compared with the wait


@dataclass(frozen=True, eq=False)
class Queue:
    """A queue whose wait grows with a sum over layers and tensors.

    Parameters
    ----------
    kinds : tuple of int
        Kinds of node whose tasks wait in it.
    layers, tensors : (n,) and (n + 1,) float64 arrays
        Service time that each layer on the edge, and each tensor sent, adds to a task, s.
    constant : float
        Service time without any, s.
    capacity : float
        Service time at which the queue is full, s.
    wait : callable
        ``wait(service)`` in s.
    """

    kinds: tuple[int, ...]
    layers: FloatArray
    tensors: FloatArray
    constant: float
    capacity: float
    wait: Callable[[FloatArray], FloatArray]

    def support(self, service: float) -> tuple[float, float]:
        """Return slope and intercept of a line below `wait` that touches it near `service`."""
        grid = _GRID * self.capacity
        near = min(service, float(grid[-1]))
        place = int(np.clip(np.searchsorted(grid, near), 1, grid.size - 1))
        step = min(1e-6 * self.capacity, float(grid[place] - grid[place - 1]))
        ends = self.wait(np.array([near, max(near - step, 0.0)]))
        slope = float((ends[0] - ends[1]) / step) if near > step else 0.0
        # Shifted down to lie below at every load: the wait of M/D/x is not quite convex.
        points, values = np.append(grid, near), np.append(self.wait(grid), ends[0])
        return slope, float((values - slope * points).min())


def queues_of(measures: SplitMeasures) -> list[Queue]:
    """Return the queues that the reading has, as in `CutTerms.waiting_s` and `queue_s`."""
    terms, reading = measures.program.terms, measures.program.reading
    c, count = terms.columns, measures.edge_s.shape[0]
    rate, nodes = float(c.arrival_hz), float(c.nodes)
    none, kinds = np.zeros(measures.tensor_sizes.size), tuple(range(count))
    found: list[Queue] = []
    if reading.waiting == "printed":
        for kind, flops in enumerate(c.flops[:, 0]):
            work = measures.flop / flops
            wait = _bind(printed_wait, rate, flops)
            found.append(Queue((kind,), work, none, 0.0, 1.0 / rate, wait))
    elif reading.waiting == "mm1" or (reading.waiting == "queued" and not c.one_link):
        own = _mm1(rate / nodes) if reading.waiting == "mm1" else servers_wait(rate, nodes)
        found = [
            Queue((kind,), measures.edge_s[kind], none, 0.0, nodes / rate, own) for kind in kinds
        ]
    else:
        wait = servers_wait(rate, nodes, mmx=reading.waiting == "mmx")
        found.append(Queue(kinds, nodes * _pool_s(measures), none, 0.0, nodes / rate, wait))
    if reading.waiting == "queued":
        servers = 1.0 if c.one_link else nodes
        bits, idle = measures.tensor_bits, np.zeros(measures.flop.size)
        for kind in kinds:
            sent = bits / measures.rates[kind]
            wait = servers_wait(rate, servers)
            found.append(Queue((kind,), idle, sent, 0.0, servers / rate, wait))
        cloud = measures.cloud_s
        found.append(Queue(kinds, -cloud, none, cloud.sum(), 1.0 / rate, servers_wait(rate, 1.0)))
    elif reading.shares_link:  # queues without a wait, whose load is limited all the same
        idle, cloud = np.zeros(measures.flop.size), measures.cloud_s
        sent = measures.tensor_bits / _link_bit_s(measures)
        found.append(Queue((), idle, sent, 0.0, 1.0 / rate, np.zeros_like))
        found.append(Queue((), -cloud, none, cloud.sum(), 1.0 / rate, np.zeros_like))
    return found


def _link_bit_s(measures: SplitMeasures) -> float:
    """Return the rate at which all nodes together send, bit/s."""
    c = measures.program.terms.columns
    return float(measures.rates.min() if c.one_link else (c.count * c.rate_bit_s).sum())


def _pool_s(measures: SplitMeasures) -> FloatArray:
    """Return each layer's part of the time between tasks of the busy pool, at least, (n,) s.

    The time is concave in the layers where kinds differ, and then more than the sum of the parts.
    """
    count = measures.program.terms.columns.count
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / (count / measures.edge_s).sum(axis=0))


def servers_wait(rate: float, servers: float, *, mmx: bool = False) -> Callable[..., FloatArray]:
    """Return the wait for one of `servers` as a function of the service time."""
    queue = mmx_wait_s if mmx else mdx_wait_s
    return lambda service: queue(rate, service, servers)


def _mm1(rate: float) -> Callable[[FloatArray], FloatArray]:
    """Return the wait of M/M/1 as a function of the service time."""
    return lambda service: mm1_wait_s(rate, service)


def _bind(wait: Callable[..., FloatArray], rate: float, flops: float) -> Callable[..., FloatArray]:
    """Return the printed wait as a function of the service time."""
    return lambda service: wait(rate, service * flops, flops)


_Part = tuple[IntArray | Sequence[int] | int, FloatArray | float]  # columns, coefficients


@dataclass(eq=False)
class Model:
    """Rows ``A v <= b`` of a program with `width` variables."""

    width: int
    rows: list[tuple[IntArray, FloatArray]] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    def add(self, limit: float, *parts: _Part) -> None:
        """Add a row, given as pairs of columns and their coefficients."""
        places = np.concatenate([np.atleast_1d(np.asarray(place)) for place, _ in parts])
        values = [np.broadcast_to(value, np.shape(np.atleast_1d(at))) for at, value in parts]
        self.rows.append((places, np.concatenate(values).astype(np.float64)))
        self.limits.append(limit)

    def matrix(self) -> coo_array:
        """Return all rows as a sparse matrix."""
        tails = np.repeat(np.arange(len(self.rows)), [places.size for places, _ in self.rows])
        heads = np.concatenate([places for places, _ in self.rows])
        values = np.concatenate([coefficients for _, coefficients in self.rows])
        return coo_array((values, (tails, heads)), shape=(len(self.rows), self.width))

    def solve(
        self, cost: FloatArray, binaries: int, upper: FloatArray
    ) -> tuple[FloatArray | None, float]:
        """Return the cheapest values by HiGHS, or None, and its bound: infinite if there are none.

        The first `binaries` variables are integers; all lie between 0 and `upper`.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        integral = np.zeros(self.width, dtype=np.int64)
        integral[:binaries] = 1
        answer = milp(
            cost,
            integrality=integral,
            bounds=Bounds(np.zeros(self.width), upper),
            constraints=LinearConstraint(self.matrix().tocsr(), -np.inf, self.limits),
            options={"mip_rel_gap": GAP / 2, "time_limit": SECONDS},
        )
        if answer.x is None:
            return None, -np.inf if answer.status == _OUT_OF_TIME else np.inf
        return answer.x, float(answer.mip_dual_bound)


SECONDS = 30.0
"""The most that HiGHS may take at a time; then the best split known is not proved."""

_OUT_OF_TIME = 1  # scipy's status of an answer


class SplitSearch:
    """The mixed-integer program of the splits other than all on the edge.

    A binary variable says whether a layer is on the edge; a tensor is sent if the cloud reads it.
    Waits are supported from below by lines, so that the program bounds the objective; the split
    that it returns is evaluated, and lines are added at its loads (Kelley, J. SIAM 8(4), 1960).

    Parameters
    ----------
    measures : SplitMeasures
        Layers, system and objective.
    """

    def __init__(self, measures: SplitMeasures) -> None:
        self.measures = measures
        self.queues = queues_of(measures)
        n, kinds = measures.flop.size, measures.edge_s.shape[0]
        self.x, self.y = np.arange(n), n + np.arange(n + 1)
        # memory without maps, delay, time between tasks; waits; service times
        self.memory, self.delay, self.stage = 2 * n + 1, 2 * n + 2, 2 * n + 3
        self.wait = 2 * n + 4 + np.arange(kinds)
        self.service = 2 * n + 4 + kinds + np.arange(len(self.queues))
        self.model = Model(2 * n + 4 + kinds + len(self.queues))
        finite = measures.prefixes().values[1]
        self.second = float(finite[np.isfinite(finite)].min(initial=1.0)) or 1.0
        self.model.add(n - 1.0, (self.x, 1.0))
        self._add_graph()
        self._add_memory()
        self._add_energy()
        self._add_delay()
        for place, queue in enumerate(self.queues):
            for share in SEEDS:
                self._add_support(place, share * queue.capacity)

    def solve(self, best: float) -> tuple[Mask | None, float, float]:
        """Return the best split below the cost `best`, its cost, and a bound on all of them.

        The bound is that of the program, or the cost if it is proved; None if no split is better.
        """
        found: Mask | None = None
        bound = -np.inf
        for _ in range(ROUNDS):
            on_edge, bound = self._next()
            if on_edge is None or bound >= best - 1e-9 * abs(best):
                return found, best, min(bound, best)
            one = self.measures.of(on_edge)
            if one.feasible[0] and one.cost[0] < best:
                found, best = on_edge, float(one.cost[0])
            if bound >= best - GAP * abs(best):
                return found, best, min(bound, best)
            self._tighten(on_edge)
        return found, best, min(bound, best)

    def _next(self) -> tuple[Mask | None, float]:
        """Return the optimal split of the present program, and its bound."""
        n = self.x.size
        upper = np.full(self.model.width, np.inf)
        upper[: 2 * n + 1] = 1.0
        upper[self.delay] = float(self.measures.program.limits[1, 0]) / self.second
        upper[self.service] = [queue.capacity / self.second for queue in self.queues]
        cost, scale = self._cost()
        values, bound = self.model.solve(cost, n, upper)
        return None if values is None else values[:n] > 0.5, bound * scale

    def _cost(self) -> tuple[FloatArray, float]:
        """Return the objective, scaled to about 1, and its scale."""
        name, weight = self.measures.program.objective.name, self.measures.program.weight
        cost = np.zeros(self.model.width)
        if name in ("delay", "weighted"):
            cost[self.delay] = self.second
        if name == "throughput":
            cost[self.stage] = self.second
        if name in ("energy", "weighted"):
            factor = 1.0 if name == "energy" else weight
            cost[self.x] = factor * self.measures.mean_j
            cost[self.y] = factor * self.measures.tensor_j
        scale = float(np.abs(cost).sum()) or 1.0
        if name != "energy":
            scale = self.second
        return cost / scale, scale

    def _add_graph(self) -> None:
        """No layer on the edge reads from the cloud; what the cloud reads is sent."""
        for reader, tensor in zip(*self.measures.arcs, strict=True):
            if tensor:
                self.model.add(0.0, ([reader, tensor - 1], np.array([1.0, -1.0])))
                places = [tensor - 1, reader, self.y[tensor]]
                self.model.add(0.0, (places, np.array([1.0, -1.0, -1.0])))
            else:
                self.model.add(-1.0, ([reader, self.y[0]], np.array([-1.0, -1.0])))

    def _add_memory(self) -> None:
        """C1: the sum of all layers, or the peak while each layer on the edge runs."""
        limit = float(self.measures.program.limits[0, 0])
        held = self.measures.memory_bytes / limit
        peaks = self.measures.program.reading.memory == "peak"
        live = self.measures.alive
        most = held.sum() + (float(live.sum(axis=1).max()) / limit if peaks else 0.0)
        if most <= 1.0:
            return
        self.model.add(0.0, (self.x, held), (self.memory, -1.0))
        self.model.add(1.0, (self.memory, 1.0))
        for step in range(self.x.size if peaks else 0):
            row = slice(live.indptr[step], live.indptr[step + 1])
            tensors, values = live.indices[row], live.data[row] / limit
            inside = tensors > 0
            free = 1.0 - float(values[~inside].sum())
            self.model.add(
                free + most,
                (self.x[tensors[inside] - 1], values[inside]),
                (self.memory, 1.0),
                (step, most),
            )

    def _add_energy(self) -> None:
        """C3 of each kind of node; with idle power, the larger of two sums is the energy."""
        program = self.measures.program
        c, count = program.terms.columns, self.measures.edge_s.shape[0]
        tasks = float(c.arrival_hz) * float(c.period_s) / float(c.nodes)
        budgets = np.broadcast_to(c.energy_budget_j[:, 0], count)
        powers = np.broadcast_to(c.static_power_w[:, 0], count)
        layers, dynamic = self.measures.layer_j, self.measures.dynamic_j
        for kind in np.flatnonzero(np.isfinite(budgets)):
            share = tasks / budgets[kind]
            sent = (self.y, share * self.measures.tensor_j)
            self.model.add(1.0, (self.x, share * layers[kind]), sent)
            if program.reading.idle_power:
                rest = 1.0 - powers[kind] * float(c.period_s) / budgets[kind]
                self.model.add(rest, (self.x, share * dynamic[kind]), sent)

    def _add_delay(self) -> None:
        """C2 of each kind of node, the time between tasks, and the service times of the queues."""
        measures, reading = self.measures, self.measures.program.reading
        second, cloud = self.second, self.measures.cloud_s
        counted = cloud * reading.cloud_counts
        for kind, rate in enumerate(measures.rates):
            self.model.add(
                -(measures.fixed_s + counted.sum()) / second,
                (self.x, (measures.edge_s[kind] - counted) / second),
                (self.y, measures.tensor_bits / float(rate) / second),
                (self.wait[kind], 1.0),
                (self.delay, -1.0),
            )
        total = _link_bit_s(measures)
        stage = (self.stage, -1.0)
        self.model.add(0.0, (self.x, _pool_s(measures) / second), stage)
        self.model.add(0.0, (self.y, measures.tensor_bits / total / second), stage)
        self.model.add(-cloud.sum() / second, (self.x, -cloud / second), stage)
        for place, queue in enumerate(self.queues):
            for sign in (1.0, -1.0):
                self.model.add(
                    -sign * queue.constant / second,
                    (self.x, sign * queue.layers / second),
                    (self.y, sign * queue.tensors / second),
                    (self.service[place], -sign),
                )

    def _add_support(self, place: int, service: float) -> None:
        """Add a line below the wait of a queue."""
        queue = self.queues[place]
        slope, intercept = queue.support(service)
        if slope <= 0.0:
            return
        for kind in queue.kinds:
            row = ((self.service[place], slope), (self.wait[kind], -1.0))
            self.model.add(-intercept / self.second, *row)

    def _tighten(self, on_edge: Mask) -> None:
        """Support the waits at the loads of a split, and forbid it, as it has been evaluated."""
        sent = self.measures.is_sent(on_edge)
        for place, queue in enumerate(self.queues):
            service = queue.layers @ on_edge + queue.tensors @ sent + queue.constant
            self._add_support(place, float(service))
        signs = np.where(on_edge, 1.0, -1.0)
        self.model.add(float(on_edge.sum()) - 1.0, (self.x, signs))
