"""The best placement of a layer graph on tiers: a mixed-integer program (HiGHS)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from edgeopt.optim.offloading.split_milp import (
    GAP,
    ROUNDS,
    SEEDS,
    Model,
    Queue,
    servers_wait,
)
from edgeopt.optim.offloading.tier_graph import GraphPlacement, TierGraph
from edgeopt.optim.offloading.tiers import best_placement
from edgeopt.problems.errors import FloatArray, IntArray, check_choice, check_number
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import QUEUED, Reading
from edgeopt.problems.systems.tiers import Tiers

GRAPH_OBJECTIVES = ("delay", "energy", "throughput")


def best_graph_placement(
    profile: Profile,
    tiers: Tiers,
    *,
    objective: str = "delay",
    least_accuracy: float = 0.0,
    reading: Reading = QUEUED,
) -> GraphPlacement | None:
    """Return the best placement of single layers on tiers, which may separate branches.

    Begins with the best cuts after any layer (`best_placement`) and looks for something better by
    a mixed-integer program for each choice of codecs: layers may move to later tiers only, a
    tensor crosses all links between its own tier and the last that reads it. The slowest queue
    makes tasks wait, as in `best_placement`. HiGHS has 30 s at a time; what it has not proved is
    the difference of value and bound.

    Parameters
    ----------
    profile, tiers
        As for `best_placement`, without exits, and with memory as a sum.
    objective : str
        Least ``delay`` or ``energy``, or highest ``throughput``.
    least_accuracy, reading
        As for `best_placement`.

    Returns
    -------
    GraphPlacement or None
        None if there is none.

    Raises
    ------
    InputError
        If there are exits, or an argument is out of range.

    Examples
    --------
    >>> from edgeopt import load_network
    >>> from edgeopt.optim.offloading import best_graph_placement
    >>> from edgeopt.problems.systems.load import read_pool
    >>> from edgeopt.problems.systems.system import CloudLink, TaskStream
    >>> from edgeopt.problems.systems import Tier, Tiers
    >>> boards = [("camera", "raspberry_pi_4"), ("edge", "jetson_xavier_nx")]
    >>> tiers = tuple(Tier(name, read_pool({"nodes": [{"device": board}]}, None))
    ...               for name, board in boards)
    >>> chain = Tiers("two", tiers, (CloudLink(1e7, 0.005),), TaskStream(1.0, deadline_s=1.0))
    >>> best = best_graph_placement(load_network("alexnet"), chain)
    >>> [len(layers) for layers in best.layers]
    [12, 0]
    """
    check_choice("objective", objective, GRAPH_OBJECTIVES)
    check_number("least_accuracy", least_accuracy, at_least=0, at_most=1)
    best, bound = _first(profile, tiers, objective, least_accuracy, reading), np.inf
    for codecs in product(tiers.codecs, repeat=len(tiers.links)):
        graph = TierGraph(profile, tiers, codecs, reading, objective)
        found, proved = GraphSearch(graph, least_accuracy).solve(best)
        best, bound = found or best, min(bound, proved)
    return None if best is None else replace(best, bound=min(bound, best.value))


def _first(
    profile: Profile, tiers: Tiers, objective: str, least_accuracy: float, reading: Reading
) -> GraphPlacement | None:
    """Return the best of the placements whose tiers meet at a cut after some layer."""
    graph = TierGraph(profile, tiers, tiers.codecs[:1] * len(tiers.links), reading, objective)
    cuts = best_placement(
        graph.costs.profile, tiers,
        objective=objective, least_accuracy=least_accuracy, reading=reading,
    )  # fmt: skip
    if cuts is None:
        return None
    named = {codec.name: codec for codec in tiers.codecs}
    graph = replace(graph, codecs=tuple(named[name] for name in cuts.codecs))
    one = graph.of(np.searchsorted(cuts.cuts, np.arange(len(profile.layers)), side="right"))
    return one if one.feasible else None


class GraphSearch:
    """The mixed-integer program of the placements with given codecs.

    The variable z(i, k) says whether layer i is on tier k or an earlier one, y(t, k) whether link
    k carries tensor t. Waits are supported from below by lines, as in `SplitSearch`.

    Parameters
    ----------
    graph : TierGraph
        Layers, tiers, codecs and objective.
    least_accuracy : float
        Accuracy that is required.
    """

    def __init__(self, graph: TierGraph, least_accuracy: float) -> None:
        self.graph = graph
        n, links = len(graph.profile.layers), len(graph.tiers.links)
        self.z = np.arange(links * n).reshape(links, n)
        self.y = links * n + np.arange(links * (n + 1)).reshape(links, n + 1)
        end = links * (2 * n + 1)
        self.used, self.coded = end + np.arange(links), end + links + np.arange(links)
        self.tier_s = end + 2 * links + np.arange(links + 1)
        self.wait, self.stage = end + 3 * links + 1, end + 3 * links + 2
        self.model = Model(end + 3 * links + 3)
        ones = [graph.of(np.full(n, k)) for k in range(links + 1)]
        delays = [one.delay_s for one in ones if 0.0 < one.delay_s < np.inf]
        self.second = min(delays, default=1.0)
        self.queues = list(self._queues())
        self._add_graph()
        self._add_limits(least_accuracy)
        self._add_times()
        for queue in self.queues:
            for share in SEEDS:
                self._add_support(queue, share * queue.capacity)

    def solve(self, best: GraphPlacement | None) -> tuple[GraphPlacement | None, float]:
        """Return the best placement if it is better than `best`, and a bound on all of them."""
        found: GraphPlacement | None = None
        least, bound = np.inf if best is None else best.value, -np.inf
        for _ in range(ROUNDS):
            position, bound = self._next()
            if position is None or bound >= least - GAP * abs(least):
                break
            one = self.graph.of(position)
            if one.feasible and one.value < least:
                found, least = one, one.value
            self._tighten(position)
        return found, bound

    def _on(self, tier: int, values: FloatArray) -> tuple[FloatArray, float]:
        """Return the sum of `values` over the layers of a tier as coefficients of z, a constant."""
        coefficients, links = np.zeros(self.z.shape), len(self.z)
        if tier < links:
            coefficients[tier] = values
        if tier > 0:
            coefficients[tier - 1] = -values
        return coefficients.ravel(), float(values.sum()) if tier == links else 0.0

    def _carried(self, link: int, values: FloatArray) -> FloatArray:
        """Return the sum of `values` over the tensors of a link as coefficients of y."""
        coefficients = np.zeros(self.y.shape)
        coefficients[link] = values
        return coefficients.ravel()

    def _queues(self) -> Iterator[Queue]:
        """Yield the queues of tiers and links; the time of unlike nodes is at least this sum."""
        graph, rate = self.graph, self.graph.tiers.tasks.arrival_hz
        for k, tier in enumerate(graph.tiers.tiers):
            nodes = float(tier.pool.nodes)
            with np.errstate(divide="ignore"):
                each = nodes / (graph.counts[k] / graph.layer_s[k]).sum(axis=0)
            layers, constant = self._on(k, each)
            none = np.zeros(self.y.size)
            wait = servers_wait(rate, nodes)
            yield Queue((0,), layers, none, constant, nodes / rate, wait)
        for k in range(len(graph.tiers.links)):
            tensors = self._carried(k, graph.tensor_s[k])
            wait = servers_wait(rate, 1.0)
            yield Queue((0,), np.zeros(self.z.size), tensors, 0.0, 1.0 / rate, wait)

    def _add_graph(self) -> None:
        """No layer reads from a later tier; what a later tier reads is sent."""
        add, pair = self.model.add, np.array([1.0, -1.0])
        for k, (z, y) in enumerate(zip(self.z, self.y, strict=True)):
            for i in range(z.size if k else 0):
                add(0.0, ([self.z[k - 1, i], z[i]], pair))
            for reader, tensor in self.graph.arcs:
                if tensor:
                    source = z[tensor - 1]
                    add(0.0, ([z[reader], source], pair))
                    add(0.0, ([source, z[reader], y[tensor]], np.array([1.0, -1.0, -1.0])))
                else:
                    add(-1.0, ([z[reader], y[0]], np.array([-1.0, -1.0])))
            for tensor, place in enumerate(y):
                add(0.0, ([place, self.used[k]], pair))
                if tensor:
                    add(0.0, ([place, self.coded[k]], pair))

    def _add_limits(self, least_accuracy: float) -> None:
        """Add memory and energy budget of each tier, stability, and accuracy."""
        graph, tasks = self.graph, self.graph.tiers.tasks
        z, y = self.z.ravel(), self.y.ravel()
        for k, tier in enumerate(graph.tiers.tiers):
            held, constant = self._on(k, graph.memory_bytes / graph.limits[k])
            self.model.add(1.0 - constant, (z, held))
            share = tasks.arrival_hz * tasks.period_s / tier.pool.nodes
            for device, joules in zip(tier.pool.groups, graph.layer_j[k], strict=True):
                if np.isfinite(device.energy_budget_j):
                    each = share / device.energy_budget_j
                    spent, constant = self._on(k, each * joules)
                    sent = np.zeros(y.size)
                    if k < len(graph.tiers.links):
                        sent = self._carried(k, each * self._radio_j(k))
                    self.model.add(1.0 - constant, (z, spent), (y, sent))
        for queue in self.queues:
            left = 1.0 - queue.constant / queue.capacity
            self.model.add(
                left, (z, queue.layers / queue.capacity), (y, queue.tensors / queue.capacity)
            )
        drops = np.array([codec.accuracy_drop for codec in graph.codecs])
        self.model.add(graph.tiers.accuracy - least_accuracy + 1e-12, (self.coded, drops))

    def _radio_j(self, link: int) -> FloatArray:
        """Return the energy of sending each tensor, (n + 1,) J."""
        joules: FloatArray = (
            self.graph.tensor_bits[link] * self.graph.tiers.links[link].energy_j_bit
        )
        return joules

    def _add_times(self) -> None:
        """Add the time of the slowest kind of node of each tier, and the time between tasks."""
        graph, z, second = self.graph, self.z.ravel(), self.second
        for k, rows in enumerate(graph.layer_s):
            for seconds in rows:
                mine, constant = self._on(k, seconds / second)
                self.model.add(-constant, (z, mine), (self.tier_s[k], -1.0))
        for k, queue in enumerate(self.queues):
            tier = k < len(graph.tiers.tiers)
            servers = second * (graph.tiers.tiers[k].pool.nodes if tier else 1.0)
            self.model.add(
                -queue.constant / servers,
                (z, queue.layers / servers),
                (self.y.ravel(), queue.tensors / servers),
                (self.stage, -1.0),
            )
        self.model.add(graph.tiers.tasks.deadline_s / second, *self._delay())

    def _delay(self) -> list[tuple[IntArray, FloatArray]]:
        """Return the delay as columns and coefficients, in units of `second`."""
        trips = np.array([link.round_trip_s for link in self.graph.tiers.links])
        return [
            (self.tier_s, np.ones(self.tier_s.size)),
            (self.y.ravel(), self.graph.tensor_s.ravel() / self.second),
            (self.used, trips / self.second),
            (np.array([self.wait]), np.ones(1)),
        ]

    def _cost(self) -> tuple[FloatArray, float, float]:
        """Return the objective, scaled to about 1, its scale, and its constant."""
        cost, constant = np.zeros(self.model.width), 0.0
        if self.graph.objective == "delay":
            for places, values in self._delay():
                cost[places] = values
            return cost, self.second, 0.0
        if self.graph.objective == "throughput":
            cost[self.stage] = 1.0
            return cost, self.second, 0.0
        for k, joules in enumerate(self.graph.mean_j):
            mine, rest = self._on(k, joules)
            cost[self.z.ravel()] += mine
            constant += rest
        for k in range(len(self.z)):
            cost[self.y[k]] = self._radio_j(k)
        scale = constant or float(np.abs(cost).max()) or 1.0
        return cost / scale, scale, constant

    def _add_support(self, queue: Queue, service: float) -> None:
        """Add a line below the wait of a queue."""
        slope, intercept = queue.support(service)
        if slope > 0.0:
            self.model.add(
                -(intercept + slope * queue.constant) / self.second,
                (self.z.ravel(), slope * queue.layers / self.second),
                (self.y.ravel(), slope * queue.tensors / self.second),
                (self.wait, -1.0),
            )

    def _tighten(self, position: IntArray) -> None:
        """Support the waits at the loads of a placement, and forbid it: it has been evaluated."""
        links = np.arange(len(self.z))[:, np.newaxis]
        z, y = (position <= links).ravel(), self.graph.sent(position).ravel()
        for queue in self.queues:
            service = queue.layers @ z + queue.tensors @ y + queue.constant
            self._add_support(queue, float(service))
        signs = np.where(z, 1.0, -1.0)
        self.model.add(float(z.sum()) - 1.0, (self.z.ravel(), signs))

    def _next(self) -> tuple[IntArray | None, float]:
        """Return the optimal placement of the present program, and its bound."""
        size, upper = self.z.size, np.full(self.model.width, np.inf)
        upper[: self.tier_s[0]] = 1.0
        cost, scale, constant = self._cost()
        values, bound = self.model.solve(cost, size, upper)
        if values is None:
            return None, bound
        return (values[:size].reshape(self.z.shape) < 0.5).sum(axis=0), bound * scale + constant
