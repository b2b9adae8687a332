"""The paper's online system: tasks gather in windows, and a solver schedules each window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from edgeopt.optim.online.beyond_edge import beyond_edge
from edgeopt.optim.online.changes import JOIN, Change, ChangeArrays, change_arrays, free_at_start
from edgeopt.optim.online.dispatch import check_tasks
from edgeopt.optim.online.edge_queues import FCFS, EdgeTimes, queue_at_edge
from edgeopt.optim.online.pool_state import Fit, PoolState, oldest_that_fit
from edgeopt.optim.online.resources import (
    Resources,
    Stages,
    Timeline,
    warn_of_overload,
    warn_of_slow_scheduler,
)
from edgeopt.optim.online.sliding_window import (
    SchedulingTime,
    WaitingRoom,
    Window,
    check_scheduling_time,
    scheduling_time,
)
from edgeopt.optim.scheduling.bounds.quick_bounds import combinatorial_bound
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import Criterion, Iterations
from edgeopt.problems.errors import FloatArray, InputError, IntArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


class WindowedRun(NamedTuple):
    """The result of `simulate_windows`: the tasks' timeline and the log of the windows."""

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
        As for `simulate_dispatch`. Tasks without edge work wait for no window.
    solver : Solver or callable
        Any that `solve` takes. Its problem is the window: `ready` holds the nodes' remaining work
        in s, `node_capacity` their free memory (a task holds memory until it ends).
    window : Window
        When windows close.
    stop : Criterion or iterable of Criterion
        Budget of the solver for one window.
    rng : int or Generator, optional
        Seed or source of randomness of the solver.
    scheduling_s : float, callable or "measured"
        How long the scheduling of a window takes in s, which delays its tasks and the next window:
        a constant, a function of the numbers of tasks and nodes, or the solver's time on this
        machine, which makes runs differ.
    changes : sequence of Change
        As for `simulate_dispatch`.

    Returns
    -------
    WindowedRun
        Every task ends exactly once. The oldest tasks that fit the free memory are scheduled; the
        others, and the tasks of a node that goes away, wait for a later window. If the solver
        finds no schedule although one exists, best-fit decreasing assigns the tasks.

    Raises
    ------
    InputError
        If an input has a wrong shape or value, or a task fits no node that stays.

    Warns
    -----
    OverloadWarning
        If more work arrives than can be done or scheduled.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import lpt
    >>> from edgeopt.optim.online import Resources, Stages, Window, simulate_windows
    >>> time, zero = np.array([0.0, 0.1, 0.2, 0.3]), np.zeros(4)
    >>> stages = Stages(edge=np.full(4, 1e9), upload_bits=zero, cloud=zero, round_trip=zero)
    >>> resources = Resources(np.array([1e9, 2e9]))
    >>> run = simulate_windows(time, stages, resources, lpt, Window(tasks=2), rng=1)
    >>> run.timeline.dispatch
    array([0.1, 0.1, 0.3, 0.3])
    """
    time, stages = check_tasks(time, stages)
    check_scheduling_time(scheduling_s)
    arrays = change_arrays(changes, resources.nodes)
    free = free_at_start(arrays, resources.nodes)
    _check_room(stages, resources, arrays, free)
    warn_of_overload(time, stages, resources)
    # Kernels are compiled before the clock runs, or "measured" would count the compiler.
    warm_up(Problem(UniformTimes(np.ones(1), resources.flops)), solver)
    times = _forward(time, stages.edge, resources, arrays, free)
    # Tasks that the edge only forwards need no node chosen by a solver.
    windowed = np.flatnonzero(stages.edge > 0)
    present = np.isfinite(free)
    run = WindowRun(
        pool=PoolState(
            resources, stages.edge, stages.memory, times, np.zeros(len(present)), present
        ),
        room=WaitingRoom(windowed, time[windowed], window),
        changes=arrays,
    )
    scheduling = Scheduling(solver, stop, np.random.default_rng(rng), scheduling_s)
    while advance(run, scheduling):
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
    """Return the edge times with the tasks without work passed through and all others open."""
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
    """Raise `InputError` for a task that fits no node that is present at the end."""
    if (stages.memory is None) != (resources.capacity is None):
        missing = "stages.memory" if stages.memory is None else "resources.capacity"
        raise InputError(missing, None, "given, as the other memory field is")
    if stages.memory is None or resources.capacity is None:
        return
    stays = np.isfinite(free)
    for node, kind in zip(changes.node, changes.kind, strict=True):
        stays[node] = kind == JOIN
    largest = float(resources.capacity[stays].max())
    # Such a task would wait for ever and, being the oldest, hold up all others.
    if stages.memory.max() > largest:
        task = int(stages.memory.argmax())
        rule = f"at most the memory of a node that stays, {largest:g} byte"
        raise InputError(f"memory[{task}]", stages.memory[task], rule)


# The event loop: windows close, nodes come and go.


class WindowLog(NamedTuple):
    """When the windows were scheduled, one entry for each of the w windows.

    Attributes
    ----------
    close, dispatch : ndarray, shape (w,)
        When the window closed and when its schedule was ready, in s.
    tasks : ndarray of int64, shape (w,)
        Number of tasks.
    solver_s : ndarray, shape (w,)
        Time of the solver on this machine in s; it differs from run to run.
    """

    close: FloatArray
    dispatch: FloatArray
    tasks: IntArray
    solver_s: FloatArray


class Scheduling(NamedTuple):
    """How windows are scheduled; each field is the parameter of `simulate_windows` so named."""

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
        The nodes, the waiting tasks, and the changes of the pool.
    change : int
        How many changes have been applied.
    idle : float
        When the scheduler is next idle in s.
    blocked : float
        No window can be scheduled before this time in s, for lack of memory or of a node.
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


def advance(run: WindowRun, scheduling: Scheduling) -> bool:
    """Process the next event, a change or a window; return whether there was one."""
    now = max(run.room.closing_time(), run.idle, run.blocked)
    # A change at the same time comes first: the window must not use a node that has gone.
    if run.change < len(run.changes.time) and run.changes.time[run.change] <= now:
        _apply_change(run)
        return True
    if np.isinf(now):
        return False
    run.room.admit(now)
    _schedule(run, scheduling, now)
    return True


def _apply_change(run: WindowRun) -> None:
    """Let the next node come or go."""
    now = float(run.changes.time[run.change])
    run.room.admit(now)
    run.room.readmit(run.pool.apply(run.changes, run.change), now)
    # A node that joins, or memory of a lost task, may let a blocked window go ahead.
    run.blocked = -np.inf
    run.change += 1


def _schedule(run: WindowRun, scheduling: Scheduling, now: float) -> None:
    """Schedule the oldest tasks that fit, at most one window of them."""
    room, pool = run.room, run.pool
    wanted = min(room.window.tasks, len(room.waiting))
    nodes = np.flatnonzero(pool.present)
    fit, changes, run.blocked = _fit(run, wanted, nodes, now), run.change, -np.inf
    # Taken before the window is enqueued, which forgets the tasks that end until then.
    release = pool.next_end(now)
    if fit.tasks:
        tasks = room.take(fit.tasks, now)
        chosen, seconds = _solve(pool, tasks, nodes, now, scheduling)
        # List rules may fail to pack the memory; best-fit decreasing is known to succeed here.
        chosen = fit.assignment if chosen is None else chosen
        duration = scheduling_time(scheduling.scheduling_s, len(tasks), len(nodes), seconds)
        run.idle = now + duration
        run.log.append((now, run.idle, len(tasks), seconds))
        _enqueue(run, tasks, nodes[chosen])
    if fit.tasks < wanted and run.change == changes:  # a change may have made room: try again
        run.blocked = min(release, pool.next_end(now))


def _fit(run: WindowRun, wanted: int, nodes: IntArray, now: float) -> Fit:
    """Return how many of the oldest tasks fit the present nodes, and one way how."""
    memory = run.pool.memory
    if not len(nodes):
        return Fit(0, nodes)
    if memory is None:
        return Fit(wanted, np.zeros(wanted, dtype=np.int64))
    return oldest_that_fit(memory[run.room.waiting[:wanted]], run.pool.free_memory(now)[nodes])


def _solve(
    pool: PoolState, tasks: IntArray, nodes: IntArray, now: float, scheduling: Scheduling
) -> tuple[IntArray | None, float]:
    """Return the solver's assignment of tasks to positions in `nodes`, and its time in s."""
    problem = Problem(
        UniformTimes(pool.work[tasks], pool.resources.flops[nodes]),
        None if pool.memory is None else pool.memory[tasks],
        None if pool.memory is None else pool.free_memory(now)[nodes],
        name=f"window at {now:g} s",
        # Work left over from earlier windows; without it the solver would overload busy nodes.
        ready=np.maximum(pool.free[nodes] - now, 0.0),
    )
    result = solve(
        problem,
        scheduling.solver,
        stop=scheduling.stop,
        rng=scheduling.rng,
        bound=combinatorial_bound,
        catch_interrupt=False,
    )
    return result.assignment, result.seconds


def _enqueue(run: WindowRun, tasks: IntArray, nodes: IntArray) -> None:
    """Enqueue the tasks when their schedule is ready; those of lost nodes wait again."""
    # Nodes may have come or gone while the solver was at work.
    while run.change < len(run.changes.time) and run.changes.time[run.change] <= run.idle:
        _apply_change(run)
    present = run.pool.present[nodes]
    run.pool.enqueue(tasks[present], nodes[present], run.idle)
    run.room.readmit(tasks[~present], run.idle)


def window_log(run: WindowRun) -> WindowLog:
    """Return the log as arrays."""
    rows = np.array(run.log, dtype=np.float64).reshape(-1, 4)
    return WindowLog(rows[:, 0], rows[:, 1], rows[:, 2].astype(np.int64), rows[:, 3])
