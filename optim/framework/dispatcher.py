"""How tasks are assigned to nodes: one by one on arrival, or in windows by a solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from edgeopt.optim.online.changes import Change
from edgeopt.optim.online.dispatch import DispatchRule, simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages, Timeline
from edgeopt.optim.online.sliding_window import SchedulingTime, Window
from edgeopt.optim.online.windows import simulate_windows
from edgeopt.optim.scheduling.catalog import build_solver
from edgeopt.optim.scheduling.solver import as_solver
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import FloatArray, InputError, check_choice
from edgeopt.problems.parameters import check_names

_RULE_FIELDS = ("rule", "changes")

_WINDOW_FIELDS = (
    "solver",
    "parameters",
    "window",
    "timeout_s",
    "budget",
    "scheduling_s",
    "changes",
)

_BUDGET = {"evaluations": 1000}


@dataclass(frozen=True)
class Dispatcher:
    """Each task is assigned to a node when it arrives.

    Parameters
    ----------
    rule : str
        As for `simulate_dispatch`.
    changes : tuple of Change
        Nodes that join, leave or fail.

    Examples
    --------
    See `simulate`.
    """

    rule: DispatchRule = "fcfs"
    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        check_choice("rule", self.rule, get_args(DispatchRule))

    def run(
        self, time: FloatArray, stages: Stages, resources: Resources, rng: np.random.Generator
    ) -> Timeline:
        """Return when each task passed each stage."""
        return simulate_dispatch(time, stages, resources, rule=self.rule, changes=self.changes)


@dataclass(frozen=True)
class WindowDispatcher:
    """Tasks gather in windows that a solver schedules (section 2.3).

    Parameters
    ----------
    solver : dict
        ``{"solver": name, parameter: value, ...}``.
    window : Window
        When windows close.
    budget : dict
        Stopping criteria of the solver for one window.
    scheduling_s : float or "measured"
        How long the scheduling of a window takes, s.
    changes : tuple of Change
        Nodes that join, leave or fail.

    Examples
    --------
    See `make_dispatcher`.
    """

    solver: dict[str, Any]
    window: Window
    budget: dict[str, Any]
    scheduling_s: SchedulingTime = 0.0
    changes: tuple[Change, ...] = ()

    def run(
        self, time: FloatArray, stages: Stages, resources: Resources, rng: np.random.Generator
    ) -> Timeline:
        """Return when each task passed each stage."""
        return simulate_windows(
            time,
            stages,
            resources,
            build_solver(self.solver),
            self.window,
            stop=make_criteria(self.budget),
            rng=rng,
            scheduling_s=self.scheduling_s,
            changes=self.changes,
        ).timeline


AnyDispatcher = Dispatcher | WindowDispatcher


def make_dispatcher(table: Any, rule: DispatchRule = "fcfs") -> AnyDispatcher:
    """Return the dispatcher that a table of a simulation file describes.

    Parameters
    ----------
    table : dict
        ``rule``; or ``solver`` (a name as in a sweep), ``window`` (number of tasks) and optionally
        the solver's ``parameters``, ``timeout_s``, ``budget`` of one window, ``scheduling_s``.
        Either may have ``changes``, a list of tables ``{time_s, node, kind}``.
    rule : str
        The rule if the table names none.

    Raises
    ------
    InputError
        If a field is unknown, missing or illegal.

    Examples
    --------
    >>> from edgeopt.optim.framework import make_dispatcher
    >>> make_dispatcher({"solver": "lpt", "window": 20}).window
    Window(tasks=20, timeout_s=None)
    """
    if not isinstance(table, dict):
        raise InputError("dispatch", table, "a table")
    check_names(table, dict.fromkeys(_WINDOW_FIELDS if "solver" in table else _RULE_FIELDS))
    changes = _changes(table.get("changes", []))
    if "solver" not in table:
        return Dispatcher(table.get("rule", rule), changes)
    if "window" not in table:
        raise InputError("dispatch.window", None, "given, the number of tasks of a window")
    solver = {"solver": table["solver"], **table.get("parameters", {})}
    budget = table.get("budget", _BUDGET)
    as_solver(build_solver(solver))  # errors in the file are found here, not in the first window
    make_criteria(budget)
    window = Window(table["window"], table.get("timeout_s"))
    return WindowDispatcher(solver, window, budget, table.get("scheduling_s", 0.0), changes)


def _changes(tables: Any) -> tuple[Change, ...]:
    """Return the changes of the pool that the tables describe."""
    rule = f"a list of tables with {', '.join(Change._fields)}"
    if not isinstance(tables, list):
        raise InputError("dispatch.changes", tables, rule)
    for table in tables:
        if not isinstance(table, dict) or set(table) != set(Change._fields):
            raise InputError("dispatch.changes", table, rule)
    return tuple(Change(**table) for table in tables)
