"""Ctrl-C during a run: the first one ends its time, a second one raises."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from edgeopt.optim.scheduling.run_time import Deadline

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_AGAIN_S = 2.0  # a second Ctrl-C within this time leaves a loop over many runs too


class Interrupts:
    """What Ctrl-C does to a run.

    Attributes
    ----------
    deadline : Deadline
        Of the run.
    at_once : bool
        Whether the first Ctrl-C raises too: at the time, code runs that may not ask for the time.
    final : bool
        Whether `KeyboardInterrupt` was raised to end more than this run.
    """

    last = -float("inf")  # of all runs: when one was ended, and by which signal
    number = 0

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.at_once = self.final = False

    @property
    def is_caught(self) -> bool:
        """Whether a `KeyboardInterrupt` comes from here and is to end this run only."""
        return self.deadline.interrupted and not self.final

    def handle(self, number: int, frame: FrameType | None) -> None:
        """End the run's time, or raise."""
        now = time.monotonic()
        self.final = self.deadline.interrupted or now - Interrupts.last < _AGAIN_S
        Interrupts.last, Interrupts.number, self.deadline.interrupted = now, number, True
        if self.final or self.at_once:
            raise KeyboardInterrupt


@contextmanager
def ending_at_interrupt(deadline: Deadline, wanted: bool) -> Iterator[Interrupts]:
    """Let Ctrl-C end the time of a run instead of raising `KeyboardInterrupt`, if `wanted`.

    A second one, during the run or within two seconds, raises. SIGTERM is treated alike where it
    raises `KeyboardInterrupt` otherwise. Nothing changes outside the main thread, or where somebody
    else handles the signal or ignores it, as workers do.
    """
    interrupts = Interrupts(deadline)
    main = threading.current_thread() is threading.main_thread()
    ours = [
        each
        for each in _SIGNALS
        if wanted and main and signal.getsignal(each) is signal.default_int_handler
    ]
    for each in ours:
        signal.signal(each, interrupts.handle)
    try:
        yield interrupts
    finally:
        for each in ours:
            signal.signal(each, signal.default_int_handler)
