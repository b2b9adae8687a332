"""The Lagrangian dual of P1 by projected subgradients: a second way to the same bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optim.offloading.lagrangian import lagrangian_of
from problems.errors import FloatArray, check_integer
from problems.offloading.program import Program

_PATH = 10.0  # path without gain after which the level is halved, times the level's root


@dataclass(frozen=True, eq=False)
class DualBound:
    """Best lower bound found.

    Parameters
    ----------
    bound : float
        Bound on f, in the objective's unit: no feasible cut is better.
    multipliers : (4,) float64 array
        Multipliers of the bound, in the scale of `Lagrangian`.
    trace : (iterations,) float64 array
        Best bound after each iteration.
    """

    bound: float
    multipliers: FloatArray
    trace: FloatArray


def dual_subgradient(program: Program, *, iterations: int = 2000) -> DualBound:
    """Maximise the dual function q(alpha) = min_j c_j + alpha'g_j over alpha >= 0.

    Each q is a lower bound (weak duality), whether or not the iteration has converged. The step
    is Polyak's with the target level of Goffin and Kiwiel (Math. Programming 85, 1999): aim above
    the best bound by `level`, and halve the level when the path has become long without gain.
    If no mixture of cuts is feasible the dual is unbounded and the bound keeps growing.

    Parameters
    ----------
    program : Program
        The program.
    iterations : int
        Number of subgradient steps, >= 1.
    """
    check_integer("iterations", iterations, at_least=1)
    data = lagrangian_of(program)
    alpha = best_alpha = np.zeros(data.excess.shape[0])
    best, level, path = data.bound(alpha), 1.0, 0.0
    trace = np.empty(iterations)
    for step in range(iterations):
        reduced = data.cost + alpha @ data.excess
        lowest = int(reduced.argmin())
        if reduced[lowest] > best:
            best, best_alpha, path = float(reduced[lowest]), alpha, 0.0
        elif path > _PATH * level**0.5:
            level, path, alpha = 0.5 * level, 0.0, best_alpha
        ascent = data.excess[:, lowest]
        length = (best + level - reduced[lowest]) / max(float(ascent @ ascent), 1e-300)
        moved = np.maximum(alpha + length * ascent, 0.0)
        path += float(np.linalg.norm(moved - alpha))
        alpha, trace[step] = moved, best
    values = np.array([data.unscale(value) for value in trace])
    return DualBound(data.unscale(best), best_alpha, values)
