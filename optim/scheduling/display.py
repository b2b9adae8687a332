"""The table that a run prints while it is under way."""

from __future__ import annotations

import sys
import time

from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import Progress

INTERVAL_S = 0.25

_COLUMNS = ("iteration", "evaluations", "seconds", "makespan", "bound", "gap %")

_WIDTHS = (10, 12, 9, 14, 14, 9)


class Display:
    """Prints a line for each improvement, at most four a second, and one at the end, to stderr.

    Parameters
    ----------
    allowed : int, optional
        Budget of evaluations; the last line tells it if the run used more.

    Examples
    --------
    ``solve(problem, solver, display=True)`` makes one:

    >>> display = Display()
    >>> display.look(Progress(iterations=1, evaluations=20, makespan=13.0, lower_bound=4.0))
    """

    def __init__(self, allowed: int | None = None) -> None:
        self._allowed = allowed
        self._headed, self._shown, self._due = False, float("inf"), 0.0

    def look(self, progress: Progress) -> None:
        """Print an improvement on the last line, unless that is less than 0.25 s old."""
        # A fast solver improves thousands of times a second: printing each would slow it down.
        now = time.monotonic()
        if progress.makespan < self._shown and now >= self._due:
            self._print(progress)
            self._shown, self._due = progress.makespan, now + INTERVAL_S

    def on_end(self, result: Result) -> None:
        """Print the outcome and why the run ended."""
        over = self._allowed is not None and result.evaluations > self._allowed
        self._print(result, f"  {result.status}{f', {self._allowed} allowed' if over else ''}")

    def _print(self, at: Progress | Result, note: str = "") -> None:
        """Print a line, and before the first one the head of the table."""
        if not self._headed:
            print(_aligned(_COLUMNS), file=sys.stderr)
        self._headed = True
        print(_aligned(_texts(at)) + note, file=sys.stderr, flush=True)


def _texts(at: Progress | Result) -> tuple[str, ...]:
    """Return the numbers of a line."""
    return (
        str(at.iterations),
        str(at.evaluations),
        f"{at.seconds:.2f}",
        f"{at.makespan:.7g}",
        f"{at.lower_bound:.7g}",
        f"{100 * at.gap:.4f}",
    )


def _aligned(texts: tuple[str, ...]) -> str:
    """Return the texts right-aligned in their columns."""
    return "".join(text.rjust(width) for text, width in zip(texts, _WIDTHS, strict=True))
