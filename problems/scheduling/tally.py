"""Counts the assignments whose loads are computed, on behalf of whoever runs a solver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from edgeopt.problems.errors import IntArray

# A variable of the context, not a wrapper of the problem: solvers get the very problem they were
# given, with its identity and caches, and threads and nested runs do not mix their counts.
_tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


class Tally:
    """The number of assignments evaluated so far.

    The same array, asked about again without a change in between (its loads, then its makespan),
    is one evaluation.

    Attributes
    ----------
    count : int
        Assignments evaluated.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last: Any = None
        self._nodes: IntArray | None = None

    def see(self, assignment: Any, nodes: IntArray) -> None:
        """Count an assignment, given as the caller's object and as node indices, shape (k,)."""
        known = assignment is self._last and np.array_equal(nodes, self._nodes)  # type: ignore[arg-type]
        if not known:
            self.count += 1
            self._last, self._nodes = assignment, nodes


@contextmanager
def counting(tally: Tally | None) -> Iterator[None]:
    """Count into `tally` what is evaluated within the block; with None, count nothing.

    Blocks nest: the innermost one counts. Other threads and processes are not seen.
    """
    token = _tally.set(tally)
    try:
        yield
    finally:
        _tally.reset(token)


def count_evaluation(assignment: Any, nodes: IntArray) -> None:
    """Count an assignment where somebody counts, see `Tally.see`."""
    tally = _tally.get()
    if tally is not None:
        tally.see(assignment, nodes)


def count_evaluations(number: int) -> None:
    """Count the evaluations of a run within a run, where somebody counts."""
    tally = _tally.get()
    if tally is not None:
        tally.count += number
