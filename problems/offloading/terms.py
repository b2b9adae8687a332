"""Every term of the program at every cut: times, energies, memory and load."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from problems.errors import FloatArray
from problems.offloading.columns import Columns, Number
from problems.offloading.energy import (
    cmos_dynamic_energy_j,
    printed_dynamic_energy_j,
    radio_energy_j,
    static_energy_j,
)
from problems.offloading.execution import cloud_execution_s, edge_execution_s
from problems.offloading.link import link_s
from problems.offloading.reading import Reading
from problems.offloading.waiting import mdx_wait_s, mm1_wait_s, mmx_wait_s, printed_wait
from problems.offloading.work import Work


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms over the cuts 0..N, float64.

    The arrays have the shape (..., g, N + 1) where they differ between the g groups of identical
    nodes, else (..., 1, N + 1) or, for the network alone, (N + 1,).

    Parameters
    ----------
    memory_bytes : array
        Dt^j (10), byte.
    crossing_bits : array
        What is sent to the cloud, Map_j of (15), bit.
    waiting_s, execution_s, link_s, cloud_s, uplink_s : array
        T_qp (12), T_te (11), T_ec (15), cloud (14) and T_cp (16), s.
    delay_s : array
        Delay of one task on the slowest node, the left-hand side of C2, s.
    task_energy_j, period_energy_j : array
        Energy of one task on a node (20), and of a node in one period, J.
    mean_energy_j : array
        Energy of one task, averaged over the nodes, J.
    utilisation : array
        Load of the queue; stable below 1.
    stage_s : array
        Mean time between tasks of the slowest of edge, link and cloud, s.
    """

    memory_bytes: FloatArray
    crossing_bits: FloatArray
    waiting_s: FloatArray
    execution_s: FloatArray
    link_s: FloatArray
    cloud_s: FloatArray
    uplink_s: FloatArray
    delay_s: FloatArray
    task_energy_j: FloatArray
    period_energy_j: FloatArray
    mean_energy_j: FloatArray
    utilisation: FloatArray
    stage_s: FloatArray


def terms_of(work: Work, columns: Columns, reading: Reading) -> Terms:
    """Compute all terms of one system or of a batch, see `Terms`."""
    c = columns
    size = np.where(np.isnan(c.size_bytes), work.input_bytes, c.size_bytes)
    bits = np.where(work.forwards_task, 8.0 * size, work.crossing_bits)
    execution = edge_execution_s(
        work.segment_flop, work.segment_bytes, c.flops, c.memory_bandwidth_byte_s
    )
    with np.errstate(divide="ignore"):
        pooled = 1.0 / (c.count / execution).sum(axis=-2, keepdims=True)
    waiting, load = _queue(work, c, reading, execution, pooled)
    link = link_s(bits, c.rate_bit_s, c.round_trip_s)
    cloud = cloud_execution_s(work.cloud_flop, c.cloud_flops)
    uplink = 8.0 * size * c.inverse_rate_s_bit  # (16)
    slowest = (waiting + execution + link).max(axis=-2, keepdims=True)
    delay = slowest + cloud + (uplink if reading.uplink_counts else 0.0)
    task_energy = _task_energy(work, c, reading, execution, bits)
    idle = _idle_energy(c, reading, execution)
    sending = bits / (c.count * c.rate_bit_s).sum(axis=-2, keepdims=True)
    return Terms(
        memory_bytes=work.memory_bytes,
        crossing_bits=bits,
        waiting_s=waiting,
        execution_s=execution,
        link_s=link,
        cloud_s=cloud,
        uplink_s=np.asarray(uplink),
        delay_s=delay,
        task_energy_j=task_energy,
        period_energy_j=task_energy * (c.arrival_hz * c.period_s / c.nodes) + idle,  # (22)
        mean_energy_j=(c.count * task_energy).sum(axis=-2, keepdims=True) / c.nodes,
        utilisation=load.max(axis=-2, keepdims=True),
        stage_s=np.maximum(np.maximum(pooled, sending), cloud),
    )


def _queue(
    work: Work, c: Columns, reading: Reading, execution: FloatArray, pooled: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the waiting time (12) and the utilisation."""
    if reading.waiting == "printed":
        wait = printed_wait(c.arrival_hz, work.edge_flop, c.flops)
        return wait, c.arrival_hz * work.edge_flop / c.flops
    if reading.waiting == "mm1":
        at_node = c.arrival_hz / c.nodes
        return mm1_wait_s(at_node, execution), at_node * execution
    queue = mmx_wait_s if reading.waiting == "mmx" else mdx_wait_s
    return queue(c.arrival_hz, c.nodes * pooled, c.nodes), c.arrival_hz * pooled


def _task_energy(
    work: Work, c: Columns, reading: Reading, execution: FloatArray, bits: FloatArray
) -> FloatArray:
    """Return the energy of one task on each node (20), J."""
    if reading.dynamic == "cmos":
        dynamic = cmos_dynamic_energy_j(c.kappa, work.edge_flop, c.clock_hz)
    else:
        dynamic = printed_dynamic_energy_j(c.omega, work.edge_flop, c.flops)
    radio = radio_energy_j(c.energy_j_bit, bits)
    return static_energy_j(c.static_power_w, execution) + dynamic + radio  # (20)


def _idle_energy(c: Columns, reading: Reading, execution: FloatArray) -> Number:
    """Return the static energy of a node's idle time in one period, J; 0 as printed."""
    if not reading.idle_power:
        return 0.0
    busy = execution * (c.arrival_hz * c.period_s / c.nodes)
    return static_energy_j(c.static_power_w, np.maximum(c.period_s - busy, 0.0))
