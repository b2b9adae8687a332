"""The time and budget left to a run: whoever works long asks, and leaves off when it is up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar
from weakref import WeakKeyDictionary

from edgeopt.problems.scheduling.problem import Problem

T = TypeVar("T")

# A variable of the context, like the tally of evaluations: plain functions of a problem, heuristics
# and bounds, keep their form, and nested runs see the earliest of all deadlines.
_innermost: ContextVar[Deadline | None] = ContextVar("deadline", default=None)

_share: ContextVar[Callable[[], float] | None] = ContextVar("share", default=None)

_timed_only: ContextVar[bool] = ContextVar("timed_only", default=False)

read_clock = time.perf_counter


class Deadline:
    """When a run, or a part of it, has to end.

    Attributes
    ----------
    end : float
        By `read_clock`, in s; infinite for no limit.
    outer : Deadline or None
        That of the whole of which this is a part; the earlier one counts.
    interrupted : bool
        Whether the user has asked for the end.
    cut : bool
        Whether somebody was told that the time is up, and has left work out.
    partial : bool
        Whether something was used that had been cut short before (`keep`).
    """

    def __init__(self, seconds: float, outer: Deadline | None) -> None:
        self.end = read_clock() + seconds
        self.outer = outer
        self.interrupted = self.cut = self.partial = False
        self._scraps: dict[tuple[int, Problem], object] = outer._scraps if outer else {}

    def chain(self) -> Iterator[Deadline]:
        """Yield this deadline and all outer ones."""
        deadline: Deadline | None = self
        while deadline is not None:
            yield deadline
            deadline = deadline.outer

    @property
    def was_interrupted(self) -> bool:
        """Whether the user has asked for the end of this or of an outer run."""
        return any(each.interrupted for each in self.chain())

    @property
    def left(self) -> float:
        """Seconds left; 0 when the time is up."""
        if self.was_interrupted:
            return 0.0
        return max(0.0, min(each.end for each in self.chain()) - read_clock())


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """Limit what is done in the block to `seconds`, infinite for no limit but the outer ones."""
    deadline = Deadline(seconds, _innermost.get())
    token = _innermost.set(deadline)
    try:
        yield deadline
    finally:
        _innermost.reset(token)


def time_left() -> float:
    """Return the seconds left to the run under way: infinite without a limit, 0 at its end.

    The limit is that of the criterion `Seconds`; Ctrl-C ends the time too. A scheduler of your own
    that takes long may ask, and return what it has when nothing is left. The status of the run is
    then ``seconds`` or ``interrupted``, not ``finished``.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import Problem, Seconds, solve
    >>> from edgeopt.optim import time_left
    >>> def random_search(problem, rng):
    ...     best = rng.integers(problem.nodes, size=problem.tasks)
    ...     while time_left() > 0:
    ...         other = rng.integers(problem.nodes, size=problem.tasks)
    ...         best = min(best, other, key=problem.makespan)
    ...     return best
    >>> problem = Problem([[7.0, 7.0], [7.0, 7.0], [7.0, 7.0], [1.0, 1.0]])
    >>> result = solve(problem, random_search, stop=Seconds(0.02), rng=1)
    >>> result.status.value
    'seconds'
    """
    deadline = _innermost.get()
    if deadline is None:
        return math.inf
    left = deadline.left
    if left == 0.0:
        for each in deadline.chain():
            each.cut = each.cut or each.left == 0.0
    return left


def is_over() -> bool:
    """Whether the time is up. Who asks leaves out the rest of the work."""
    return time_left() == 0.0


def leave_off() -> None:
    """End the run now: what time is left is not enough for the next piece of work."""
    deadline = _innermost.get()
    limits = [] if deadline is None else [each for each in deadline.chain() if each.end < math.inf]
    if limits:
        limits[0].end = -math.inf


@contextmanager
def spending(share: Callable[[], float] | None, timed_only: bool = False) -> Iterator[None]:
    """Let `budget_used` ask `share` in the block; None for a run without a budget.

    `timed_only` is what `is_timed_only` returns there.
    """
    tokens = _share.set(share), _timed_only.set(timed_only)
    try:
        yield
    finally:
        _share.reset(tokens[0])
        _timed_only.reset(tokens[1])


def is_timed_only() -> bool:
    """Whether the run has a budget of seconds, and none that gives equal bits on any machine."""
    return _timed_only.get()


def budget_used() -> float | None:
    """Return the share of its budget that the run under way has used, 0 to 1; None without one.

    It is the largest share of the criteria `Iterations`, `Evaluations` and `Seconds`. Iterations
    and evaluations are those before the present iteration, so that the same budget gives the same
    shares; seconds are read from the clock. A solver that cools plans by it.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import Iterations, Problem, State, solve
    >>> from edgeopt.optim import budget_used
    >>> class Asks:
    ...     def init(self, problem, rng):
    ...         return State(np.zeros(problem.tasks, dtype=int), problem.matrix[:, 0].sum())
    ...     def step(self, problem, state):
    ...         print(budget_used())
    ...         return state
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> _ = solve(problem, Asks(), stop=Iterations(4))
    0.0
    0.25
    0.5
    0.75
    """
    share = _share.get()
    return None if share is None else share()


def is_kept(cache: WeakKeyDictionary[Problem, T], problem: Problem) -> bool:
    """Whether `keep` would return a value at once, of this run or of any."""
    deadline = _innermost.get()
    return problem in cache or (deadline is not None and (id(cache), problem) in deadline._scraps)


def keep(cache: WeakKeyDictionary[Problem, T], problem: Problem, make: Callable[[], T]) -> T:
    """Return the value of a problem, made on first use and kept as long as the problem.

    A value that was cut short, or made of one, is kept for this run only: later runs, with more
    time, get the same bits as if this one had not been.
    """
    if problem in cache:
        return cache[problem]
    deadline, place = _innermost.get(), (id(cache), problem)
    if deadline is not None and place in deadline._scraps:
        for each in deadline.chain():
            each.partial = True
        return deadline._scraps[place]  # type: ignore[return-value]
    with within(math.inf) as own:
        value = make()
    if deadline is not None and (own.cut or own.partial):
        deadline._scraps[place] = value
    else:
        cache[problem] = value
    return value
