"""The online system of the paper: tasks gather in windows, a solver schedules each window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from edgeopt.optim.online.beyond_edge import beyond_edge
from edgeopt.optim.online.changes import JOIN, Change, ChangeArrays, change_arrays, there_at_start
from edgeopt.optim.online.dispatch import check_tasks
from edgeopt.optim.online.edge_queues import FCFS, EdgeTimes, queue_at_edge
from edgeopt.optim.online.overload import warn_of_overload, warn_of_slow_scheduler
from edgeopt.optim.online.resources import Resources, Stages, Timeline
from edgeopt.optim.online.window_state import (
    Fit,
    PoolState,
    SchedulingTime,
    WaitingRoom,
    Window,
    check_scheduling_time,
    oldest_that_fit,
    scheduling_time,
)
from edgeopt.optim.scheduling.bounds.quick_bounds import combinatorial_bound
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.optim.scheduling.stop import Criterion, Iterations
from edgeopt.problems.errors import FloatArray, InputError
from edgeopt.problems.scheduling.problem import SchedulingProblem, UniformTimes


class WindowedRun(NamedTuple):
    """What `simulate_windows` returns."""

    timeline: Timeline
    log: WindowLog


def simulate_windows(
    time: FloatArray,
    stages: Stages,
    resources: Resources,
    solver: Any,
    window: Window,
    *,
    stop: Criterion | Iterable[Criterion] = Iterations(20),
    rng: int | np.random.Generator | None = None,
    scheduling_s: SchedulingTime = 0.0,
    changes: Sequence[Change] = (),
) -> WindowedRun:
    """Simulate a stream whose tasks are scheduled window by window (section 2.3, Fig. 3).

    Parameters
    ----------
    time, stages, resources
        As for `simulate_dispatch`. Tasks without edge work pass at once.
    solver : Solver or callable
        What `solve` takes. Its problem is the window: `ready` says what work the nodes still
        have, `node_capacity` what memory is free (a task holds memory until it ends).
    window : Window
        When windows close.
    stop : Criterion or iterable of Criterion
        Budget of the solver for one window.
    rng : int or Generator, optional
        Seed or source of randomness of the solver.
    scheduling_s : float, callable or "measured"
        How long the scheduling of a window takes in s, by which its tasks come to the nodes later
        and the next window closes later: a constant, a function of the numbers of tasks and nodes,
        or the time that the solver takes here, with which no run is like another.
    changes : sequence of Change
        As for `simulate_dispatch`.

    Returns
    -------
    WindowedRun
        Every task ends exactly once. The oldest tasks that fit the free memory are scheduled, the
        others wait until memory is released; so do tasks whose node goes away. Where the solver
        finds no schedule although there is one, tasks go where best-fit decreasing puts them.

    Raises
    ------
    InputError
        If an input has a wrong shape or value, or a task fits no node that stays.

    Warns
    -----
    OverloadWarning
        If more work arrives than can be done, or scheduled.
    """
    time, stages = check_tasks(time, stages)
    check_scheduling_time(scheduling_s)
    arrays = change_arrays(changes, resources.nodes)
    free = there_at_start(arrays, resources.nodes)
    _check_room(stages, resources, arrays, free)
    warn_of_overload(time, stages, resources)
    warm_up(SchedulingProblem(UniformTimes(np.ones(1), resources.flops)), solver)
    times = _forward(time, stages.edge, resources, arrays, free)
    windowed = np.flatnonzero(stages.edge > 0)
    there = np.isfinite(free)
    run = WindowRun(
        pool=PoolState(resources, stages.edge, stages.memory, times, np.zeros(len(there)), there),
        room=WaitingRoom(windowed, time[windowed], window),
        changes=arrays,
    )
    how = Scheduling(solver, stop, np.random.default_rng(rng), scheduling_s)
    while advance(run, how):
        pass
    log = window_log(run)
    warn_of_slow_scheduler(time, float((log.dispatch - log.close).sum()))
    return WindowedRun(beyond_edge(times, stages, resources), log)


def _forward(
    time: FloatArray,
    work: FloatArray,
    resources: Resources,
    changes: ChangeArrays,
    free: FloatArray,
) -> EdgeTimes:
    """Return times in which the tasks without work have passed the edge, and no other has yet."""
    tasks = len(time)
    times = EdgeTimes(np.full(tasks, -1), time.copy(), np.zeros(tasks), np.zeros(tasks))
    passing = np.flatnonzero(work == 0)
    if len(passing):
        none = np.zeros(len(passing))
        passed = queue_at_edge(time[passing], none, resources.flops, free, changes, FCFS)
        for column, values in zip(times, passed, strict=True):
            column[passing] = values
    return times


def _check_room(
    stages: Stages, resources: Resources, changes: ChangeArrays, free: FloatArray
) -> None:
    """Refuse tasks that fit no node of those that are there at the end."""
    if (stages.memory is None) != (resources.capacity is None):
        missing = "stages.memory" if stages.memory is None else "resources.capacity"
        raise InputError(missing, None, "given, as the other memory field is")
    if stages.memory is None or resources.capacity is None:
        return
    stays = np.isfinite(free)
    for node, kind in zip(changes.node, changes.kind, strict=True):
        stays[node] = kind == JOIN
    largest = float(resources.capacity[stays].max())
    if stages.memory.max() > largest:
        task = int(stages.memory.argmax())
        rule = f"at most the memory of a node that stays, {largest:g} byte"
        raise InputError(f"memory[{task}]", stages.memory[task], rule)


# The loop of the online system: tasks gather, windows close, nodes come and go.


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
        UniformTimes(pool.work[tasks], pool.resources.flops[nodes]),
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
