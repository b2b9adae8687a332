"""Exhaustive scan: the optimum of P1, since there are only N + 1 cuts."""

from __future__ import annotations

import numpy as np

from optim.offloading.answer import Answer
from problems.offloading.program import Program


def scan(program: Program) -> Answer:
    """Return the feasible cut of least cost; of equal ones the shallowest.

    The paper derives KKT conditions for an integer j in 0..N, where they do not apply; with N <= a
    few hundred the enumeration is the solution and takes microseconds.
    """
    cost = np.where(program.feasible, program.cost, np.inf)
    best = int(cost.argmin())
    return Answer(program, "scan", best if program.feasible[best] else None, cost.size)
