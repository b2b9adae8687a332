"""TMOA, the paper's Algorithm 2, as printed and repaired."""

from __future__ import annotations

import numpy as np

from optim.offloading.answer import Answer
from problems.offloading.program import Program


def tmoa_printed(program: Program) -> Answer:
    """Run Algorithm 2 as printed: walk from the input, stop at the first infeasible layer.

    Where it departs from the optimum: it stops (line 12) although deeper cuts may be feasible,
    since the link's time is not monotone in j; its loop ends at i < N, so the last layer is never
    tested; constraints must hold strictly; cut 0 is returned untested, feasible or not
    (`Answer.is_feasible` tells); the objective is always the depth. Line 10 takes its terms from
    the program's reading.

    Parameters
    ----------
    program : Program
        Its objective is ignored.
    """
    strict = np.asarray((program.values < program.limits).all(axis=0))
    cut = 1
    while cut < program.depth and strict[cut]:
        cut += 1
    return Answer(program, "tmoa printed", cut - 1, min(cut, program.depth - 1))


def tmoa_repaired(program: Program) -> Answer:
    """Run Algorithm 2 without its errors: from the best cut on, take the first feasible one.

    All cuts 0..N are candidates, in the order of their cost (deepest first for the paper's
    objective; of equal ones the shallower first), so that the first feasible cut is the optimum
    and the walk may stop.
    """
    order = np.argsort(program.cost, kind="stable")
    feasible = program.feasible[order]
    if not feasible.any():
        return Answer(program, "tmoa", None, order.size)
    place = int(feasible.argmax())
    return Answer(program, "tmoa", int(order[place]), place + 1)
