"""The numbers behind the charts of a report's page, as one JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.experiments.report.analysis import Analysis
from edgeopt.experiments.report.schedules import best_schedules
from edgeopt.experiments.statistics.anytime import AXES, gaps_at
from edgeopt.experiments.statistics.profiles import ECDF_TARGETS, ERT_TARGETS, hitting_times
from edgeopt.experiments.style import SMALLEST
from edgeopt.experiments.sweep.figures.choice import choose_runs, is_single
from edgeopt.experiments.sweep.figures.shares import profile_table
from edgeopt.experiments.sweep.figures.values import COSTS
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.visible import visible

if TYPE_CHECKING:
    import pandas as pd


TARGETS = tuple(sorted({1.0, 0.2, 0.002, 0.001, *ERT_TARGETS}, reverse=True))
"""Gaps, as fractions, of which the page has the time of every run."""

_NUMBERS = 240_000  # of all curves of convergence together: about 1 MB

_FEWEST, _MOST = 20, 120  # costs at which a curve is read

_PLACES = 12  # of a gap; what is less is the rounding of a sum

_SLACK = 1 + 1e-12  # a number read from its text may be a little less

_DIGITS = {"evaluations": 6, "seconds": 4}  # significant digits

_DASHES = {"-": (), "--": (6, 3), "-.": (7, 3, 1.5, 3), ":": (1.5, 2.5)}

_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def chart_json(analysis: Analysis) -> str:
    """Return the data of all charts as JSON in ASCII, without a sign that could end a script."""
    text = json.dumps(chart_data(analysis), separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPED)


def chart_data(analysis: Analysis) -> dict[str, Any]:
    """Return the data of all charts.

    Solvers and problems are numbered in the order of the analysis. A list of numbers is a text
    with commas, in which curves are `packed`. Gaps are in per cent.
    """
    cells = analysis.cells
    points = curve_points(analysis)
    times = {axis: _times(analysis, axis, points) for axis in AXES}
    return {
        "name": visible(analysis.name),
        "solvers": _solvers(analysis),
        "problems": [visible(name) for name in analysis.problems.values()],
        "bounds": [_bound(cells, problem) for problem in analysis.problems],
        "axes": {axis: COSTS[axis] for axis in AXES},
        "smallest": SMALLEST,
        "convergence": {axis: _convergence(analysis, axis, points) for axis in AXES},
        "targets": [_rounded(100 * target) for target in TARGETS],
        "times": {axis: times[axis][0] for axis in AXES},
        "shares": {axis: times[axis][1] for axis in AXES},
        "many": len(ECDF_TARGETS),
        "profiles": {axis: _profiles(analysis, axis) for axis in AXES},
        "repetitions": sorted(map(int, cells["repetition"].unique())),
        "gaps": _last_gaps(analysis),
        "ranks": _ranks(analysis),
        "schedules": best_schedules(analysis),
    }


def curve_points(analysis: Analysis) -> int:
    """Return at how many costs each curve of convergence is read: fewer where there are many."""
    curves = len(AXES) * len(analysis.problems) * len(analysis.solvers)
    return max(_FEWEST, min(_MOST, _NUMBERS // (3 * curves)))


def packed(values: Iterable[float], digits: int = 4) -> str:
    """Return numbers as a text, ``5,7*3`` for 5, 7, 7, 7; ``x`` is none."""
    words = (_word(value, digits) if np.isfinite(value) else "x" for value in values)
    runs = ((word, len([*own])) for word, own in groupby(words))
    return ",".join(word if size == 1 else f"{word}*{size}" for word, size in runs)


def _word(value: float, digits: int) -> str:
    """Return a number with significant digits, as short as possible."""
    return f"{float(f'{value:.{digits}g}'):.12g}"


def _rounded(value: float, digits: int = 6) -> float:
    """Return a number with significant digits."""
    return float(f"{value:.{digits}g}")


def _solvers(analysis: Analysis) -> list[dict[str, Any]]:
    """Return name and style of each solver; a single one makes one schedule."""
    cells, styles = analysis.cells, choose_runs(analysis.cells).styles
    return [
        {
            "name": visible(name),
            "colour": styles[name]["color"],
            "dash": _DASHES[styles[name]["linestyle"]],
            "single": is_single(cells[cells["solver"] == name]),
        }
        for name in analysis.solvers
    ]


def _bound(cells: pd.DataFrame, problem: str) -> float | None:
    """Return the lower bound of a problem in s, None if no run has one."""
    bound = float(cells.loc[cells["problem"] == problem, "lower_bound"].max())
    return bound if np.isfinite(bound) else None


def _groups(analysis: Analysis) -> dict[tuple[int, int], Any]:
    """Return the places of the rows of each problem and solver, by their numbers."""
    problems = {name: number for number, name in enumerate(analysis.problems)}
    solvers = {name: number for number, name in enumerate(analysis.solvers)}
    found: dict[Any, Any] = analysis.cells.groupby(["problem", "solver"], sort=False).indices
    return {(problems[p], solvers[s]): places for (p, s), places in found.items()}


def _table(entries: dict[tuple[int, int], Any], shape: tuple[int, int]) -> list[list[Any]]:
    """Return entries as a list for each problem of a list of solvers, None where there is none."""
    problems, solvers = shape
    return [[entries.get((p, s)) for s in range(solvers)] for p in range(problems)]


# Convergence: quartiles over repetitions at costs that all solvers share.


def _convergence(analysis: Analysis, axis: str, points: int) -> list[dict[str, Any] | None]:
    """Return the curves of each problem, None where no run has a schedule."""
    cells = analysis.cells
    return [
        _curves(cells[cells["problem"] == problem], analysis.solvers, axis, points)
        for problem in analysis.problems
    ]


def _curves(
    cells: pd.DataFrame, solvers: tuple[str, ...], axis: str, points: int
) -> dict[str, Any] | None:
    """Return costs, and for each solver lower quartile, median and upper quartile of the gap."""
    found = cells[cells["gap"] < float("inf")]
    if found.empty:
        return None
    limit = float(found[axis].max())
    runs = {name: cells[cells["solver"] == name] for name in solvers}
    ends = {name: _end(own, axis, limit) for name, own in runs.items() if len(own)}
    grid = _grid(found, axis, [end for end in ends.values() if end > 0], points)
    curves = [_quartiles(runs[name], axis, grid, ends.get(name, 0.0)) for name in solvers]
    return {"x": packed(grid, _DIGITS[axis]), "curves": curves}


def _end(cells: pd.DataFrame, axis: str, limit: float) -> float:
    """Return the cost at which a curve ends, 0 if all runs failed."""
    # one schedule stays valid up to the end of the axis; a search is drawn as long as it ran
    end = limit if is_single(cells) else float(cells[axis].median())
    if not np.isfinite(end):
        return 0.0
    return float(_rounded_costs(end or limit or 1.0, axis)[0])


def _grid(cells: pd.DataFrame, axis: str, ends: list[float], points: int) -> FloatArray:
    """Return costs evenly spaced on a logarithmic axis, and those at which curves end."""
    limit = float(cells[axis].max())
    if limit <= 0:
        return np.ones(1)
    traces = [np.asarray(trace, dtype=float) for trace in cells[f"trace_{axis}"]]
    # a cost of 0 has no place on the axis
    start = min(float(np.min(trace, where=trace > 0, initial=limit)) for trace in traces)
    spaced = np.geomspace(start, limit, points) if start < limit else np.array([limit])
    return _rounded_costs([*spaced, *ends], axis)


def _rounded_costs(costs: ArrayLike, axis: str) -> FloatArray:
    """Return positive costs rounded up to what will be written, each once, in rising order."""
    exact, digits = np.ravel(np.asarray(costs, dtype=float)), _DIGITS[axis]
    if axis == "evaluations":
        exact = np.ceil(exact * (1 - 1e-12))
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(exact)))
    # what a sum in another order has raised by its rounding is not raised again
    up = np.ceil(exact * scale * (1 - 1e-12)) / scale
    return np.unique([_rounded(cost, digits) for cost in up])


def _quartiles(cells: pd.DataFrame, axis: str, grid: FloatArray, end: float) -> list[str] | None:
    """Return lower quartile, median and upper quartile of one solver; only the median of one run.

    They are values of runs, never between two of them: one may be infinite.
    """
    if cells.empty:
        return None
    rows = np.array([gaps_at(row, axis, grid * _SLACK) for _, row in cells.iterrows()])
    ordered, size = 100 * np.sort(rows, axis=0), len(rows)
    ordered[:, grid > end] = np.inf
    shares = (1, 2, 3) if size > 1 else (2,)
    lines = [ordered[-(-share * size // 4) - 1] for share in shares]
    return [packed(line) for line in lines] if np.isfinite(lines).any() else None


# Times to targets, of every run.


def _times(analysis: Analysis, axis: str, points: int) -> tuple[list[list[Any]], dict[str, Any]]:
    """Return the sorted times of the runs that met each target, and counts over all targets."""
    targets = np.array([*TARGETS, *ECDF_TARGETS])
    every = hitting_times(analysis.cells, axis, targets).to_numpy()
    own, many = every[:, : len(TARGETS)], every[:, len(TARGETS) :]
    groups = _groups(analysis)
    times = {
        key: [len(places), *(_sorted_times(column, axis) for column in own[places].T)]
        for key, places in groups.items()
    }
    # over all problems there is one curve for each solver, which can be read at many costs
    solvers = analysis.cells["solver"].to_numpy()
    whole = {(0, n): np.flatnonzero(solvers == name) for n, name in enumerate(analysis.solvers)}
    shares = {
        "all": _shares(many, whole, axis, _MOST, (1, len(whole))),
        "each": _shares(many, groups, axis, points, (len(analysis.problems), len(whole))),
    }
    return _table(times, (len(analysis.problems), len(whole))), shares


def _shares(
    times: FloatArray,
    groups: dict[tuple[int, int], Any],
    axis: str,
    points: int,
    shape: tuple[int, int],
) -> dict[str, Any]:
    """Return costs, and how many pairs of a run and a target each group has met by each of them."""
    met = times[np.isfinite(times) & (times > 0)]
    spaced = np.geomspace(met.min(), met.max(), points) if met.size else np.ones(1)
    grid = _rounded_costs(spaced, axis)
    counts = {
        key: np.searchsorted(np.sort(times[places], axis=None), grid * _SLACK, side="right")
        for key, places in groups.items()
    }
    packs = {key: packed(count, 12) for key, count in counts.items()}
    return {"x": packed(grid, _DIGITS[axis]), "counts": _table(packs, shape)}


def _sorted_times(times: FloatArray, axis: str) -> str:
    """Return the finite times in rising order."""
    met = np.sort(times[np.isfinite(times)])
    return ",".join(_word(time, _DIGITS[axis]) for time in met)


# What the runs ended with, and how solvers compare.


def _last_gaps(analysis: Analysis) -> list[list[Any]]:
    """Return the last gap of each repetition: ``x`` without a schedule, nothing without a run."""
    cells = analysis.cells
    order = {number: place for place, number in enumerate(sorted(cells["repetition"].unique()))}
    gaps, repetitions = cells["gap"].to_numpy(dtype=float), cells["repetition"].to_numpy()
    entries = {}
    for key, places in _groups(analysis).items():
        words = [""] * len(order)
        for place in places:
            gap = 100 * round(gaps[place], _PLACES)
            words[order[repetitions[place]]] = _word(gap, 5) if np.isfinite(gap) else "x"
        entries[key] = ",".join(words)
    return _table(entries, (len(analysis.problems), len(analysis.solvers)))


def _profiles(analysis: Analysis, axis: str) -> dict[str, Any]:
    """Return ratios, and for each solver the share of runs within each of them."""
    table = profile_table(analysis.cells, x=axis)
    curves = {str(name): own for name, own in table.groupby("solver", sort=False)}
    return {
        "x": packed(next(iter(curves.values()))["ratio"], 6) if curves else "",
        "curves": [
            packed(curves[name]["share"]) if name in curves else None for name in analysis.solvers
        ],
    }


def _ranks(analysis: Analysis) -> dict[str, dict[str, Any]]:
    """Return for each axis and unit the ranks with their intervals, the best first."""
    found: dict[str, dict[str, Any]] = {axis: {} for axis in AXES}
    for comparison in analysis.comparisons:
        test = comparison.friedman
        rows = comparison.ranking[["rank", "rank_low", "rank_high"]]
        found[comparison.axis][comparison.unit] = {
            "difference": _rounded(test.critical_difference) if test else None,
            "rows": [
                [
                    analysis.solvers.index(str(name)),
                    *(_rounded(v) if np.isfinite(v) else None for v in row),
                ]
                for name, row in zip(rows.index, rows.to_numpy(), strict=True)
            ],
        }
    return found
