"""Pareto front of delay, energy and depth over the feasible cuts."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray
from problems.offloading.program import Program


def criteria(program: Program) -> FloatArray:
    """Return delay (s), energy of a task (J) and minus the depth of each cut, (N + 1, 3)."""
    terms, depth = program.terms, np.arange(program.depth + 1.0)
    return np.column_stack([terms.delay_s.ravel(), terms.mean_energy_j.ravel(), -depth])


def pareto_cuts(program: Program, *, columns: tuple[int, ...] = (0, 1, 2)) -> tuple[int, ...]:
    """Return the feasible cuts that no other feasible cut dominates, in order.

    Parameters
    ----------
    program : Program
        Its objective plays no part.
    columns : tuple of int
        Which of the `criteria` count; (0, 1) is the front of delay and energy.
    """
    cuts = np.flatnonzero(program.feasible)
    points = criteria(program)[cuts][:, list(columns)]
    no_worse = (points[:, np.newaxis] <= points).all(axis=2)
    better = (points[:, np.newaxis] < points).any(axis=2)
    dominated = (no_worse & better).any(axis=0)
    return tuple(int(cut) for cut in cuts[~dominated])
