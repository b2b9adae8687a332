"""Budgets by name: what a run may use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optim import Evaluations, Iterations, Seconds, Stall, TargetGap
from optim.stop import Criterion
from problems.errors import InputError

CRITERIA: dict[str, Callable[[Any], Criterion]] = {
    "iterations": Iterations,
    "evaluations": Evaluations,
    "seconds": Seconds,
    "target_gap": TargetGap,
    "stall": Stall,
}
DEFAULT = {"iterations": 100}


def make_criteria(budget: dict[str, Any]) -> list[Criterion]:
    """Return the stopping criteria of a budget such as ``{"evaluations": 5000}``.

    Raises
    ------
    InputError
        If it is empty, or a name or value is not legal.
    """
    if not isinstance(budget, dict) or not budget:
        raise InputError("budget", budget, f"a table with any of {', '.join(CRITERIA)}")
    for name in budget:
        if name not in CRITERIA:
            raise InputError("budget", name, f"one of {', '.join(CRITERIA)}")
    return [CRITERIA[name](value) for name, value in budget.items()]
