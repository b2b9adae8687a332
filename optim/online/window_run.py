"""The loop of the online system: tasks gather, windows close, nodes come and go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from optim.loop import solve
from optim.online.changes import ChangeArrays
from optim.online.pool_state import PoolState
from optim.online.room import Fit, oldest_that_fit
from optim.online.waiting_room import WaitingRoom
from optim.online.window import SchedulingTime, scheduling_time
from optim.scheduling.bounds import combinatorial_bound
from optim.solver import IntArray
from optim.stop import Criterion
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem, WorkSpeed


class WindowLog(NamedTuple):
    """What was scheduled when, one entry for each of the w windows.

    Attributes
    ----------
    close, dispatch : ndarray, shape (w,)
        When the window closed, and when its schedule was there, in s.
    tasks : ndarray of int64, shape (w,)
        Number of tasks.
    solver_s : ndarray, shape (w,)
        Time that the solver took on this machine in s (differs from run to run).
    """

    close: FloatArray
    dispatch: FloatArray
    tasks: IntArray
    solver_s: FloatArray


class Scheduling(NamedTuple):
    """How windows are scheduled: the parameters of these names of `simulate_windows`."""

    solver: Any
    stop: Criterion | Iterable[Criterion]
    rng: np.random.Generator
    scheduling_s: SchedulingTime


@dataclass
class WindowRun:
    """The simulation at one moment.

    Attributes
    ----------
    pool, room, changes
        Nodes, waiting tasks, and the nodes' coming and going.
    change : int
        How many changes are done.
    idle : float
        When the scheduler is idle in s.
    blocked : float
        Before this time, in s, no window can be scheduled: no memory, or no node.
    log : list
        Rows of the `WindowLog`.
    """

    pool: PoolState
    room: WaitingRoom
    changes: ChangeArrays
    change: int = 0
    idle: float = 0.0
    blocked: float = -np.inf
    log: list[tuple[float, float, int, float]] = field(default_factory=list)


def advance(run: WindowRun, how: Scheduling) -> bool:
    """Do what comes next, a change or a window; return whether there was anything."""
    now = max(run.room.closing_time(), run.idle, run.blocked)
    if run.change < len(run.changes.time) and run.changes.time[run.change] <= now:
        _change(run)
        return True
    if np.isinf(now):
        return False
    run.room.admit(now)
    _schedule(run, how, now)
    return True


def _change(run: WindowRun) -> None:
    """Let the next node come or go."""
    now = float(run.changes.time[run.change])
    run.room.admit(now)
    run.room.take_back(run.pool.apply(run.changes, run.change), now)
    run.blocked = -np.inf
    run.change += 1


def _schedule(run: WindowRun, how: Scheduling, now: float) -> None:
    """Schedule the oldest tasks that fit, at most a window of them."""
    room, pool = run.room, run.pool
    wanted = min(room.window.tasks, len(room.waiting))
    nodes = np.flatnonzero(pool.there)
    fit, done, run.blocked = _fit(run, wanted, nodes, now), run.change, -np.inf
    release = pool.next_end(now)
    if fit.tasks:
        tasks = room.take(fit.tasks, now)
        chosen, seconds = _solve(pool, tasks, nodes, now, how)
        chosen = fit.assignment if chosen is None else chosen
        duration = scheduling_time(how.scheduling_s, len(tasks), len(nodes), seconds)
        run.idle = now + duration
        run.log.append((now, run.idle, len(tasks), seconds))
        _give(run, tasks, nodes[chosen])
    if fit.tasks < wanted and run.change == done:  # a change may have made room
        run.blocked = min(release, pool.next_end(now))


def _fit(run: WindowRun, wanted: int, nodes: IntArray, now: float) -> Fit:
    """Return which of the oldest tasks fit the nodes that are there, and how."""
    memory = run.pool.memory
    if not len(nodes):
        return Fit(0, nodes)
    if memory is None:
        return Fit(wanted, np.zeros(wanted, dtype=np.int64))
    return oldest_that_fit(memory[run.room.waiting[:wanted]], run.pool.free_memory(now)[nodes])


def _solve(
    pool: PoolState, tasks: IntArray, nodes: IntArray, now: float, how: Scheduling
) -> tuple[IntArray | None, float]:
    """Return the solver's assignment of tasks to places in `nodes`, and its time in s."""
    problem = SchedulingProblem(
        WorkSpeed(pool.work[tasks], pool.resources.flops[nodes]),
        None if pool.memory is None else pool.memory[tasks],
        None if pool.memory is None else pool.free_memory(now)[nodes],
        name=f"window at {now:g} s",
        ready=np.maximum(pool.free[nodes] - now, 0.0),
    )
    result = solve(problem, how.solver, stop=how.stop, rng=how.rng, bound=combinatorial_bound)
    return result.assignment, result.seconds


def _give(run: WindowRun, tasks: IntArray, nodes: IntArray) -> None:
    """Give the tasks to their nodes when the schedule is there; those of lost nodes come back."""
    while run.change < len(run.changes.time) and run.changes.time[run.change] <= run.idle:
        _change(run)
    there = run.pool.there[nodes]
    run.pool.give(tasks[there], nodes[there], run.idle)
    run.room.take_back(tasks[~there], run.idle)


def window_log(run: WindowRun) -> WindowLog:
    """Return the log as arrays."""
    rows = np.array(run.log, dtype=np.float64).reshape(-1, 4)
    return WindowLog(rows[:, 0], rows[:, 1], rows[:, 2].astype(np.int64), rows[:, 3])
