"""The best schedule of each problem, as bars for a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.report.analysis import Analysis
from edgeopt.experiments.sweep.places import problem_named
from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.problems.errors import InputError
from edgeopt.problems.visible import visible

if TYPE_CHECKING:
    import pandas as pd


_TASKS, _TASKS_IN_ALL = 2_000, 16_000  # of schedules that are drawn: about 0.3 MB

_ROUNDING = 1e-9  # relative

_SIGNIFICANT = 5  # digits


def best_schedules(analysis: Analysis) -> list[dict[str, Any] | str]:
    """Return the best schedule of each problem, or the reason why there is none to draw."""
    room, found = _TASKS_IN_ALL, list[dict[str, Any] | str]()
    for problem in analysis.problems:
        one = _best_schedule(analysis, problem, min(room, _TASKS))
        room -= 0 if isinstance(one, str) else len(one["nodes"])
        found.append(one)
    return found


def _best_schedule(analysis: Analysis, problem: str, room: int) -> dict[str, Any] | str:
    """Return the bars of the shortest schedule, or why there are none."""
    cells = analysis.cells
    own = cells[(cells["problem"] == problem) & (cells["makespan"] < np.inf)]
    own = own[own["assignment"].notna()] if "assignment" in own else own[:0]
    if own.empty:
        return "No run has a schedule."
    row = own.iloc[int(own["makespan"].to_numpy().argmin())]
    if len(row["assignment"]) > room:
        return f"Its {len(row['assignment']):,} tasks are left out to keep this file small."
    try:
        schedule = Schedule.of(problem_named(cells, problem), np.asarray(row["assignment"]))
    except (InputError, OSError) as error:
        return f"The problem cannot be loaded: {visible(str(error))}"
    if abs(schedule.makespan - row["makespan"]) > _ROUNDING * row["makespan"]:
        return "The problem is no longer the one that was solved."
    return _bars(schedule, row, analysis.solvers.index(str(row["solver"])))


def _bars(schedule: Schedule, row: pd.Series[Any], solver: int) -> dict[str, Any]:
    """Return node, start and length of each task; each node runs its tasks in order of index."""
    starts = schedule.finish_times - schedule.times
    return {
        "solver": solver,
        "repetition": int(row["repetition"]),
        "makespan": float(row["makespan"]),
        "size": schedule.nodes,
        "nodes": schedule.assignment.tolist(),
        "starts": [_short(start) for start in starts],
        "times": [_short(time) for time in schedule.times],
        "ready": [_short(time) for time in schedule.ready] if schedule.ready.any() else None,
        "node_names": _names(schedule.node_names),
        "task_names": _names(schedule.task_names),
    }


def _short(value: float) -> float:
    """Return a number with few digits, none after the point if it is whole."""
    short = float(f"{value:.{_SIGNIFICANT}g}")
    return int(short) if short.is_integer() else short


def _names(names: tuple[str, ...] | None) -> list[str] | None:
    """Return names as they are shown."""
    return None if names is None else [visible(name) for name in names]
