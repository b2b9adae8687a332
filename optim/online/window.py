"""The sliding window of tasks that are scheduled together (section 2.3, Fig. 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from problems.errors import check_choice, check_integer, check_number

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
