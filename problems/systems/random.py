"""Random systems."""

from __future__ import annotations

import numpy as np

from edgeopt.problems.errors import check_integer
from edgeopt.problems.systems.system import (
    Cloud,
    CloudLink,
    Device,
    Pool,
    System,
    TaskStream,
    TerminalLink,
)

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
