"""The numbers of one system, or of many, as arrays that broadcast against the cuts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from problems.errors import FloatArray
from problems.offloading.link import node_rate_bit_s
from problems.offloading.memory import memory_limit_bytes
from problems.offloading.reading import Reading
from problems.offloading.system import System
from problems.offloading.uplink import INVERSE_RATE
from problems.offloading.work import Work

Number = float | FloatArray


@dataclass(frozen=True, eq=False)
class Columns:
    """A system as columns: the last axis stands for the cuts, the one before for node groups.

    Fields of nodes have the shape (..., g, 1), g groups of identical nodes; fields of the system
    are numbers or have the shape (..., 1, 1). Leading axes are a batch of systems.

    Parameters
    ----------
    count, nodes : array, number
        Nodes of each group, and of the pool (x).
    flops, memory_bandwidth_byte_s, rate_bit_s : array
        Speed F_i, memory bandwidth and rate to the cloud of one node.
    static_power_w, omega, kappa, clock_hz, energy_budget_j : array
        As in `Device`.
    memory_limit_bytes, cloud_flops, round_trip_s, energy_j_bit : number
        lambda_0 P_0 (21), F_c, round trip and radio energy.
    inverse_rate_s_bit, size_bytes, arrival_hz, deadline_s, period_s : number
        E[1/v] of (16) and the task stream.
    """

    count: FloatArray
    nodes: Number
    flops: FloatArray
    memory_bandwidth_byte_s: FloatArray
    rate_bit_s: FloatArray
    static_power_w: FloatArray
    omega: FloatArray
    kappa: FloatArray
    clock_hz: FloatArray
    energy_budget_j: FloatArray
    memory_limit_bytes: Number
    cloud_flops: Number
    round_trip_s: Number
    energy_j_bit: Number
    inverse_rate_s_bit: Number
    size_bytes: Number
    arrival_hz: Number
    deadline_s: Number
    period_s: Number


def columns_of(system: System, work: Work, reading: Reading) -> Columns:
    """Return the columns of one system for a network; identical nodes become one group."""
    pool, link, tasks = system.pool, system.link, system.tasks
    groups = pool.groups

    def column(name: str) -> FloatArray:
        return np.array([[getattr(device, name)] for device in groups], dtype=np.float64)

    nodes, own_rate = float(pool.nodes), column("throughput_bit_s")
    rate = node_rate_bit_s(link.bandwidth_bit_s, own_rate, nodes, shared=reading.shares_link)
    bandwidths = column("memory_bandwidth_byte_s")
    inverse_rate = INVERSE_RATE[reading.uplink](system.uplink.rates_bit_s)
    return Columns(
        count=np.array([[count] for count in groups.values()], dtype=np.float64),
        nodes=nodes,
        flops=column("flops"),
        memory_bandwidth_byte_s=np.where(reading.roofline, bandwidths, np.inf),
        rate_bit_s=np.asarray(rate),
        static_power_w=column("static_power_w"),
        omega=column("omega"),
        kappa=column("kappa"),
        clock_hz=column("clock_hz"),
        energy_budget_j=column("energy_budget_j"),
        memory_limit_bytes=memory_limit_bytes(pool.smallest_memory_bytes, pool.memory_share),
        cloud_flops=system.cloud.flops,
        round_trip_s=link.round_trip_s if reading.shares_link else 0.0,
        energy_j_bit=link.energy_j_bit if reading.radio else 0.0,
        inverse_rate_s_bit=inverse_rate * (nodes if reading.uplink == "printed" else 1.0),  # (16)
        size_bytes=tasks.size_bytes or work.input_bytes,
        arrival_hz=tasks.arrival_hz,
        deadline_s=tasks.deadline_s,
        period_s=tasks.period_s,
    )
