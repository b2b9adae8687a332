"""What a tuning minimises: a number of a run, by name or by a function of the user's."""

from __future__ import annotations

import math
from collections.abc import Callable

from edgeopt.optim.scheduling.catalog import find_solver
from edgeopt.optim.scheduling.solver import Result
from edgeopt.problems.errors import InputError

Objective = Callable[[Result], float]

OBJECTIVES = ("gap", "makespan", "seconds", "evaluations")


def find_objective(name: str) -> Objective:
    """Return the function of a name.

    Parameters
    ----------
    name : str
        One of `OBJECTIVES`, or ``file.py:function`` for a function that takes a `Result` and
        returns a number, the less the better.

    Raises
    ------
    InputError
        If there is no such function.
    """
    if name in OBJECTIVES:
        return lambda result: float(getattr(result, name))
    if not (isinstance(name, str) and ".py:" in name):
        rule = f"one of {', '.join(OBJECTIVES)}, or file.py:function"
        raise InputError("objective", name, rule)
    found = find_solver(name)  # reads functions of any kind
    if not callable(found):
        raise InputError("objective", name, "a function of a result")
    return lambda result: _number(found(result), name)


def _number(value: object, name: str) -> float:
    """Return what an objective has returned, which may be infinite but not NaN."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise InputError("objective", value, f"a number, returned by {name}")
    return number
