"""The bounds by name, and the best of them."""

from __future__ import annotations

from collections.abc import Callable

from edgeopt.optim.scheduling.bounds.counting import counting_bound
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.knapsack_bound import knapsack_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import combinatorial_bound, lower_bound, lp_bound
from edgeopt.optim.scheduling.bounds.rounding import lifted_to_units
from edgeopt.optim.scheduling.branch_and_price.root import open_root, raise_deadline
from edgeopt.optim.scheduling.run_time import is_over, within
from edgeopt.problems.errors import check_number
from edgeopt.problems.scheduling.problem import Problem


def best_bound(problem: Problem, seconds: float = 5.0) -> float:
    """Return the best bound on the makespan in s, for `solve(..., bound=best_bound)`.

    It begins with `deadline_bound`, which includes `lower_bound` and `counting_bound`, and raises
    it as the root of `BranchAndPrice` does: prices of tasks refute one deadline after another, as
    in `knapsack_bound`, in whole numbers. Where times are multiples of a unit, it is one too.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.
    seconds : float
        Time limit of the prices in s, the first compilation included; with a limit that is reached,
        the bound depends on the machine.

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
    check_number("seconds", seconds, above=0)
    bound = deadline_bound(problem)
    with within(seconds):
        if is_over():
            return bound
        root = open_root(problem)
        while not root.deadlines.root_is_done and not is_over():
            raise_deadline(problem, root, iterations=20)
    return max(bound, lifted_to_units(problem, root.bound))


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
