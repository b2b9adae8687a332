"""The deadline bound: the LP over pairs within a deadline, which rises until the LP agrees."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.counting import counting_bound
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers
from edgeopt.optim.scheduling.bounds.lp import solve_relaxation
from edgeopt.optim.scheduling.bounds.quick_bounds import (
    LP_ENTRIES,
    lifted_bound,
    lower_bound,
    lp_duals,
    lp_end,
)
from edgeopt.optim.scheduling.bounds.rounding import ROUNDING, lifted_to_units, whole_memory
from edgeopt.optim.scheduling.run_time import is_over, keep
from edgeopt.problems.scheduling.problem import Problem

_MOST_ROUNDS = 50


class _Refuted(NamedTuple):
    """What is known of the deadlines of a problem.

    Attributes
    ----------
    bound : float
        The largest refuted, in s.
    multipliers : Multipliers
        Of the LP over the pairs within it.
    """

    bound: float
    multipliers: Multipliers


_known: WeakKeyDictionary[Problem, _Refuted] = WeakKeyDictionary()


def deadline_bound(problem: Problem) -> float:
    """Return the smallest T that neither counting nor the LP over the pairs within T refutes, in s.

    No schedule within T uses a pair of task and node whose execution time exceeds T. Without these
    pairs, the LP relaxation may have an optimum above T, which proves T out of reach. The bound is
    never worse than `lower_bound` and `counting_bound`, and much better than the former where
    nodes differ much. Where times are multiples of a unit it is one too: 73.9996 s of whole seconds
    are 74 s. It is the default bound of `solve`, computed once for each problem.

    Parameters
    ----------
    problem : Problem
        Its matrix is made. Beyond 300,000 pairs of task and node it is `lower_bound`.

    Notes
    -----
    This is the bound of Lenstra, Shmoys and Tardos. Instead of bisection, each LP's multipliers
    raise T to the largest value that they prove out of reach (`lifted_bound`), as in Newton's
    method; most problems need no further LP, as the first one uses only pairs within its optimum.
    The multipliers alone carry the proof, so that the rounding of the LP does not matter.

    References
    ----------
    Lenstra, Shmoys, Tardos, "Approximation algorithms for scheduling unrelated parallel machines",
    Mathematical Programming 46, 1990.

    Examples
    --------
    >>> from edgeopt import deadline_bound, load_problem, lower_bound
    >>> problem = load_problem("rcmax:machines:20x6:seed=1")
    >>> lower_bound(problem), deadline_bound(problem)
    (97.0, 102.0)
    """
    return keep(_known, problem, lambda: _computed(problem)).bound


def deadline_duals(problem: Problem) -> Multipliers:
    """Return the multipliers of the LP over the pairs within `deadline_bound`, as `lp_duals` does.

    They are those of `lp_duals` where that LP uses no longer pair.
    """
    return keep(_known, problem, lambda: _computed(problem)).multipliers


def _computed(problem: Problem) -> _Refuted:
    """Compute the bound."""
    bound, multipliers = lower_bound(problem), lp_duals(problem)
    if problem.tasks * problem.nodes > LP_ENTRIES:
        return _Refuted(bound, multipliers)
    bound = max(bound, counting_bound(problem))
    if lp_end(problem) > bound * (1 + ROUNDING) and not is_over():
        return _raised(problem, bound)
    return _Refuted(bound, multipliers)


def _raised(problem: Problem, bound: float) -> _Refuted:
    """Raise the bound by LPs without the pairs that exceed it, until one does not raise it."""
    memory, capacity = whole_memory(problem)
    held = memory[:, None] <= capacity * (1 + ROUNDING)
    ends = ready_times(problem) + problem.matrix
    before, multipliers = None, lp_duals(problem)
    for _ in range(_MOST_ROUNDS):
        within = held & (ends <= bound * (1 + ROUNDING))
        if before is not None and (within == before).all():
            break  # the same LP again
        multipliers = solve_relaxation(problem, within, multipliers).multipliers
        better = lifted_to_units(problem, lifted_bound(problem, multipliers, bound))
        if better <= bound or is_over():
            break
        bound, before = better, within
    return _Refuted(bound, multipliers)
