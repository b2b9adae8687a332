"""Random systems: one, or a batch of columns for Monte Carlo."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray, check_integer
from problems.offloading.columns import Columns
from problems.offloading.device import Device
from problems.offloading.reading import CORRECTED, Reading
from problems.offloading.system import Cloud, Link, Pool, System, TaskStream, Uplink
from problems.quantity import check_quantity

Seed = int | np.random.Generator | None


def random_system(*, nodes: int = 10, kinds: int = 3, rng: Seed = None) -> System:
    """Return a system of `nodes` nodes of at most `kinds` kinds.

    Speeds, rates, memories and budgets are log-uniform over the ranges of small boards (see
    ``presets/devices.toml``) and of access networks, so that each constraint of P1 binds in a part
    of the systems.

    Parameters
    ----------
    nodes, kinds : int
        Both >= 1.
    rng : int, Generator or None
        Source of randomness.
    """
    check_integer("nodes", nodes, at_least=1)
    check_integer("kinds", kinds, at_least=1)
    rng = np.random.default_rng(rng)
    devices = [_random_device(f"kind{i}", rng) for i in range(min(kinds, nodes))]
    chosen = [*range(len(devices)), *rng.integers(len(devices), size=nodes - len(devices))]
    return System(
        name="random",
        pool=Pool(tuple(devices[i] for i in chosen), memory_share=float(rng.uniform(0.5, 1.0))),
        cloud=Cloud(_draw(rng, 1e12, 2e13)),
        link=Link(_draw(rng, 1e7, 1e9), float(rng.uniform(0, 0.08)), _draw(rng, 1e-8, 5e-7)),
        uplink=Uplink(rng.lognormal(16.0, 0.5, size=8)),
        tasks=TaskStream(_draw(rng, 0.5, 2000.0), deadline_s=_draw(rng, 0.05, 3.0)),
    )


def random_batch(
    count: int, *, size_bytes: float = 224 * 224 * 3, reading: Reading = CORRECTED, rng: Seed = None
) -> Columns:
    """Return `count` systems of identical nodes as one set of columns, leading axis `count`.

    Parameters
    ----------
    count : int
        Number of systems, >= 1.
    size_bytes : float
        Size of a task, byte, > 0; by default an 8-bit RGB image.
    reading : Reading
        Decides whether the nodes share the link.
    rng : int, Generator or None
        Source of randomness.
    """
    check_integer("count", count, at_least=1)
    check_quantity("size_bytes", size_bytes)
    rng = np.random.default_rng(rng)

    def draw(low: float, high: float) -> FloatArray:
        return np.exp(rng.uniform(np.log(low), np.log(high), size=(count, 1, 1)))

    nodes = rng.integers(1, 31, size=(count, 1, 1)).astype(np.float64)
    flops, bandwidth = draw(1e10, 1e12), draw(1e7, 1e9)
    rate = np.minimum(bandwidth / nodes if reading.shares_link else bandwidth, draw(5e6, 1e9))
    return Columns(
        count=nodes,
        nodes=nodes,
        flops=flops,
        memory_bandwidth_byte_s=np.full_like(nodes, np.inf),
        rate_bit_s=rate,
        static_power_w=draw(1.0, 10.0),
        omega=draw(1.0, 10.0) / flops**2,
        kappa=np.zeros_like(nodes),
        clock_hz=np.zeros_like(nodes),
        energy_budget_j=draw(1e2, 1e5),
        memory_limit_bytes=draw(4e6, 4e8),
        cloud_flops=draw(1e12, 2e13),
        round_trip_s=rng.uniform(0, 0.08, size=(count, 1, 1)),
        energy_j_bit=draw(1e-8, 5e-7),
        inverse_rate_s_bit=1.0 / draw(1e6, 1e8),
        size_bytes=np.full_like(nodes, size_bytes),
        arrival_hz=draw(0.5, 2000.0),
        deadline_s=draw(0.05, 3.0),
        period_s=np.full_like(nodes, 3600.0),
    )


def _random_device(name: str, rng: np.random.Generator) -> Device:
    """Return one kind of node."""
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
