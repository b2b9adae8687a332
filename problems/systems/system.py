"""A system: edge nodes and their pool, cloud, links and stream of tasks; and random systems."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError, check_integer, check_quantities
from edgeopt.problems.parameters import check_parameters, quantity

# bit/s: between these the moments of the density of log rates (17) are finite float64 numbers.
_SLOWEST, _FASTEST = 1e-6, 1e15


@dataclass(frozen=True)
class Device:
    """An edge node i of the paper's section 3.

    Parameters
    ----------
    name : str
        Name in reports.
    flops : float
        Speed F_i, FLOP/s, > 0.
    memory_bytes : float
        Memory P_i, byte, > 0.
    throughput_bit_s : float
        Throughput L_i of the node's own interface, bit/s, > 0; infinite: no limit.
    energy_budget_j : float
        Energy E_i that the node may spend in one period of the task stream, J, > 0; infinite: no
        limit.
    memory_bandwidth_byte_s : float
        Memory bandwidth of the roofline model, byte/s, > 0; infinite: the speed is always `flops`.
    static_power_w : float
        Static power e_i (18), W, >= 0.
    omega : float
        Factor of the printed dynamic energy ``omega Z F`` (19), J s / FLOP**2, >= 0.
    kappa : float
        Factor of the CMOS energy ``kappa Z f**2``, J / (FLOP Hz**2), >= 0.
    clock_hz : float
        Clock f of the CMOS energy, Hz, >= 0.
    times : str or None
        Column of the network's measured times (`Profile.measured`) that this device has. They
        replace `flops` and `memory_bandwidth_byte_s`, and measured energies the powers.

    Raises
    ------
    InputError
        If a field is no number or breaks its limit.
    """

    name: str
    flops: float = quantity()
    memory_bytes: float = quantity()
    throughput_bit_s: float = quantity(math.inf)
    energy_budget_j: float = quantity(math.inf)
    memory_bandwidth_byte_s: float = quantity(math.inf)
    static_power_w: float = quantity(0.0, zero=True)
    omega: float = quantity(0.0, zero=True)
    kappa: float = quantity(0.0, zero=True)
    clock_hz: float = quantity(0.0, zero=True)
    times: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InputError("name", self.name, "a text that is not empty")
        _check_times(self.times)
        check_parameters(self)


@dataclass(frozen=True)
class Pool:
    """The x edge nodes.

    Parameters
    ----------
    devices : tuple of Device
        The nodes, at least one.
    memory_share : float
        The paper's lambda_0 in (0, 1]: the share of the smallest memory that the network may use.

    Raises
    ------
    InputError
        If there is no node, an entry is no `Device`, or the share is outside (0, 1].
    """

    devices: tuple[Device, ...]
    memory_share: float = quantity(1.0, at_most=1.0)

    def __post_init__(self) -> None:
        if not self.devices or not all(isinstance(device, Device) for device in self.devices):
            raise InputError("devices", self.devices, "a tuple of at least one Device")
        check_parameters(self)

    @property
    def nodes(self) -> int:
        """Number of nodes x."""
        return len(self.devices)

    @property
    def groups(self) -> Counter[Device]:
        """Identical nodes with their number, in the order of their first appearance."""
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
    """The cloud: its speed F_c in FLOP/s, > 0, or measured times. It has no queue."""

    flops: float = quantity()
    times: str | None = None

    def __post_init__(self) -> None:
        _check_times(self.times)
        check_parameters(self)


def _check_times(times: str | None) -> None:
    """Raise `InputError` unless `times` may be the name of a column."""
    if times is not None and (not isinstance(times, str) or not times):
        raise InputError("times", times, "the name of a device in the network's measured times")


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
        Energy that a node spends on sending one bit, J/bit, >= 0.
    """

    bandwidth_bit_s: float = quantity()
    round_trip_s: float = quantity(0.0, zero=True)
    energy_j_bit: float = quantity(0.0, zero=True)

    def __post_init__(self) -> None:
        check_parameters(self)


@dataclass(frozen=True, eq=False)
class TerminalLink:
    """The link from the terminals to the edge, given by measured rates Vs = {v_1..v_l} (16).

    Parameters
    ----------
    rates_bit_s : array_like, shape (l,)
        Measured rates, bit/s, > 0; stored as a read-only float64 array.
    """

    rates_bit_s: FloatArray

    def __post_init__(self) -> None:
        rates = check_quantities("rates_bit_s", self.rates_bit_s)
        if rates.min() < _SLOWEST or rates.max() > _FASTEST:
            raise InputError("rates_bit_s", rates, f"{_SLOWEST:g} to {_FASTEST:g} bit/s")
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
        Period that an energy budget of a node must last, s, > 0.
    size_bytes : float or None
        Data De that a terminal sends for one task (16), byte, > 0. None: one byte for each element
        of the network's input, as for an 8-bit image.
    """

    arrival_hz: float = quantity()
    deadline_s: float = quantity()
    period_s: float = quantity(3600.0)
    size_bytes: float | None = quantity(None)

    def __post_init__(self) -> None:
        check_parameters(self)


@dataclass(frozen=True)
class System:
    """All that a network runs on: pool, cloud, links and tasks.

    Parameters
    ----------
    name : str
        Name in reports.
    pool : Pool
        The edge nodes.
    cloud : Cloud
        The cloud.
    link : CloudLink
        From the edge to the cloud.
    uplink : TerminalLink
        From the terminals to the edge.
    tasks : TaskStream
        The tasks that arrive.

    Raises
    ------
    InputError
        If the name is not a text.

    Examples
    --------
    >>> from edgeopt import load_system
    >>> load_system("table1").pool.nodes
    10
    """

    name: str
    pool: Pool
    cloud: Cloud
    link: CloudLink
    uplink: TerminalLink
    tasks: TaskStream

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise InputError("name", self.name, "a text")


# Random systems.

Seed = int | np.random.Generator | None


def random_system(*, nodes: int = 10, kinds: int = 3, rng: Seed = None) -> System:
    """Return a system of `nodes` nodes of at most `kinds` kinds.

    Speeds, rates, memories and budgets are log-uniform over the ranges of small boards (see
    ``presets/devices.toml``) and of access networks. Each constraint of P1 binds in some systems.

    Parameters
    ----------
    nodes, kinds : int
        Both >= 1.
    rng : int, Generator or None
        Source of randomness.

    Examples
    --------
    >>> from edgeopt.problems.systems import random_system
    >>> random_system(nodes=3, rng=1).pool.nodes
    3
    """
    check_integer("nodes", nodes, at_least=1)
    check_integer("kinds", kinds, at_least=1)
    rng = np.random.default_rng(rng)
    devices = [_random_device(f"kind{i}", rng) for i in range(min(kinds, nodes))]
    # One node of each kind at least, the others at random.
    chosen = [*range(len(devices)), *rng.integers(len(devices), size=nodes - len(devices))]
    return System(
        name="random",
        pool=Pool(tuple(devices[i] for i in chosen), memory_share=float(rng.uniform(0.5, 1.0))),
        cloud=Cloud(_draw(rng, 1e12, 2e13)),
        link=CloudLink(_draw(rng, 1e7, 1e9), float(rng.uniform(0, 0.08)), _draw(rng, 1e-8, 5e-7)),
        uplink=TerminalLink(rng.lognormal(16.0, 0.5, size=8)),
        tasks=TaskStream(_draw(rng, 0.5, 2000.0), deadline_s=_draw(rng, 0.05, 3.0)),
    )


def _random_device(name: str, rng: np.random.Generator) -> Device:
    """Return one kind of node."""
    # The factors of both energy models follow from a power at full speed of 1 to 10 W.
    flops, clock = _draw(rng, 1e10, 1e12), _draw(rng, 5e8, 3e9)
    power = _draw(rng, 1.0, 10.0)
    return Device(
        name=name,
        flops=flops,
        memory_bytes=_draw(rng, 4e6, 4e8),
        throughput_bit_s=_draw(rng, 5e6, 1e9),
        energy_budget_j=_draw(rng, 1e2, 1e5),
        static_power_w=_draw(rng, 1.0, 10.0),
        omega=power / flops**2,
        kappa=power / (flops * clock**2),
        clock_hz=clock,
    )


def _draw(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a log-uniform number."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
