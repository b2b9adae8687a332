"""The sliding window of tasks that are scheduled together (section 2.3, Fig. 3)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit
from edgeopt.optim.online.changes import FAIL, JOIN, ChangeArrays
from edgeopt.optim.online.edge_queues import EdgeTimes
from edgeopt.optim.online.resources import Resources
from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.errors import FloatArray, check_choice, check_integer, check_number
from edgeopt.problems.scheduling.memory import best_fit_decreasing

SchedulingTime = float | Callable[[int, int], float] | Literal["measured"]


@dataclass(frozen=True)
class Window:
    """When a window closes: with K tasks or after a time, whichever is first.

    The paper's "sliding window of K tasks" in "a period" leaves open which of the two it is.

    Parameters
    ----------
    tasks : int
        K, >= 1. A window of 1 dispatches task by task.
    timeout_s : float, optional
        Longest time that the oldest task waits for the window to close in s, >= 0. Without it
        only the last window of a stream may have fewer than K tasks.

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    See `simulate_windows`.
    """

    tasks: int
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        check_integer("window.tasks", self.tasks, at_least=1)
        if self.timeout_s is not None:
            check_number("window.timeout_s", self.timeout_s, at_least=0)

    @property
    def longest_wait_s(self) -> float:
        """The time-out in s, infinite where there is none."""
        return np.inf if self.timeout_s is None else self.timeout_s


def check_scheduling_time(time: SchedulingTime) -> None:
    """Raise `InputError` unless `time` is a number of s >= 0, a function or "measured"."""
    if isinstance(time, str):
        check_choice("scheduling_s", time, ("measured",))
    elif not callable(time):
        check_number("scheduling_s", time, at_least=0)


def scheduling_time(time: SchedulingTime, tasks: int, nodes: int, measured: float) -> float:
    """Return how long the scheduling of a window takes in s.

    Parameters
    ----------
    time : float, callable or "measured"
        Constant, a function of the numbers of tasks and nodes, or as measured.
    tasks, nodes : int
        Size of the window's problem.
    measured : float
        Time that the solver took here in s.
    """
    if callable(time):
        return check_number("scheduling_s", time(tasks, nodes), at_least=0)
    return measured if isinstance(time, str) else float(time)


# What the edge nodes do and hold while windows are simulated.


@dataclass
class PoolState:
    """The nodes at one moment of a simulation.

    Attributes
    ----------
    resources : Resources
        The nodes.
    work : ndarray, shape (K,)
        Work of each task in FLOP.
    memory : ndarray, shape (K,), or None
        Memory that each task holds from its dispatch to its end in byte.
    times : EdgeTimes
        What is decided so far.
    free : ndarray, shape (x,)
        When each node has done what it has in s.
    there : ndarray of bool, shape (x,)
        Whether each node is there.
    given : ndarray of int64
        Tasks given to nodes that had not ended when last looked at.
    """

    resources: Resources
    work: FloatArray
    memory: FloatArray | None
    times: EdgeTimes
    free: FloatArray
    there: NDArray[np.bool_]
    given: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def give(self, tasks: IntArray, nodes: IntArray, now: float) -> None:
        """Append tasks to the queues of nodes at `now` in s."""
        _append(tasks, nodes, now, self.work, self.resources.flops, self.free, self.times)
        self.given = np.append(self.given[self.times.end[self.given] > now], tasks)

    def apply(self, changes: ChangeArrays, change: int) -> IntArray:
        """Let a node come or go; return the tasks that it gives back, sorted."""
        node, now, kind = changes.node[change], changes.time[change], changes.kind[change]
        if kind == JOIN:
            self.there[node] = True
            self.free[node] = max(self.free[node], now)
            return self.given[:0]
        self.there[node] = False
        begun, ended = self.times.start[self.given] < now, self.times.end[self.given] <= now
        own = self.times.node[self.given] == node
        lost = own & ~(ended if kind == FAIL else begun)
        tasks = np.sort(self.given[lost])
        self.free[node] = self.times.end[self.given[own & ~lost]].max(initial=0.0)
        self.given = self.given[~lost]
        return tasks

    def free_memory(self, now: float) -> FloatArray:
        """Return the memory of each node that no task holds at `now`, shape (x,) in byte."""
        if self.memory is None or self.resources.capacity is None:
            return np.full(self.resources.nodes, np.inf)
        holding = self.given[self.times.end[self.given] > now]
        nodes = self.times.node[holding]
        held = np.bincount(nodes, self.memory[holding], self.resources.nodes)
        return np.maximum(self.resources.capacity - held, 0.0)

    def next_end(self, now: float) -> float:
        """Return when the next task ends on a node after `now` in s, infinite if none does."""
        ends = self.times.end[self.given]
        return float(ends[ends > now].min(initial=np.inf))


@jit
def _append(
    tasks: IntArray,
    nodes: IntArray,
    now: float,
    work: FloatArray,
    flops: FloatArray,
    free: FloatArray,
    times: EdgeTimes,
) -> None:
    """Append tasks to the queues of nodes, in order."""
    for place in range(len(tasks)):
        i, node = tasks[place], nodes[place]
        times.node[i], times.dispatch[i] = node, now
        times.start[i] = max(now, free[node])
        times.end[i] = times.start[i] + work[i] / flops[node]
        free[node] = times.end[i]


# Which of the tasks that wait find room in the nodes' free memory.


class Fit(NamedTuple):
    """The oldest ``tasks`` of those that wait fit together; ``assignment`` is one way how."""

    tasks: int
    assignment: IntArray


def oldest_that_fit(memory: FloatArray, free: FloatArray) -> Fit:
    """Return how many of the oldest tasks fit together, as far as best-fit decreasing finds.

    A younger task never takes the room that an older one waits for, so that none starves.

    Parameters
    ----------
    memory : ndarray, shape (k,)
        Memory of each task in byte, the oldest first.
    free : ndarray, shape (x,)
        Free memory of each node in byte.
    """
    fitting, failing = Fit(0, np.zeros(0, dtype=np.int64)), len(memory) + 1
    tasks = len(memory)  # mostly all fit
    while tasks > fitting.tasks:
        assignment = best_fit_decreasing(memory[:tasks], free)
        if assignment is None:
            failing = tasks
        else:
            fitting = Fit(tasks, assignment)
        tasks = (fitting.tasks + failing) // 2
    return fitting


# The tasks that wait for a window, and when it closes.


@dataclass
class WaitingRoom:
    """Tasks that have arrived, or come back, and no node has yet.

    Attributes
    ----------
    tasks, time : ndarray, shape (n,)
        The tasks that windows schedule, and their arrivals in s.
    window : Window
        When to close.
    arrived : int
        How many of them have arrived.
    waiting : list of int
        Those that wait, by index.
    opened : float
        When the window under way opened in s: with its first task, or, where tasks were left by
        the last one, when that one closed.
    now : float
        When the room last changed in s; no window closes before.
    """

    tasks: IntArray
    time: FloatArray
    window: Window
    arrived: int = 0
    waiting: list[int] = field(default_factory=list)
    opened: float = -np.inf
    now: float = 0.0

    def closing_time(self) -> float:
        """Return when the window closes in s, infinite where nothing waits or comes."""
        left = len(self.time) - self.arrived
        if not self.waiting and not left:
            return np.inf
        opened = self.opened if self.waiting else float(self.time[self.arrived])
        missing = self.window.tasks - len(self.waiting)
        if missing <= 0:
            full = self.now
        elif missing <= left:
            full = float(self.time[self.arrived + missing - 1])
        else:
            full = np.inf
        close = min(full, opened + self.window.longest_wait_s)
        if np.isinf(close):  # the stream ends before the window is full
            close = float(self.time[-1]) if left else self.now
        return max(close, opened, self.now)

    def admit(self, now: float) -> None:
        """Let in the tasks that arrive up to `now` in s."""
        self.now = now
        end = int(np.searchsorted(self.time, now, side="right"))
        if end > self.arrived:
            if not self.waiting:
                self.opened = float(self.time[self.arrived])
            self.waiting.extend(self.tasks[self.arrived : end].tolist())
            self.arrived = end

    def take_back(self, tasks: IntArray, now: float) -> None:
        """Let in tasks that come back from nodes at `now` in s."""
        self.now = now
        if len(tasks) and not self.waiting:
            self.opened = now
        for task in tasks.tolist():
            insort(self.waiting, task)

    def take(self, count: int, now: float) -> IntArray:
        """Remove and return the oldest `count` tasks; the rest opens the next window at `now`."""
        taken = np.array(self.waiting[:count], dtype=np.int64)
        del self.waiting[:count]
        self.opened = self.now = now
        return taken
