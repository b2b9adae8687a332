"""The pairs of task and node that a better schedule may use: prices refute the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.branch_and_price.fixing import refuted_pairs
from edgeopt.optim.scheduling.branch_and_price.prices import (
    Columns,
    Prices,
    binding,
    improve,
    open_prices,
)
from edgeopt.optim.scheduling.branch_and_price.root import Root
from edgeopt.optim.scheduling.branch_and_price.whole import Node, Whole, propagate, whole_problem
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.scheduling.problem import Problem


class Narrowed(NamedTuple):
    """What is left for schedules within a deadline.

    Attributes
    ----------
    whole : Whole
        The deadline.
    left : Node
        The pairs left; if it is not possible, no schedule is within the deadline.
    prices, columns : Prices and Columns
        To start from if the deadline falls.
    """

    whole: Whole
    left: Node
    prices: Prices
    columns: Columns


def narrow(problem: Problem, root: Root, before: Narrowed | None, iterations: int) -> Narrowed:
    """Return what is left for schedules that are better than the best known.

    Parameters
    ----------
    problem : Problem
        What to solve.
    root : Root
        Its deadlines know the best makespan, which may only fall from call to call.
    before : Narrowed or None
        The last answer: what a later deadline refuted, an earlier one does, too.
    iterations : int
        Most iterations of the prices.
    """
    whole = whole_problem(problem, root.deadlines.highest, root.deadlines.unit)
    alive, prices, columns = whole.alive, root.prices, root.columns
    if before is not None:
        alive, prices, columns = alive & before.left.alive, before.prices, before.columns
    left = propagate(whole, alive)
    if not left.is_possible or not left.free.any():
        return Narrowed(whole, left, prices, columns)
    search = open_prices(whole, left, prices, columns)
    for _ in range(iterations):
        if search.worth.spare > 0.0 or search.converged or is_over():
            break
        improve(search, refutes=False)  # the more they spare, the more pairs they refute
    if search.worth.spare > 0.0:
        refuted = np.ones_like(left.alive)
    else:
        refuted = refuted_pairs(whole, left, search.prices, search.worth)
    left = propagate(whole, left.alive & ~refuted)
    return Narrowed(whole, left, search.prices, binding(search))
