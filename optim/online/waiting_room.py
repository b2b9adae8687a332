"""The tasks that wait for a window, and when it closes."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field

import numpy as np

from optim.online.window import Window
from optim.solver import IntArray
from problems.errors import FloatArray


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
