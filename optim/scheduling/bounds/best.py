"""The bounds by name, and the best of them."""

from __future__ import annotations

from collections.abc import Callable

from edgeopt.optim.scheduling.bounds.counting import counting_bound
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.knapsack_bound import knapsack_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import combinatorial_bound, lower_bound, lp_bound
from edgeopt.optim.scheduling.bounds.rounding import lifted_to_units
from edgeopt.problems.scheduling.problem import Problem


def best_bound(problem: Problem, seconds: float = 5.0) -> float:
    """Return the best of all bounds on the makespan in s, for `solve(..., bound=best_bound)`.

    The larger of `deadline_bound`, which includes `lower_bound`, and of what `knapsack_bound`
    proves in `seconds`, the first compilation included; both are raised to the next multiple where
    times are multiples of a unit.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.
    seconds : float
        Time limit of the knapsack bound in s; with a limit that is reached, the bound depends on
        the machine.

    Raises
    ------
    InputError
        If `seconds` is not positive.

    Examples
    --------
    >>> from edgeopt import best_bound, load_problem, lower_bound
    >>> problem = load_problem("rcmax:machines:40x8:seed=1")
    >>> lower_bound(problem), best_bound(problem, seconds=60.0)
    (169.0, 184.0)
    """
    knapsacks = lifted_to_units(problem, knapsack_bound(problem, seconds))
    return max(deadline_bound(problem), knapsacks)


BOUNDS: dict[str, Callable[[Problem], float]] = {
    "combinatorial": combinatorial_bound,
    "lp": lp_bound,
    "quick": lower_bound,
    "counting": counting_bound,
    "deadline": deadline_bound,
    "knapsack": knapsack_bound,
    "best": best_bound,
}
"""Functions of a problem that return a lower bound on its makespan in s; `solve` takes any."""
