"""A system: the pool of edge nodes, the cloud, the links and the stream of tasks."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    check_number,
    check_quantities,
    check_quantity,
)

SLOWEST, FASTEST = 1e-6, 1e15  # bit/s; the density of log rates (16) has moments within


@dataclass(frozen=True)
class Pool:
    """The x edge nodes.

    Parameters
    ----------
    devices : tuple of Device
        The nodes, at least one.
    memory_share : float
        The paper's lambda_0 in (0, 1]: the part of the smallest memory that the network may use.

    Raises
    ------
    InputError
        If there is no node, an entry is no `Device`, or the share is outside (0, 1].
    """

    devices: tuple[Device, ...]
    memory_share: float = 1.0

    def __post_init__(self) -> None:
        if not self.devices or not all(isinstance(device, Device) for device in self.devices):
            raise InputError("pool.devices", self.devices, "a tuple of at least one Device")
        check_quantity("pool.memory_share", self.memory_share)
        check_number("pool.memory_share", self.memory_share, at_most=1)

    @property
    def nodes(self) -> int:
        """Number of nodes x."""
        return len(self.devices)

    @property
    def groups(self) -> Counter[Device]:
        """Identical nodes counted once, in the order of their first appearance."""
        return Counter(self.devices)

    def per_node(self, name: str) -> FloatArray:
        """Return the `Device` field `name` of every node, shape (x,)."""
        return np.array([getattr(device, name) for device in self.devices], dtype=np.float64)

    @property
    def smallest_memory_bytes(self) -> float:
        """The paper's P_0, byte: the memory of the smallest node."""
        return min(device.memory_bytes for device in self.devices)


@dataclass(frozen=True)
class Cloud:
    """The cloud: its speed F_c in FLOP/s, > 0. It has no queue."""

    flops: float

    def __post_init__(self) -> None:
        check_quantity("cloud.flops", self.flops)


@dataclass(frozen=True)
class CloudLink:
    """The link from the edge to the cloud, which all nodes share.

    Parameters
    ----------
    bandwidth_bit_s : float
        Rate W_H of (15), bit/s, > 0.
    round_trip_s : float
        Round-trip time, s, >= 0.
    energy_j_bit : float
        What sending one bit costs the node, J/bit, >= 0.
    """

    bandwidth_bit_s: float
    round_trip_s: float = 0.0
    energy_j_bit: float = 0.0

    def __post_init__(self) -> None:
        check_quantity("link.bandwidth_bit_s", self.bandwidth_bit_s)
        check_quantity("link.round_trip_s", self.round_trip_s, zero=True)
        check_quantity("link.energy_j_bit", self.energy_j_bit, zero=True)


@dataclass(frozen=True, eq=False)
class TerminalLink:
    """The terminals' link to the edge, known by the measured rates Vs = {v_1..v_l} of (16).

    Parameters
    ----------
    rates_bit_s : array_like, shape (l,)
        Measured rates, bit/s, > 0; stored as a read-only float64 array.
    """

    rates_bit_s: FloatArray

    def __post_init__(self) -> None:
        rates = check_quantities("uplink.rates_bit_s", self.rates_bit_s)
        if rates.min() < SLOWEST or rates.max() > FASTEST:
            raise InputError("uplink.rates_bit_s", rates, f"{SLOWEST:g} to {FASTEST:g} bit/s")
        object.__setattr__(self, "rates_bit_s", rates)


@dataclass(frozen=True)
class TaskStream:
    """The tasks that arrive at the pool.

    Parameters
    ----------
    arrival_hz : float
        Arrival rate a of all tasks, 1/s, > 0.
    deadline_s : float
        Largest delay T_max of a task, s, > 0.
    period_s : float
        Time for which the nodes' energy budgets last, s, > 0.
    size_bytes : float or None
        What a terminal sends for one task, De of (16), byte, > 0. None: one byte for each element
        of the network's input, an 8-bit image.
    """

    arrival_hz: float
    deadline_s: float
    period_s: float = 3600.0
    size_bytes: float | None = None

    def __post_init__(self) -> None:
        for name in ("arrival_hz", "deadline_s", "period_s"):
            check_quantity(f"tasks.{name}", getattr(self, name))
        if self.size_bytes is not None:
            check_quantity("tasks.size_bytes", self.size_bytes)


@dataclass(frozen=True)
class System:
    """Everything that surrounds the network; see the parts.

    Examples
    --------
    See `load_system`.
    """

    name: str
    pool: Pool
    cloud: Cloud
    link: CloudLink
    uplink: TerminalLink
    tasks: TaskStream


# One edge node: its speed, memory, rate, power and energy budget.

_POSITIVE = ("flops", "memory_bytes")

_POSITIVE_OR_UNLIMITED = ("throughput_bit_s", "energy_budget_j", "memory_bandwidth_byte_s")

_NOT_NEGATIVE = ("static_power_w", "omega", "kappa", "clock_hz")


@dataclass(frozen=True)
class Device:
    """An edge node i of the paper's section 3.

    Parameters
    ----------
    name : str
        What the node is called in reports.
    flops : float
        Speed F_i, FLOP/s, > 0.
    memory_bytes : float
        Memory P_i, byte, > 0.
    throughput_bit_s : float
        Largest rate L_i of the node's own interface, bit/s, > 0; infinite: no limit.
    energy_budget_j : float
        Energy E_i that the node may spend in one period of the task stream, J, > 0; infinite: none.
    memory_bandwidth_byte_s : float
        Memory bandwidth of the roofline, byte/s, > 0; infinite: the speed is always `flops`.
    static_power_w : float
        Power e_i of the idle node (18), W, >= 0.
    omega : float
        Factor of the printed dynamic energy ``omega Z F`` (19), J s / FLOP**2, >= 0.
    kappa : float
        Factor of the CMOS energy ``kappa Z f**2``, J / (FLOP Hz**2), >= 0.
    clock_hz : float
        Clock f of the CMOS energy, Hz, >= 0.

    Raises
    ------
    InputError
        If a field is no number or breaks its limit.
    """

    name: str
    flops: float
    memory_bytes: float
    throughput_bit_s: float = math.inf
    energy_budget_j: float = math.inf
    memory_bandwidth_byte_s: float = math.inf
    static_power_w: float = 0.0
    omega: float = 0.0
    kappa: float = 0.0
    clock_hz: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InputError("device name", self.name, "a text that is not empty")
        for field in _POSITIVE:
            check_quantity(f"{self.name}.{field}", getattr(self, field))
        for field in _POSITIVE_OR_UNLIMITED:
            if getattr(self, field) != math.inf:
                check_quantity(f"{self.name}.{field}", getattr(self, field))
        for field in _NOT_NEGATIVE:
            check_quantity(f"{self.name}.{field}", getattr(self, field), zero=True)
