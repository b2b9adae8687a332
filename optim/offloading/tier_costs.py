"""What a network costs on tiers in a row: each run of layers on a tier, and each crossing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, InputError, Number, check_choice
from edgeopt.problems.networks.profile import Profile, live_elements
from edgeopt.problems.offloading.arrays import NetworkArrays, measured_cuts, network_arrays
from edgeopt.problems.offloading.equations import (
    cmos_dynamic_energy_j,
    memory_limit_bytes,
    printed_dynamic_energy_j,
)
from edgeopt.problems.offloading.reading import Reading
from edgeopt.problems.offloading.waiting import mdx_wait_s
from edgeopt.problems.systems.system import Device, Pool
from edgeopt.problems.systems.tiers import Codec, Exit, Tiers


class StageCosts(NamedTuple):
    """The costs of one stage for a task that arrives at the first tier; arrays over its ends.

    Attributes
    ----------
    seconds : ndarray
        Mean time in the stage without waiting, s; 0 for tasks that ended before.
    wait : ndarray
        Mean wait if this stage alone made tasks wait, s.
    period : ndarray
        Mean time between tasks of the busy stage, s.
    energy : ndarray
        Mean energy of a task, J.
    loss : ndarray
        Loss of accuracy.
    memory : ndarray
        Memory of a node, byte.
    spare : ndarray
        Energy that a node may still spend on sending, for one task that arrives, J.
    legal : ndarray of bool
        Whether memory, energy budget and stability allow it.
    """

    seconds: FloatArray
    wait: FloatArray
    period: FloatArray
    energy: FloatArray
    loss: FloatArray
    memory: FloatArray
    spare: FloatArray
    legal: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TierCosts:
    """A network with some exits on tiers; the cuts 0..N are where tiers may meet.

    Parameters
    ----------
    profile : Profile
        The network.
    tiers : Tiers
        Tiers, links, tasks and codecs.
    exits : tuple of Exit
        The exits that are used.
    reading : Reading
        Units, memory and energy as for two tiers.
    """

    profile: Profile
    tiers: Tiers
    exits: tuple[Exit, ...]
    reading: Reading

    @cached_property
    def work(self) -> NetworkArrays:
        """The network in the units of the reading."""
        return network_arrays(self.profile, self.reading)

    @cached_property
    def exit_cuts(self) -> tuple[int, ...]:
        """The cut after which each exit is."""
        names = self.profile.cut_names[1:-1]
        cuts = [
            1 + names.index(check_choice("exits.after", one.after, names)) for one in self.exits
        ]
        if any(a >= b for a, b in pairwise(cuts)):
            raise InputError("exits.after", [one.after for one in self.exits], "in their order")
        return tuple(cuts)

    @cached_property
    def reach(self) -> FloatArray:
        """Share of the tasks that go on after each cut, (N + 1,); the last entry is of no use."""
        left = np.zeros(self.profile.depth + 1)
        for cut, one in zip(self.exit_cuts, self.exits, strict=True):
            left[cut:] = one.share
        return 1.0 - left

    @cached_property
    def accuracy(self) -> float:
        """Mean accuracy of the answers, without the losses of codecs."""
        shares = np.diff([0.0, *(one.share for one in self.exits), 1.0])
        right = [*(one.accuracy for one in self.exits), self.tiers.accuracy]
        return float(shares @ np.array(right))

    @cached_property
    def segment_flop(self) -> FloatArray:
        """Mean work between consecutive cuts of a task, branches included, (N + 1,) FLOP."""
        started = np.concatenate([[0.0], self.reach[:-1]])
        return started * (self.work.segment_flop + self._branches("macs") * self._flop_per_mac)

    @cached_property
    def segment_bytes(self) -> FloatArray:
        """Mean bytes moved between consecutive cuts, (N + 1,)."""
        return np.concatenate([[0.0], self.reach[:-1]]) * self.work.segment_bytes

    @property
    def _flop_per_mac(self) -> float:
        return float(self.reading.flop_per_mac)

    def _branches(self, field: str) -> FloatArray:
        """Return a field of the exit after each cut, 0 without one, (N + 1,)."""
        found = np.zeros(self.profile.depth + 1)
        for cut, one in zip(self.exit_cuts, self.exits, strict=True):
            found[cut] = getattr(one, field)
        return found

    def run(self, tier: int, start: int) -> StageCosts:
        """Return the costs of the layers start + 1..end on a tier, for the ends start..N."""
        pool, tasks = self.tiers.tiers[tier].pool, self.tiers.tasks
        groups = pool.groups
        count = np.array([[float(number)] for number in groups.values()])
        seconds = np.stack([self.seconds_of(device, start) for device in groups])
        with np.errstate(divide="ignore"):
            period = 1.0 / (count / seconds).sum(axis=0)
        share = float(self.reach[start]) or 1.0
        rate, nodes = tasks.arrival_hz * share, float(pool.nodes)
        wait = share * mdx_wait_s(rate, nodes * period / share, nodes)
        energy = np.stack([self.energy_of(device, start) for device in groups])
        memory = self.memory_of(start)
        budgets = np.array([[device.energy_budget_j] for device in groups])
        budgets = budgets * nodes / (tasks.arrival_hz * tasks.period_s)
        spare = (budgets - energy).min(axis=0)
        limit = memory_limit_bytes(pool.smallest_memory_bytes, pool.memory_share)
        return StageCosts(
            seconds=seconds.max(axis=0),
            wait=wait,
            period=period,
            energy=(count * energy).sum(axis=0) / nodes,
            loss=np.zeros(period.size),
            memory=memory,
            spare=spare,
            legal=(memory <= limit) & (spare >= 0.0) & np.isfinite(wait),
        )

    def cross(self, link: int, codec: Codec) -> StageCosts:
        """Return the costs of a link where it carries what crosses each of the cuts 0..N."""
        given, tasks = self.tiers.links[link], self.tiers.tasks
        elements = self.profile.crossing_elements.astype(np.float64)
        bits, coding = elements * codec.bits, elements * codec.s_element
        bits[0] = 8.0 * (tasks.size_bytes or self.work.input_bytes)  # the task as it came
        coding[0] = 0.0
        sender: Pool = self.tiers.tiers[link].pool
        rate = min(given.bandwidth_bit_s, float(sender.per_node("throughput_bit_s").min()))
        service, sent = bits / rate + coding, bits > 0
        wait = self.reach * mdx_wait_s(tasks.arrival_hz * self.reach, service, 1.0)
        dropped = codec.accuracy_drop * self.reach * (np.arange(bits.size) > 0)
        return StageCosts(
            seconds=self.reach * (service + given.round_trip_s * sent),
            wait=np.where(sent, wait, 0.0),
            period=self.reach * service,
            energy=self.reach * bits * given.energy_j_bit,
            loss=np.where(sent, dropped, 0.0),
            memory=np.zeros(bits.size),
            spare=np.zeros(bits.size),
            legal=np.isfinite(wait),
        )

    def upload_bytes(self, cut: int, codec: Codec) -> float:
        """Return what a task that goes on sends at a cut, byte."""
        if cut == 0:
            return float(self.tiers.tasks.size_bytes or self.work.input_bytes)
        return float(self.profile.crossing_elements[cut]) * codec.bits / 8.0

    def seconds_of(self, device: Device, start: int) -> FloatArray:
        """Return the time of the layers start + 1..end on a node (11), s."""
        bandwidth = device.memory_bandwidth_byte_s if self.reading.roofline else np.inf
        each = np.maximum(self.segment_flop / device.flops, self.segment_bytes / bandwidth)
        if device.times is not None:
            sums = measured_cuts(self.work, device.times).seconds
            each = self._with_branches(sums, 1.0 / device.flops)
        return np.cumsum(np.where(np.arange(each.size) > start, each, 0.0))[start:]

    def energy_of(self, device: Device, start: int) -> FloatArray:
        """Return the energy of the layers start + 1..end on a node (20), J."""
        sums = np.cumsum(self.segment_flop)
        flop = sums[start:] - sums[start]
        if device.times is not None:
            return self._measured_energy(device, start)
        dynamic = self._dynamic(device, flop)
        return device.static_power_w * self.seconds_of(device, start) + dynamic

    def _dynamic(self, device: Device, flop: Number) -> FloatArray:
        """Return the dynamic energy of `flop` on a node (19), J."""
        if self.reading.dynamic == "cmos":
            return cmos_dynamic_energy_j(device.kappa, np.asarray(flop), device.clock_hz)
        return printed_dynamic_energy_j(device.omega, np.asarray(flop), device.flops)

    def _measured_energy(self, device: Device, start: int) -> FloatArray:
        """Return the energy of the layers start + 1..end on a node that was measured, J."""
        power = device.static_power_w + float(self._dynamic(device, device.flops))
        joules = measured_cuts(self.work, str(device.times)).joules
        if np.isnan(joules).any():  # only its times are known
            return power * self.seconds_of(device, start)
        each = self._with_branches(joules, power / device.flops)
        return np.cumsum(np.where(np.arange(each.size) > start, each, 0.0))[start:]

    def _with_branches(self, sums: FloatArray, per_flop: float) -> FloatArray:
        """Return means between consecutive cuts of what was measured, (N + 1,).

        `sums` are those up to each cut; the branches of exits cost `per_flop`.
        """
        started = np.concatenate([[0.0], self.reach[:-1]])
        extra = self._branches("macs") * self._flop_per_mac * per_flop
        return started * (np.diff(sums, prepend=0.0) + extra)

    def memory_of(self, start: int) -> FloatArray:
        """Return the memory of the layers start + 1..end (10), byte."""
        profile, factor = self.profile, float(self.reading.element_bytes)
        chain = self.reading.parameters == "chain"
        held = (profile.chain_parameters if chain else profile.edge_parameters).astype(np.float64)
        held = held + np.cumsum(self._branches("parameters"))
        if self.reading.memory == "sum":
            held = held + profile.map_elements
            return np.asarray((held - held[start])[start:] * factor)
        return np.asarray(((held - held[start])[start:] + self._peaks[start, start:]) * factor)

    @cached_property
    def _peaks(self) -> FloatArray:
        """Most elements live at one time between two cuts, (N + 1, N + 1)."""
        live = live_elements(self.profile.layers, int(self.profile.output_elements[0]))
        ends = np.array([0, *self.profile.cut_ends])
        most = np.array([live[a:b].max() for a, b in pairwise(ends)], dtype=np.float64)
        peaks = np.zeros((ends.size, ends.size))
        for start in range(most.size):
            peaks[start, start + 1 :] = np.maximum.accumulate(most[start:])
        return peaks
