"""The best schedule of each solver on one problem: node loads, or one schedule task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.style import number_axis
from edgeopt.experiments.sweep.figures.canvas import add_legend, drawing, short_label
from edgeopt.experiments.sweep.figures.choice import Choice, choose_one
from edgeopt.experiments.sweep.figures.curves import absent
from edgeopt.experiments.sweep.places import problem_named
from edgeopt.optim.scheduling.schedule import Schedule

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from edgeopt.problems.scheduling.problem import Problem


_GANTT_TASKS = 400  # more bars would be too thin to see


def plot_loads(
    data: pd.DataFrame,
    ax: Axes | None = None,
    *,
    problem: str | None = None,
    solvers: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    instance: Problem | None = None,
) -> Axes:
    """Draw how the best schedule of each solver loads the nodes.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    problem : str, optional
        Which problem; needed where there are several.
    solvers, names : optional
        See `choose_runs`. With one solver, its schedule is drawn as
        `Schedule.gantt` does, or `Schedule.load_chart` for more than 400 tasks.
    instance : Problem, optional
        The problem itself; loaded by its name if not given.

    Returns
    -------
    Axes
        A line for each solver: when its nodes finish, the busiest first. The nearer to level, the
        better balanced; the first point is the makespan.

    Raises
    ------
    InputError
        If an option is unknown or does not fit the data, or the problem cannot be loaded.

    Examples
    --------
    See `choose_runs`, which makes such a table.
    """
    from matplotlib.ticker import MaxNLocator

    choice = choose_one(data, problem, solvers, names)
    schedules = _schedules(choice, instance)
    with drawing(ax) as axes:
        if len(choice.solvers) == 1 and schedules:
            ((solver, schedule),) = schedules.items()
            axes.set_title(short_label(solver), fontsize="medium", parse_math=False)
            chart = schedule.gantt if schedule.tasks <= _GANTT_TASKS else schedule.load_chart
            return chart(axes)
        for number, (solver, schedule) in enumerate(schedules.items()):
            marks = {"markevery": (0.055 * (number % 4), 0.22), "markersize": 3.5}
            ends = _busiest_first(schedule)
            places = np.arange(1, len(ends) + 1)
            look = choice.styles[solver] | marks
            axes.plot(places, ends, label=solver, clip_on=False, **look)
        axes.set(xlabel="node, the last to finish first", ylabel="finishes at (s)", ylim=(0, None))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        number_axis(axes.yaxis)
        add_legend(axes, "best schedule of each solver", absent(choice, set(schedules)))
    return axes


def loads_table(
    data: pd.DataFrame,
    *,
    problem: str | None = None,
    solvers: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    instance: Problem | None = None,
) -> pd.DataFrame:
    """Return what `plot_loads` draws: solver, node, load and number of tasks."""
    import pandas as pd

    schedules = _schedules(choose_one(data, problem, solvers, names), instance)
    parts = [
        pd.DataFrame(
            {
                "solver": solver,
                "node": np.arange(schedule.nodes),
                "load": schedule.loads,
                "tasks": np.bincount(schedule.assignment, minlength=schedule.nodes),
            }
        )
        for solver, schedule in schedules.items()
    ]
    columns = ["solver", "node", "load", "tasks"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _schedules(choice: Choice, instance: Problem | None) -> dict[str, Schedule]:
    """Return the best schedule of each solver that has one."""
    (name,) = choice.problems
    problem = problem_named(choice.runs, name) if instance is None else instance
    found = choice.runs[choice.runs["makespan"] < np.inf]
    schedules = {}
    for solver in choice.solvers:
        runs = found[found["solver"] == solver]
        if len(runs):
            chosen = runs["assignment"].iloc[int(runs["makespan"].to_numpy().argmin())]
            schedules[solver] = Schedule.of(problem, np.asarray(chosen, dtype=np.int64))
    return schedules


def _busiest_first(schedule: Schedule) -> np.ndarray:
    """Return when the nodes finish, 0 for those without tasks, in falling order."""
    used = np.bincount(schedule.assignment, minlength=schedule.nodes) > 0
    return np.sort(np.where(used, schedule.loads + schedule.ready, 0.0))[::-1]
