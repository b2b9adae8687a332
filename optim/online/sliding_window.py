"""The sliding window of tasks that are scheduled together (section 2.3, Fig. 3).

When it closes, which tasks wait for it, and how long its scheduling takes.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from edgeopt.problems.errors import FloatArray, IntArray, check_choice, check_integer, check_number

SchedulingTime = float | Callable[[int, int], float] | Literal["measured"]
"""Seconds, a function of the numbers of tasks and nodes, or the solver's own time."""


@dataclass(frozen=True)
class Window:
    """When a window closes: with K tasks or after a time-out, whichever comes first.

    The paper has a "sliding window of K tasks" that arrive in "a period" and leaves open whether
    the count or the time closes it. A value out of range is an `InputError`.

    Parameters
    ----------
    tasks : int
        K, >= 1. A window of 1 dispatches task by task.
    timeout_s : float, optional
        Longest time that the oldest task waits for the window to close in s, >= 0. Without it,
        only the last window of a stream may have fewer than K tasks.

    Examples
    --------
    >>> from edgeopt.optim.online import Window
    >>> Window(10, timeout_s=0.5).longest_wait_s
    0.5
    """

    tasks: int
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        check_integer("window.tasks", self.tasks, at_least=1)
        if self.timeout_s is not None:
            check_number("window.timeout_s", self.timeout_s, at_least=0)

    @property
    def longest_wait_s(self) -> float:
        """The time-out in s, infinite without one."""
        return np.inf if self.timeout_s is None else self.timeout_s


def check_scheduling_time(time: SchedulingTime) -> None:
    """Raise `InputError` unless `time` is a number of seconds >= 0, a function or "measured"."""
    if isinstance(time, str):
        check_choice("scheduling_s", time, ("measured",))
    elif not callable(time):
        check_number("scheduling_s", time, at_least=0)


def scheduling_time(time: SchedulingTime, tasks: int, nodes: int, measured: float) -> float:
    """Return how long the scheduling of a window takes in s.

    Parameters
    ----------
    time : float, callable or "measured"
        A constant in s, a function of the numbers of tasks and nodes, or the measured time.
    tasks, nodes : int
        Size of the window's problem.
    measured : float
        Time that the solver took here in s.
    """
    if callable(time):
        return check_number("scheduling_s", time(tasks, nodes), at_least=0)
    return measured if isinstance(time, str) else float(time)


# The tasks that wait for the window to close.


@dataclass
class WaitingRoom:
    """Tasks that have arrived, or were given back by a node, and wait for a window.

    Attributes
    ----------
    tasks, time : ndarray, shape (n,)
        All tasks that windows schedule, and their arrivals in s.
    window : Window
        When the window closes.
    arrived : int
        How many of them have arrived.
    waiting : list of int
        Those that wait, in order of index, that is of arrival.
    opened : float
        When the current window opened in s: with its first task or, if the previous window left
        tasks behind, when that one closed.
    now : float
        When the room last changed in s; no window closes earlier.
    """

    tasks: IntArray
    time: FloatArray
    window: Window
    arrived: int = 0
    waiting: list[int] = field(default_factory=list)
    opened: float = -np.inf
    now: float = 0.0

    def closing_time(self) -> float:
        """Return when the window closes in s, infinite if no task waits or is to come."""
        left = len(self.time) - self.arrived
        if not self.waiting and not left:
            return np.inf
        opened = self.opened if self.waiting else float(self.time[self.arrived])
        missing = self.window.tasks - len(self.waiting)
        # Enough wait already: the window closes at once, that is when the room last changed.
        if missing <= 0:
            full = self.now
        elif missing <= left:
            full = float(self.time[self.arrived + missing - 1])
        else:
            full = np.inf
        close = min(full, opened + self.window.longest_wait_s)
        if np.isinf(close):  # the stream ends before the window is full
            close = float(self.time[-1]) if left else self.now
        # Not before the room last changed: the time-out may have passed by then.
        return max(close, opened, self.now)

    def admit(self, now: float) -> None:
        """Admit the tasks that arrive up to `now` in s."""
        self.now = now
        end = int(np.searchsorted(self.time, now, side="right"))
        if end > self.arrived:
            if not self.waiting:
                self.opened = float(self.time[self.arrived])
            self.waiting.extend(self.tasks[self.arrived : end].tolist())
            self.arrived = end

    def readmit(self, tasks: IntArray, now: float) -> None:
        """Admit tasks that nodes give back at `now` in s; they keep their place by arrival."""
        self.now = now
        if len(tasks) and not self.waiting:
            self.opened = now
        # Sorted by index: a task that comes back is older than those that arrived since.
        for task in tasks.tolist():
            insort(self.waiting, task)

    def take(self, count: int, now: float) -> IntArray:
        """Remove and return the oldest `count` tasks; the rest open the next window at `now`."""
        taken = np.array(self.waiting[:count], dtype=np.int64)
        del self.waiting[:count]
        self.opened = self.now = now
        return taken
