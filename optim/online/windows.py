"""The online system of the paper: tasks gather in windows, a solver schedules each window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from optim.online.beyond_edge import beyond_edge
from optim.online.changes import JOIN, Change, ChangeArrays, change_arrays, there_at_start
from optim.online.dispatch import check_tasks
from optim.online.edge_queues import FCFS, EdgeTimes, queue_at_edge
from optim.online.overload import warn_of_overload, warn_of_slow_scheduler
from optim.online.pool_state import PoolState
from optim.online.resources import Resources
from optim.online.timeline import Stages, Timeline
from optim.online.waiting_room import WaitingRoom
from optim.online.window import SchedulingTime, Window, check_scheduling_time
from optim.online.window_run import Scheduling, WindowLog, WindowRun, advance, window_log
from optim.stop import Criterion, Iterations
from optim.warm_up import warm_up
from problems.errors import FloatArray, InputError
from problems.scheduling import SchedulingProblem, WorkSpeed


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
        What `optim.solve` takes. Its problem is the window: `ready` says what the nodes still have
        to do, `node_capacity` what memory is free (a task holds memory until it ends).
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
    warm_up(SchedulingProblem(WorkSpeed(np.ones(1), resources.flops)), solver)
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
