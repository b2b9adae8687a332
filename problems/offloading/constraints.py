"""The constraints C1-C3 of P1 (21, 22), and the stability of the queue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from problems.errors import FloatArray
from problems.offloading.columns import Number
from problems.offloading.terms import Terms

CONSTRAINTS = ("memory", "delay", "energy", "stability")
"""C1, C2, C3 of (21, 22), and the stability of the queues, which the paper forgets."""
UNITS = ("B", "s", "J", "")
"""Unit of each constraint's value and limit."""


def constraint_rows(terms: Terms) -> list[tuple[FloatArray, Number]]:
    """Return value and limit of each of `CONSTRAINTS` over the cuts.

    C2 (21) holds the delay of one task against its T_max (the paper's line sums over all tasks
    and compares with the limit of one). C3 (22) holds for each node its energy in one period
    against its own budget (the paper subtracts a set from a sum).

    Returns
    -------
    list of (value, limit)
        Arrays that broadcast to (..., 1, N + 1), those of the energy to (..., g, N + 1).
    """
    columns = terms.columns
    return [
        (terms.memory_bytes, columns.memory_limit_bytes),  # (21), C1
        (terms.delay_s, columns.deadline_s),  # (21), C2
        (terms.period_energy_j, columns.energy_budget_j),  # (22), C3
        (terms.utilisation, 1.0),
    ]


def meets_constraints(terms: Terms) -> NDArray[np.bool_]:
    """Return whether each cut meets all constraints on all nodes, shape (..., 1, N + 1)."""
    memory, delay, energy, stability = (value <= limit for value, limit in constraint_rows(terms))
    return np.asarray(memory & delay & energy.all(axis=-2, keepdims=True) & stability)
