"""Every term of the program at every cut: times, energies, memory and loads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from edgeopt.problems.errors import FloatArray, Number
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.arrays import (
    NetworkArrays,
    SystemArrays,
    network_arrays,
    system_arrays,
)
from edgeopt.problems.offloading.equations import (
    cloud_execution_s,
    cmos_dynamic_energy_j,
    edge_execution_s,
    link_s,
    printed_dynamic_energy_j,
    radio_energy_j,
    static_energy_j,
)
from edgeopt.problems.offloading.reading import Reading
from edgeopt.problems.offloading.waiting import mdx_wait_s, mm1_wait_s, mmx_wait_s, printed_wait
from edgeopt.problems.systems.system import System


@dataclass(frozen=True, eq=False)
class CutTerms:
    """The terms over the cuts 0..N, float64, each computed on first use.

    The arrays have the shape (..., g, N + 1) where they differ between the g groups of identical
    nodes, else (..., 1, N + 1) or, for the network alone, (N + 1,).

    Parameters
    ----------
    work : NetworkArrays
        The network in the units of the reading.
    columns : SystemArrays
        One system, or a batch of systems.
    reading : Reading
        The reading that made both.
    execution : array or None
        Execution times (11), (..., g, N + 1) s, where they are not those of the segments: a split
        of the layer graph adds up its layers.
    """

    work: NetworkArrays
    columns: SystemArrays
    reading: Reading
    execution: FloatArray | None = None

    @cached_property
    def crossing_bits(self) -> FloatArray:
        """What is sent to the cloud, Map_j of (15), bit."""
        task_bits = 8.0 * self.columns.size_bytes
        return np.asarray(self.work.crossing_bits + task_bits * self.work.tasks_forwarded)

    @property
    def memory_bytes(self) -> FloatArray:
        """Dt^j (10), byte."""
        return self.work.memory_bytes

    @cached_property
    def execution_s(self) -> FloatArray:
        """Execution time t_qp,e on a node (11), s."""
        if self.execution is not None:
            return self.execution
        work, c = self.work, self.columns
        modelled = edge_execution_s(
            work.segment_flop, work.segment_bytes, c.flops, c.memory_bandwidth_byte_s
        )
        return _measured_or(c.measured_s, modelled)

    @cached_property
    def pool_s(self) -> FloatArray:
        """Mean time between tasks that leave the busy pool, s; different nodes add their rates."""
        c = self.columns
        if c.count.shape[-2] == 1:
            return np.asarray(self.execution_s / c.count)
        with np.errstate(divide="ignore"):
            return np.asarray(1.0 / (c.count / self.execution_s).sum(axis=-2, keepdims=True))

    @cached_property
    def waiting_s(self) -> FloatArray:
        """Waiting time t_qp,w (12), s; one queue sees x equal nodes of the pool's rate."""
        c, waiting = self.columns, self.reading.waiting
        if waiting == "printed":
            return printed_wait(c.arrival_hz, self.work.edge_flop, c.flops)
        if waiting == "mm1":
            return mm1_wait_s(c.arrival_hz / c.nodes, self.execution_s)
        if waiting == "queued" and not c.one_link:  # in turn, each to its node and its own uplink
            return mdx_wait_s(c.arrival_hz, self.execution_s, c.nodes)
        queue = mmx_wait_s if waiting == "mmx" else mdx_wait_s
        return queue(c.arrival_hz, c.nodes * self.pool_s, c.nodes)

    @cached_property
    def queue_s(self) -> FloatArray:
        """Wait for link and cloud besides `waiting_s`, s; 0 unless the reading has these queues.

        Of queues in series whose service times are constant, only the slowest keeps tasks waiting,
        as if they arrived there directly (Friedman, Operations Research 13(1), 1965). Tasks that
        go to x nodes in turn wait as in M/D/x (Crommelin, 1932). Where a pool of several nodes is
        the slowest, tasks that leave it together wait a little more, which is left out: at most
        the wait of M/D/1 at the rate of the pool less that of M/D/x.
        """
        c = self.columns
        if self.reading.waiting != "queued":
            return np.zeros(1)
        servers = 1.0 if c.one_link else c.nodes
        sent = mdx_wait_s(c.arrival_hz, self.crossing_bits / c.rate_bit_s, servers)
        cloud = mdx_wait_s(c.arrival_hz, self.cloud_s, 1.0)
        beyond = np.maximum(sent, cloud)
        with np.errstate(invalid="ignore"):  # both may be infinite
            return np.where(beyond > self.waiting_s, beyond - self.waiting_s, 0.0)

    @cached_property
    def link_s(self) -> FloatArray:
        """T_ec (15), s; with the wait for link and cloud, if the reading has it."""
        c, whole = self.columns, self.reading.whole_trip
        sent = link_s(self.crossing_bits, c.rate_bit_s, c.round_trip_s, whole_trip=whole)
        return sent + self.queue_s if self.reading.waiting == "queued" else sent

    @cached_property
    def cloud_s(self) -> FloatArray:
        """T_cp, the execution in the cloud (14), s."""
        if self.columns.cloud_measured_s is not None:
            return self.columns.cloud_measured_s
        return cloud_execution_s(self.work.cloud_flop, self.columns.cloud_flops)

    @cached_property
    def uplink_s(self) -> FloatArray:
        """T_te, the upload from terminal to edge (16), s."""
        c = self.columns
        return np.asarray(8.0 * c.size_bytes * c.inverse_rate_s_bit)  # (16)

    @cached_property
    def delay_s(self) -> FloatArray:
        """Delay of one task on the slowest node, the left-hand side of C2 (22), s."""
        at_node = self.waiting_s + self.execution_s + self.link_s
        return np.asarray(at_node.max(axis=-2, keepdims=True) + self.elsewhere_s)

    @property
    def elsewhere_s(self) -> FloatArray:
        """The parts of the delay that are the same on every node, as far as they count in C2, s."""
        cloud, uplink = self.reading.cloud_counts, self.reading.uplink_counts
        return np.asarray(self.cloud_s * cloud + self.uplink_s * uplink)

    @cached_property
    def task_energy_j(self) -> FloatArray:
        """Energy of one task on a node (20), J."""
        return self.computing_j + radio_energy_j(self.columns.energy_j_bit, self.crossing_bits)

    @cached_property
    def computing_j(self) -> FloatArray:
        """Energy of computing one task on a node, static and dynamic (18, 19) or measured, J."""
        c = self.columns
        static = static_energy_j(c.static_power_w, self.execution_s)
        modelled = static + self._modelled_dynamic_j(self.work.edge_flop)  # (20)
        if c.measured_s is None:
            return modelled
        # A node that was timed has its power at full speed, its energy of one FLOP times F.
        timed = static + self._modelled_dynamic_j(c.flops) * self.execution_s
        return _measured_or(c.measured_j, np.where(np.isnan(c.measured_s), modelled, timed))

    @property
    def dynamic_j(self) -> FloatArray:
        """Part of `computing_j` that is not static, J."""
        return self.computing_j - static_energy_j(self.columns.static_power_w, self.execution_s)

    def _modelled_dynamic_j(self, flop: Number) -> FloatArray:
        """Return the dynamic energy of `flop` (19), J."""
        c = self.columns
        if self.reading.dynamic == "cmos":
            return cmos_dynamic_energy_j(c.kappa, np.asarray(flop), c.clock_hz)
        return printed_dynamic_energy_j(c.omega, np.asarray(flop), c.flops)

    @cached_property
    def mean_energy_j(self) -> FloatArray:
        """Energy of one task, averaged over the nodes, J."""
        total = (self.columns.count * self.task_energy_j).sum(axis=-2, keepdims=True)
        return np.asarray(total / self.columns.nodes)

    @cached_property
    def period_energy_j(self) -> FloatArray:
        """Energy of a node in one period, J; every node serves the same number of tasks."""
        c = self.columns
        tasks = c.arrival_hz * c.period_s / c.nodes
        energy = self.task_energy_j * tasks  # (22)
        if not self.reading.idle_power:
            return energy
        idle_s = np.maximum(c.period_s - tasks * self.execution_s, 0.0)
        return energy + static_energy_j(c.static_power_w, idle_s)

    @cached_property
    def sending_s(self) -> FloatArray:
        """Mean time between tasks on the link when all nodes send, s."""
        c = self.columns
        if c.one_link:
            return np.asarray(self.crossing_bits / c.rate_bit_s.min(axis=-2, keepdims=True))
        rate = (c.count * c.rate_bit_s).sum(axis=-2, keepdims=True)
        return np.asarray(self.crossing_bits / rate)

    @cached_property
    def stage_s(self) -> FloatArray:
        """Mean time between tasks of the slowest of edge, link and cloud, s."""
        return np.maximum(np.maximum(self.pool_s, self.sending_s), self.cloud_s)

    @cached_property
    def loads(self) -> dict[str, FloatArray]:
        """Load of nodes, link and cloud, (..., 1, N + 1) each: what is above 1 piles up.

        As printed, that of a node, which meets all arrivals. Link and cloud have a load where the
        nodes share the link, or where the reading has their queues.
        """
        c, waiting = self.columns, self.reading.waiting
        in_turn = waiting == "queued" and not c.one_link
        if waiting == "printed":
            busy_s = (self.work.edge_flop / c.flops).max(axis=-2, keepdims=True)
        elif waiting == "mm1" or in_turn:
            busy_s = (self.execution_s / c.nodes).max(axis=-2, keepdims=True)
        else:
            busy_s = self.pool_s
        found = {"nodes": busy_s}
        if in_turn:
            sending_s = self.crossing_bits / (c.rate_bit_s * c.nodes)
            found["link"] = sending_s.max(axis=-2, keepdims=True)
        elif self.reading.shares_link or waiting == "queued":
            found["link"] = self.sending_s
        if self.reading.shares_link or waiting == "queued":
            found["cloud"] = self.cloud_s
        return {name: np.asarray(c.arrival_hz * busy_s) for name, busy_s in found.items()}

    @cached_property
    def utilisation(self) -> FloatArray:
        """Load of the busiest queue."""
        return np.asarray(reduce(np.maximum, self.loads.values()))


def _measured_or(measured: FloatArray | None, modelled: FloatArray) -> FloatArray:
    """Return what was measured, and what the model gives where that is nan."""
    return modelled if measured is None else np.where(np.isnan(measured), modelled, measured)


def terms_of(profile: Profile, system: System, reading: Reading) -> CutTerms:
    """Return the terms of a network on a system."""
    work = network_arrays(profile, reading)
    return CutTerms(work, system_arrays(system, work, reading), reading)
