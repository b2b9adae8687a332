"""What runs used of their budget, and how finely a solver's iterations divide it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.statistics.anytime import AXES, COST_AXES
from edgeopt.experiments.text import count, joined, seconds

if TYPE_CHECKING:
    import pandas as pd


_CLOCK = 0.01  # of a time budget; the iteration under way always ends a little after it


def own_axis(budget: Mapping[str, Any]) -> str:
    """Return the first kind of a sweep's budget that is a cost; ``evaluations`` if none is."""
    return next((kind for kind in budget if kind in COST_AXES), AXES[0])


def cost_text(value: float, axis: str) -> str:
    """Return a cost with its unit, such as ``5,000 evaluations`` or ``2 s``."""
    return (
        seconds(value)
        if axis == "seconds"
        else f"{count(value)} {axis if value != 1 else axis[:-1]}"
    )


def cut_text(budgets: pd.Series[float], axis: str) -> str:
    """Say at which cost runs are compared, given it by problem (`common_budgets`)."""
    budgets = budgets.dropna()
    if budgets.empty:
        return "No run has a trace."
    least, most = (cost_text(value, axis) for value in (budgets.min(), budgets.max()))
    if least == most:
        return f"Runs are compared after {most}, the most that each has had."
    least = least.removesuffix(f" {axis}").removesuffix(f" {axis[:-1]}")
    return (
        f"Runs are compared after {least} to {most}, the most that each run of a problem has had."
    )


def is_over(used: float, axis: str, allowed: float) -> bool:
    """Whether a run went beyond its budget; of a time budget, by more than 1 %.

    Examples
    --------
    >>> is_over(5001, "evaluations", 5000), is_over(2.01, "seconds", 2)
    (True, False)
    """
    return used > allowed * (1 + _CLOCK if axis == "seconds" else 1)


def overruns(cells: pd.DataFrame, budget: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each kind of budget that runs went beyond.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep.
    budget : mapping
        Of the sweep, such as ``{"evaluations": 5000}``.
    """
    sentences = []
    for axis in (kind for kind in AXES if kind in budget):
        most = cells.groupby("solver", sort=False)[axis].max()
        over = [
            f"{solver} (up to {_number(used, axis)})"
            for solver, used in most.items()
            if is_over(used, axis, budget[axis])
        ]
        if over:
            allowed = cost_text(budget[axis], axis)
            sentences.append(f"More than the {allowed} allowed were used by {joined(over)}.")
    return sentences


def _number(value: float, axis: str) -> str:
    """Return a cost without the unit where that is a word."""
    return seconds(value) if axis == "seconds" else count(value)


def largest_step(row: pd.Series, axis: str) -> float:
    """Return the most that an iteration of one run has cost, as far as its trace shows.

    Between two entries of the trace, all iterations count as equal. NaN where there is no trace.
    """
    iterations, used = row["trace_iterations"], row[f"trace_{axis}"]
    if iterations is None or not len(iterations):
        return np.nan
    # the first entry may be that of `init`, iteration 0
    steps = np.maximum(np.diff(iterations, prepend=0), 1)
    return float((np.diff(used, prepend=0) / steps).max())


def coarse_solvers(cells: pd.DataFrame, axis: str, cuts: pd.Series[float]) -> list[str]:
    """Return a sentence on the solvers whose iterations are longer than the cut of a problem.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep.
    axis : str
        ``evaluations``, ``seconds`` or ``iterations``.
    cuts : Series
        By problem, what runs had used when they are compared.
    """
    if axis == "iterations" or "trace_iterations" not in cells:
        return []
    steps = cells.apply(largest_step, axis=1, args=(axis,)).to_numpy(dtype=float)
    longer = steps > cells["problem"].map(cuts).to_numpy(dtype=float)
    most = cells.assign(step=steps)[longer].groupby("solver", sort=False)["step"].max()
    named = [f"{solver} ({_number(step, axis)})" for solver, step in most.items()]
    if not named:
        return []
    return [
        f"Iterations of {joined(named)} cost more than the {axis} at which runs are compared: "
        "what they find within one counts as not found."
    ]
