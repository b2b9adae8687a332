"""What any placement of a layer graph on tiers costs; layers of one depth may be on two tiers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from edgeopt.optim.offloading.split_measures import Mask
from edgeopt.optim.offloading.splits import CrossingTensor
from edgeopt.optim.offloading.tier_costs import TierCosts
from edgeopt.problems.errors import FloatArray, InputError, IntArray
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.equations import memory_limit_bytes
from edgeopt.problems.offloading.reading import Reading
from edgeopt.problems.offloading.waiting import mdx_wait_s
from edgeopt.problems.systems.tiers import Codec, Tiers


@dataclass(frozen=True)
class GraphPlacement:
    """Which layers of a graph are on which tier, and what that costs a task.

    Parameters
    ----------
    layers : tuple of tuple of str
        Names of the layers of each tier.
    codecs : tuple of str
        The codec of each link; the task itself is sent as it came.
    crossing : tuple of tuple of CrossingTensor
        What each link carries.
    delay_s, wait_s, period_s, energy_j, accuracy : float
        As of a `Placement`.
    loads : tuple of float
        Load of tiers and links in turn.
    feasible : bool
        Whether it meets all limits.
    objective : str
        What was minimised.
    bound : float
        A proved lower bound on the delay (s), the energy (J) or the period (s) of all placements.

    Examples
    --------
    See `best_graph_placement`.
    """

    layers: tuple[tuple[str, ...], ...]
    codecs: tuple[str, ...]
    crossing: tuple[tuple[CrossingTensor, ...], ...]
    delay_s: float
    wait_s: float
    period_s: float
    energy_j: float
    accuracy: float
    loads: tuple[float, ...]
    feasible: bool
    objective: str = "delay"
    bound: float = -np.inf

    @property
    def value(self) -> float:
        """The objective."""
        named = {"delay": self.delay_s, "energy": self.energy_j, "throughput": self.period_s}
        return named[self.objective]


class _Part(NamedTuple):
    """What a tier or a link costs a task, and whether memory and energy budgets hold."""

    seconds: float
    wait_s: float
    period_s: float
    energy_j: float
    holds: bool = True


@dataclass(frozen=True, eq=False)
class TierGraph:
    """The layers of a network on each tier, each alone; n layers, n + 1 tensors.

    A position 0..K - 1 of each layer makes a placement; none is below that of a layer it reads.

    Parameters
    ----------
    profile : Profile
        The network.
    tiers : Tiers
        Tiers, links and tasks, without exits.
    codecs : tuple of Codec
        The codec of each link.
    reading : Reading
        Units, memory and energy.
    objective : str
        What is minimised.

    Raises
    ------
    InputError
        If there are exits, or the reading has memory by peaks, which depend on an order.
    """

    profile: Profile
    tiers: Tiers
    codecs: tuple[Codec, ...]
    reading: Reading
    objective: str = "delay"

    def __post_init__(self) -> None:
        if self.tiers.exits:
            rule = "left out, where layers of a graph are placed one by one"
            raise InputError("exits", [one.after for one in self.tiers.exits], rule)
        if self.reading.memory != "sum":
            raise InputError("reading.memory", self.reading.memory, "'sum' for a graph on tiers")

    @cached_property
    def costs(self) -> TierCosts:
        """The costs of the same network cut after each layer."""
        ends = tuple(range(1, len(self.profile.layers) + 1))
        return TierCosts(replace(self.profile, cut_ends=ends), self.tiers, (), self.reading)

    @cached_property
    def layer_s(self) -> list[FloatArray]:
        """Time of each layer on each kind of node of each tier, (g, n) s."""
        return [
            np.stack([np.diff(self.costs.seconds_of(device, 0)) for device in tier.pool.groups])
            for tier in self.tiers.tiers
        ]

    @cached_property
    def layer_j(self) -> list[FloatArray]:
        """Energy of each layer on each kind of node of each tier, (g, n) J."""
        return [
            np.stack([np.diff(self.costs.energy_of(device, 0)) for device in tier.pool.groups])
            for tier in self.tiers.tiers
        ]

    @cached_property
    def counts(self) -> list[FloatArray]:
        """Nodes of each kind of each tier, (g, 1)."""
        groups = [tier.pool.groups.values() for tier in self.tiers.tiers]
        return [np.array([[float(count)] for count in one]) for one in groups]

    @cached_property
    def mean_j(self) -> list[FloatArray]:
        """Energy of each layer as a mean over the nodes of each tier, (n,) J."""
        return [
            np.asarray((count * each).sum(axis=0) / count.sum())
            for count, each in zip(self.counts, self.layer_j, strict=True)
        ]

    @cached_property
    def memory_bytes(self) -> FloatArray:
        """Memory of each layer, (n,) byte."""
        return np.diff(self.costs.memory_of(0))

    @cached_property
    def limits(self) -> list[float]:
        """Usable memory of a node of each tier, byte."""
        pools = [tier.pool for tier in self.tiers.tiers]
        return [memory_limit_bytes(pool.smallest_memory_bytes, pool.memory_share) for pool in pools]

    @cached_property
    def tensor_bits(self) -> FloatArray:
        """Bits of each tensor on each link, (K - 1, n + 1); entry 0 is the task as it came."""
        bits = np.outer([codec.bits for codec in self.codecs], self._elements)
        bits[:, 0] = 8.0 * self.costs.upload_bytes(0, self.codecs[0])
        return bits

    @cached_property
    def tensor_s(self) -> FloatArray:
        """Time of each tensor on each link, coding included, (K - 1, n + 1) s."""
        coding = np.outer([codec.s_element for codec in self.codecs], self._elements)
        coding[:, 0] = 0.0
        senders = [tier.pool.per_node("throughput_bit_s").min() for tier in self.tiers.tiers]
        rates = np.minimum([link.bandwidth_bit_s for link in self.tiers.links], senders[:-1])
        return np.asarray(self.tensor_bits / rates[:, np.newaxis] + coding)

    @cached_property
    def _elements(self) -> FloatArray:
        first = float(self.profile.output_elements[0])
        return np.array([first, *(float(layer.elements) for layer in self.profile.layers)])

    @cached_property
    def arcs(self) -> list[tuple[int, int]]:
        """Each reader (a layer) with a tensor (0..n) that it reads."""
        layers = self.profile.layers
        return [(i, one + 1) for i, layer in enumerate(layers) for one in sorted(set(layer.inputs))]

    def sent(self, position: IntArray) -> Mask:
        """Return which tensors each link carries, (K - 1, n + 1) of bool."""
        owner = np.concatenate([[0], position])
        last = owner.copy()
        for reader, tensor in self.arcs:
            last[tensor] = max(last[tensor], position[reader])
        link = np.arange(len(self.tiers.links))[:, np.newaxis]
        return np.asarray((owner <= link) & (link < last))

    def of(self, position: IntArray) -> GraphPlacement:
        """Return what a placement costs."""
        sent = self.sent(position)
        links = [self._link(k, carried) for k, carried in enumerate(sent)]
        radio = [*(link.energy_j for link in links), 0.0]
        tiers = [self._tier(k, position == k, radio[k]) for k in range(len(self.tiers.tiers))]
        parts = [tiers[0], *(part for pair in zip(links, tiers[1:], strict=True) for part in pair)]
        wait = max(part.wait_s for part in parts)
        delay = sum(part.seconds for part in parts) + wait
        lossy = [codec.accuracy_drop for codec, row in zip(self.codecs, sent, strict=True)
                 if row[1:].any()]  # fmt: skip
        names = ("input", *(layer.name for layer in self.profile.layers))
        return GraphPlacement(
            layers=tuple(
                tuple(names[1 + i] for i in np.flatnonzero(position == k))
                for k in range(len(tiers))
            ),
            codecs=tuple(codec.name for codec in self.codecs),
            crossing=tuple(
                tuple(CrossingTensor(names[i], float(bits[i] / 8.0)) for i in np.flatnonzero(row))
                for bits, row in zip(self.tensor_bits, sent, strict=True)
            ),
            delay_s=delay,
            wait_s=wait,
            period_s=max(part.period_s for part in parts),
            energy_j=sum(part.energy_j for part in parts),
            accuracy=self.tiers.accuracy - sum(lossy),
            loads=tuple(self.tiers.tasks.arrival_hz * part.period_s for part in parts),
            feasible=all(part.holds for part in parts) and delay <= self.tiers.tasks.deadline_s,
            objective=self.objective,
        )

    def _tier(self, tier: int, mine: Mask, radio_j: float) -> _Part:
        """Return what the layers `mine` cost on a tier that spends so much on sending."""
        pool, tasks = self.tiers.tiers[tier].pool, self.tiers.tasks
        seconds = self.layer_s[tier][:, mine].sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            period = float(1.0 / (self.counts[tier] / seconds).sum())
        nodes = float(pool.nodes)
        share = tasks.arrival_hz * tasks.period_s / nodes
        spent = self.layer_j[tier][:, mine].sum(axis=1) + radio_j
        budgets = np.array([device.energy_budget_j for device in pool.groups])
        holds = self.memory_bytes[mine].sum() <= self.limits[tier]
        return _Part(
            seconds=float(seconds.max()),
            wait_s=float(mdx_wait_s(tasks.arrival_hz, np.array(nodes * period), nodes)),
            period_s=period,
            energy_j=float(self.mean_j[tier][mine].sum()),
            holds=bool(holds and (spent * share <= budgets).all()),
        )

    def _link(self, link: int, carried: Mask) -> _Part:
        """Return what the tensors `carried` cost on a link."""
        given = self.tiers.links[link]
        service = float(self.tensor_s[link][carried].sum())
        wait = mdx_wait_s(self.tiers.tasks.arrival_hz, np.array(service), 1.0)
        return _Part(
            seconds=service + given.round_trip_s * bool(carried.any()),
            wait_s=float(wait),
            period_s=service,
            energy_j=float(self.tensor_bits[link][carried].sum()) * given.energy_j_bit,
        )
