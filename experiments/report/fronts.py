"""Fronts of several methods compared: one reference point and one bound for each problem."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgeopt.experiments.csv_text import csv_rows
from edgeopt.experiments.style import line_styles, paper_style, save_figure
from edgeopt.experiments.sweep.figures.canvas import SIZE
from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.goal import goal_of
from edgeopt.optim.scheduling.fronts.hypervolume import (
    hypervolume,
    hypervolume_bound,
    largest_line,
)
from edgeopt.problems.errors import FloatArray, InputError
from edgeopt.problems.files import read_content, write_atomically
from edgeopt.problems.scheduling.spec import load_problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEYOND = 0.1  # by which the reference lies beyond the worst values of the joint front

_DRAWN = 300  # places at which the bound is drawn

_COPIED = ("problem", "method", "seed", "status", "seconds", "evaluations")

COLUMNS = (
    "objective",
    *_COPIED,
    "schedules",
    "hypervolume",
    "share",
    "share_of_best",
    "reference_makespan",
    "reference_value",
    "hypervolume_bound",
)
"""Columns of the table."""


class Run(NamedTuple):
    """A front, read from a file.

    Attributes
    ----------
    values : dict
        What the file says.
    points : ndarray, shape (n, 2)
        Makespan in s, and energy in J or cost, recomputed from the assignments.
    lines, least
        See `hypervolume_bound`.
    """

    values: dict[str, Any]
    points: FloatArray
    lines: FloatArray
    least: float

    @property
    def objective(self) -> str:
        """The objective beside the makespan."""
        return next(str(name) for name in self.values["objectives"] if name != "makespan")


def read_run(path: str | Path) -> Run:
    """Read what `edgeopt front --json` prints.

    Its objectives are computed anew from the problem and the assignments.

    Raises
    ------
    InputError
        If the file is something else, or an assignment is not legal.
    """
    rule = "the output of edgeopt front --json"
    try:
        values = json.loads(read_content(Path(path)))
        problem = load_problem(values["problem"])
        archive = Archive(
            problem, goal_of(problem, tuple(values["objectives"])), values["least_makespan"]
        )
        for assignment in values["assignments"]:
            archive.offer(problem.check_assignment(assignment))
        lines = [(a, b, math.inf if end is None else end) for a, b, end in values["lines"]]
        if not set(_COPIED) <= values.keys() or not archive.makespans:
            raise InputError(str(path), "no front", rule)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(str(path), f"{type(error).__name__}: {error}", rule) from error
    points = np.column_stack([archive.makespans, archive.values])
    return Run(values, points, np.array(lines, dtype=float).reshape(-1, 3), archive.least)


class Joint(NamedTuple):
    """What all runs on a problem say together.

    Attributes
    ----------
    runs : list of Run
        The runs.
    points : ndarray, shape (n, 2)
        All points.
    lines, least
        All bounds.
    reference : ndarray, shape (2,)
        The worst values of the joint front, and a tenth of its extent beyond.
    """

    runs: list[Run]
    points: FloatArray
    lines: FloatArray
    least: float
    reference: FloatArray

    @property
    def bound(self) -> float:
        """An area that no front exceeds."""
        return hypervolume_bound(self.lines, self.least, self.reference)


def join(runs: Iterable[Run]) -> list[Joint]:
    """Return the runs by problem and objective, in order of appearance."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.values["problem"], run.objective), []).append(run)
    joints = []
    for own in groups.values():
        points = np.vstack([run.points for run in own])
        best = _front_of(points)
        worst, least = best.max(axis=0), best.min(axis=0)
        extent = np.where(worst > least, worst - least, np.maximum(np.abs(worst), 1.0))
        lines, first = np.vstack([run.lines for run in own]), max(run.least for run in own)
        joints.append(Joint(own, points, lines, first, worst + BEYOND * extent))
    return joints


def front_rows(joint: Joint) -> list[dict[str, Any]]:
    """Return a row for each run; shares are of the bound, and of all runs' joint area."""
    most, best = joint.bound, hypervolume(joint.points, joint.reference)
    rows = []
    for run in joint.runs:
        area = hypervolume(run.points, joint.reference)
        measured = {
            "objective": run.objective,
            "schedules": len(run.points),
            "hypervolume": area,
            "share": area / most,
            "share_of_best": area / best,
            "reference_makespan": float(joint.reference[0]),
            "reference_value": float(joint.reference[1]),
            "hypervolume_bound": most,
        }
        rows.append({name: run.values[name] for name in _COPIED} | measured)
    return rows


def write_fronts(paths: Iterable[str | Path], out: Path) -> tuple[list[dict[str, Any]], list[Path]]:
    """Write ``fronts.csv`` and a figure for each problem; return the rows and what was written.

    Parameters
    ----------
    paths : iterable of str or Path
        See `read_run`.
    out : Path
        Folder; it is made if it is missing.
    """
    joints = join([read_run(path) for path in paths])
    rows = [row for joint in joints for row in front_rows(joint)]
    out.mkdir(parents=True, exist_ok=True)
    table = [COLUMNS, *([row[name] for name in COLUMNS] for row in rows)]
    write_atomically(out / "fronts.csv", csv_rows(table))
    written = [out / "fronts.csv"]
    for joint in joints:
        with paper_style():
            name = joint.runs[0].values["problem"]
            stem = "".join(sign if sign.isalnum() else "-" for sign in Path(name).name)
            figure = front_figure(joint)
            written += save_figure(figure, out, f"{joint.runs[0].objective}-{stem}")
    return rows, written


def front_figure(joint: Joint) -> Figure:
    """Draw the first run of each method, and in grey what no schedule can reach."""
    from matplotlib.figure import Figure  # takes long to import

    figure = Figure(figsize=SIZE)
    ax, (right, top) = figure.subplots(), joint.reference
    first = {run.values["method"]: run for run in reversed(joint.runs)}
    methods = dict.fromkeys(run.values["method"] for run in joint.runs)
    for method, style in line_styles(methods).items():
        points = first[method].points
        steps = np.vstack([points, [max(right, points[-1, 0]), points[-1, 1]]])
        ax.step(*steps.T, where="post", linewidth=1.0, label=method, **style)
    grid = np.linspace(joint.least, right, _DRAWN)
    floor = np.minimum(largest_line(joint.lines, joint.least, grid), top)
    low = float(joint.points[:, 1].min())
    bottom = low - 0.05 * (top - low)
    left = joint.least - 0.05 * (right - joint.least)
    ax.fill_between([left, *grid], [top, *floor], bottom, color="#DDDDDD", linewidth=0)
    unit = {"energy": "energy (J)", "cost": "cost"}[joint.runs[0].objective]
    ax.set(xlabel="makespan (s)", ylabel=unit, xlim=(left, right), ylim=(bottom, top))
    ax.legend()
    return figure


def _front_of(points: FloatArray) -> FloatArray:
    """Return the points that no other one dominates, in order of makespan."""
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))]
    before = np.minimum.accumulate(np.append(np.inf, ordered[:, 1]))[:-1]
    return np.asarray(ordered[ordered[:, 1] < before])
