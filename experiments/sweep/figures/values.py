"""What figures measure: a makespan as it is, as a gap to the bound, as a ratio to the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.experiments.style import SMALLEST, number_axis, percent_axis
from edgeopt.experiments.sweep.figures.choice import Choice
from edgeopt.problems.errors import FloatArray, InputError, check_choice, check_number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


COSTS = {
    "iterations": "iterations",
    "evaluations": "evaluations",
    "seconds": "time in solver (s)",
}

VALUES = {
    "gap": "gap to lower bound (%)",
    "makespan": "makespan (s)",
    "ratio": "makespan / best known",
}

SCALES = ("linear", "log")

LINES = ("bound", "best")

_REFERENCE: Any = {"color": "#555555", "linewidth": 0.9, "zorder": 1.5}

_DASHES: Any = {"bound": "-", "best": (0, (6, 2)), "target": (0, (1, 2))}


class Measure:
    """A value of schedules of one problem.

    Parameters
    ----------
    y : str
        ``gap`` in per cent, ``makespan`` in s, or ``ratio`` to the best known makespan.
    bound : float
        Lower bound in s.
    best : float
        Least makespan known in s.
    """

    def __init__(self, y: str, bound: float, best: float) -> None:
        self.y, self.bound, self.best = check_choice("y", y, VALUES), bound, best

    def of(self, makespans: ArrayLike) -> FloatArray:
        """Return the values of makespans in s; infinite ones stay infinite."""
        lengths = np.asarray(makespans, dtype=np.float64)
        if self.y == "makespan":
            return lengths
        base = self.bound if self.y == "gap" else self.best
        if not 0 < base < np.inf:  # all tasks take no time, or there is no schedule
            return np.where(lengths == base, 0.0 if self.y == "gap" else 1.0, np.inf)
        return 100 * (lengths - base) / base if self.y == "gap" else lengths / base

    def reference(self, line: str | float, scale: str) -> float:
        """Return the place of a reference line.

        Raises
        ------
        InputError
            If it has none on this axis.
        """
        if not isinstance(line, str):
            return check_number("lines", line)
        value = float(self.of([self.bound if line == "bound" else self.best])[0])
        if scale == "log" and value <= 0:
            rule = "a line above 0; a logarithmic axis of gaps has no place for it, a linear has"
            raise InputError("lines", line, rule)
        return value


def measure_of(
    choice: Choice, problem: str, y: str, best: Mapping[str, float] | None = None
) -> Measure:
    """Return the measure of one problem; a best makespan known elsewhere may be less."""
    bound = float(choice.runs.loc[choice.runs["problem"] == problem, "lower_bound"].max())
    least = choice.least.get(problem, np.inf)
    return Measure(y, bound, min(least, (best or {}).get(problem, np.inf)))


def final_values(
    choice: Choice, y: str, best: Mapping[str, float] | None = None
) -> pd.Series[float]:
    """Return the value that each run ended with, infinite where it found no schedule."""
    values = choice.runs["makespan"].astype(float).fillna(np.inf)
    for problem in choice.problems:
        here = (choice.runs["problem"] == problem).to_numpy()
        values[here] = measure_of(choice, problem, y, best).of(values[here])
    return values


def scale_of(y: str, scale: str | None) -> str:
    """Return the scale of a value's axis: unless given, logarithmic for gaps only."""
    if scale is not None:
        return check_choice("y_scale", scale, SCALES)
    return "log" if check_choice("y", y, VALUES) == "gap" else "linear"


def drawn(values: ArrayLike, y: str, scale: str) -> FloatArray:
    """Return values for an axis; gaps below `SMALLEST` have no place on a logarithmic one."""
    numbers = np.asarray(values, dtype=np.float64)
    return np.maximum(numbers, SMALLEST) if (y, scale) == ("gap", "log") else numbers


def value_axis(ax: Axes, which: str, y: str, scale: str) -> None:
    """Scale and label the x or y axis of a value."""
    ax.set(**{f"{which}scale": scale, f"{which}label": VALUES[y]})
    axis = ax.xaxis if which == "x" else ax.yaxis
    if (y, scale) == ("gap", "log"):
        percent_axis(axis)
    else:
        number_axis(axis)


def draw_lines(
    ax: Axes, which: str, lines: Sequence[str | float], measure: Measure, scale: str
) -> None:
    """Draw reference lines across an axis: ``bound``, ``best``, or numbers in its unit."""
    across = ax.axhline if which == "y" else ax.axvline
    for line in lines:
        if isinstance(line, str):
            check_choice("lines", line, LINES)
            label = "lower bound" if line == "bound" else "best known"
        else:
            label = f"target {check_number('lines', line, at_least=0):g}"
        dash = _DASHES[line if isinstance(line, str) else "target"]
        across(measure.reference(line, scale), label=label, linestyle=dash, **_REFERENCE)
