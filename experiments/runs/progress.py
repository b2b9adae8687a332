"""Progress of long work: a bar on a terminal, else lines of the logger ``edgeopt``."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from edgeopt.experiments.terminal import make_console

_LINE_SECONDS = 10.0  # between two lines, and before the first

_LOGGER = logging.getLogger("edgeopt")


class Report(Protocol):
    """A function that takes progress: finished, total and optionally a new label."""

    def __call__(self, done: int, total: int, what: str | None = None) -> None:
        """Take progress."""


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """Show a bar with the time left on standard error, or log lines if that is no terminal.

    Parameters
    ----------
    what : str
        Label of the bar.

    Yields
    ------
    Report
        To be called at each step.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = make_console(error=True)
    if not console.is_terminal:
        yield log_progress(what)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def report(done: int, total: int, what: str | None = None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield report


def log_progress(what: str) -> Report:
    """Return a function that logs progress: a line every ten seconds, and one at the end.

    Work that ends before the first line is not mentioned at all. The first step tells nothing of
    the time left: kernels may have been compiled in it.
    """
    name, start = what, time.monotonic()
    last = start
    beginnings: list[tuple[float, int]] = []  # of all steps, and of those after the first
    is_mentioned = False

    def report(done: int, total: int, what: str | None = None) -> None:
        nonlocal last, is_mentioned
        now = time.monotonic()
        if not beginnings or (len(beginnings) == 1 and done > beginnings[0][1]):
            beginnings.append((now, done))
        if now - last < _LINE_SECONDS and not (is_mentioned and done == total):
            return
        last, is_mentioned = now, True
        since, before = beginnings[-1]
        left = (total - done) * (now - since) / (done - before) if done > before else None
        _LOGGER.info("%s: %d of %d%s", what or name, done, total, _times(now - start, left))

    return report


def _times(spent: float, left: float | None) -> str:
    """Return the times since the start and until the end."""
    text = f", {timedelta(seconds=round(spent))} so far"
    return text if not left else f"{text}, about {timedelta(seconds=round(left))} left"
