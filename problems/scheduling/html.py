"""A scheduling problem as a small table of HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeopt.problems.errors import FloatArray
from edgeopt.problems.html import html_table

SHOWN_ROWS, SHOWN_COLUMNS = 5, 8

_PREFIXES = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))


def times_html(
    times: FloatArray,
    tasks: Sequence[str] | None,
    nodes: Sequence[str] | None,
    shape: tuple[int, int],
) -> str:
    """Return the first rows and columns of execution times.

    Parameters
    ----------
    times : ndarray
        Upper left part of the matrix in s, at least as many rows and columns as are shown.
    tasks, nodes : sequence of str or None
        Names, or None for numbers.
    shape : (int, int)
        Numbers of tasks and nodes of the whole matrix.
    """
    rows, columns = min(shape[0], SHOWN_ROWS), min(shape[1], SHOWN_COLUMNS)
    names = [str(name) for name in (nodes or range(shape[1]))[:columns]]
    head = ["time in s", *names, *_more(shape[1] - columns, "nodes")]
    body = [
        [str((tasks or range(shape[0]))[i]), *map(_seconds, times[i, :columns])]
        for i in range(rows)
    ]
    return html_table(
        head, [*body, *([_more(shape[0] - rows, "tasks")] if shape[0] > rows else [])]
    )


def memory_text(memory: FloatArray, capacity: FloatArray) -> str:
    """Return the ranges of the memory of tasks and nodes, and what share of it tasks need."""
    share = 100 * memory.sum() / capacity.sum() if capacity.sum() > 0 else 100.0
    return f"memory of tasks {_range(memory)}, of nodes {_range(capacity)}, {share:.3g} % needed"


def _range(values: FloatArray) -> str:
    """Return the least and the largest of some numbers of bytes."""
    texts = list(dict.fromkeys(_bytes(float(value)) for value in (values.min(), values.max())))
    return " to ".join(texts)


def _bytes(value: float) -> str:
    """Return a number of bytes."""
    scale, unit = next((pair for pair in _PREFIXES if value >= pair[0]), _PREFIXES[-1])
    return f"{value / scale:.3g} {unit}"


def _seconds(value: float) -> str:
    """Return a time in s; infinity is a node that cannot run the task."""
    return f"{value:.4g}" if np.isfinite(value) else "cannot run"


def _more(count: int, what: str) -> list[str]:
    """Return a cell that says how many are not shown, none if all are."""
    return [f"... {count} more {what}"] if count > 0 else []
