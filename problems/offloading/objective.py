"""What the cut is chosen for: the objectives of P1, which the paper leaves open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from problems.errors import FloatArray
from problems.offloading.terms import Terms


@dataclass(frozen=True)
class Objective:
    """An objective f(j).

    Parameters
    ----------
    name : str
        Name on the command line.
    unit : str
        Unit of f.
    sign : int
        1 if f is to be minimised, -1 if maximised; the cost is ``sign * f``.
    value : callable
        ``value(terms, weight)`` returns f, shape (..., 1, N + 1) or (N + 1,).
    """

    name: str
    unit: str
    sign: int
    value: Callable[[Terms, float], FloatArray]


def _deepest(terms: Terms, weight: float) -> FloatArray:
    """f(j) = j, the paper's "maximum value j"."""
    return np.arange(terms.memory_bytes.shape[-1], dtype=np.float64)


def _delay(terms: Terms, weight: float) -> FloatArray:
    """Delay of one task, s."""
    return terms.delay_s


def _energy(terms: Terms, weight: float) -> FloatArray:
    """Energy of one task on the edge, mean over the nodes, J."""
    return terms.mean_energy_j


def _weighted(terms: Terms, weight: float) -> FloatArray:
    """Delay plus `weight` (s/J) times energy, s."""
    return terms.delay_s + weight * terms.mean_energy_j


def _throughput(terms: Terms, weight: float) -> FloatArray:
    """Time between tasks, max(T_edge, T_link, T_cloud), s; the throughput is its inverse."""
    return terms.stage_s


OBJECTIVES = {
    "deepest": Objective("deepest", "layers", -1, _deepest),
    "delay": Objective("delay", "s", 1, _delay),
    "energy": Objective("energy", "J", 1, _energy),
    "weighted": Objective("weighted", "s", 1, _weighted),
    "throughput": Objective("throughput", "s", 1, _throughput),
}
