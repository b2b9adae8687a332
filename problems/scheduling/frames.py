"""Execution times and memory in data frames, with their labels, and in masked arrays.

The frames of pandas are recognised by their attributes, those of other libraries by their method
``to_pandas``: nothing is imported here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError

Names = tuple[str, ...]

UNNAMED = ("", "unnamed: 0")
"""What pandas and R write above row names, or make of an empty cell there; in small letters."""

ROW_LABELS = ("task", "tasks", "task_id", "job", "jobs", "job_id", "id", "index", "name", "nr", "#")
"""Columns that usually hold names of tasks; in small letters."""

MEMORY_LABELS = ("task_memory", "memory", "memory_bytes")
"""Columns that usually hold the memory of tasks; in small letters."""


_SURELY_COUNTED = 6


class LabelledTimes(NamedTuple):
    """Execution times, and the labels of their rows and columns where they have some."""

    et: Any
    tasks: Names | None
    nodes: Names | None


def labelled_times(et: Any, index: bool | None = None) -> LabelledTimes:
    """Return execution times as an array, with the labels of a data frame.

    Missing and masked entries become infinite: the node cannot run the task. A first column of
    texts, or one of different integers under a heading such as "id" or "Unnamed: 0", holds the
    names of the tasks. Labels 0, 1, 2, ... are those of a frame without names. What is no frame
    and has no mask is returned as it is.

    Parameters
    ----------
    et : object
        Execution times in any form.
    index : bool, optional
        Whether the first column of a frame names the tasks; by default as it shows itself.

    Raises
    ------
    InputError
        If a column has anything but numbers, or may hold the tasks' names or memory.
    """
    if isinstance(et, np.ma.MaskedArray):
        return LabelledTimes(_filled(et), None, None)
    if hasattr(et, "to_pandas"):
        et = et.to_pandas()
    if not (hasattr(et, "iloc") and hasattr(et, "columns")):
        return LabelledTimes(et, None, None)
    if not et.shape[0] or not et.shape[1]:
        raise InputError("et.shape", et.shape, "a row for each task and a column for each node")
    tasks, nodes = _labels(et.index), _labels(et.columns)
    first = _first_column(et, tasks, index)
    if first is not None:
        et, tasks, nodes = et.iloc[:, 1:], first, nodes and nodes[1:]
    columns = [_column_values(et, j) for j in range(et.shape[1])]
    return LabelledTimes(np.column_stack(columns) if columns else (), tasks, nodes)


def aligned(field: str, values: Any, labels: Names | None) -> Any:
    """Return `values` if they are in the order of `labels`, as far as they have labels themselves.

    Raises
    ------
    InputError
        If the index of a series differs from the labels; its order would then be wrong.
    """
    if not (hasattr(values, "iloc") and hasattr(values, "index")):
        return values
    own = _labels(values.index)
    # A series without labels goes by position, unless labels are numbers that were reordered.
    labelled = own is not None or all(label.isdecimal() for label in labels or ())
    if labels is not None and own != labels and labelled:
        rule = "the index of the execution times, in its order (see Series.reindex)"
        raise InputError(f"{field}.index", list(values.index), rule)
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def check_memory_label(place: str, label: str) -> None:
    """Raise `InputError` for a column that may hold the memory of tasks."""
    if label.strip().lower() in MEMORY_LABELS:
        rule = "left out: give memory as task_memory= and node_capacity=, or rename the node"
        raise InputError(place, label, rule)


def is_row_numbers(values: Sequence[int], least: int) -> bool:
    """Whether integers number rows: 0, 1, ... (two or more) or 1, 2, ... (at least so many).

    A node's times could well be 1, 2, 3, but hardly 0, 1, 2, nor 0 to 5 or 1 to 6 in any order.
    """
    numbers, k = list(values), len(values)
    counts = [list(range(first, first + k)) for first in (0, 1)]
    return (
        (numbers == counts[0] and k > 1)
        or (numbers == counts[1] and k >= least)
        or (k >= _SURELY_COUNTED and sorted(numbers) in counts)
    )


def _filled(et: Any) -> Any:
    """Return an array with infinity where it is masked."""
    if et.dtype.kind not in "iuf":
        return et.data
    return np.ma.filled(et.astype(np.float64), np.inf)


def _labels(index: Any) -> Names | None:
    """Return the labels of an index as texts, None for 0, 1, 2, ..."""
    labels = list(index)
    if labels == list(range(len(labels))):
        return None
    return tuple(
        " ".join(map(str, label)) if isinstance(label, tuple) else str(label) for label in labels
    )


def _first_column(frame: Any, tasks: Names | None, index: bool | None) -> Names | None:
    """Return the names of tasks in the first column, None if it is a node."""
    label, column = str(frame.columns[0]), frame.iloc[:, 0]
    values = column.tolist()
    if index is not None:
        return tuple(map(str, values)) if index else None
    if all(isinstance(value, str) for value in values):
        if tasks is not None:
            rule = "numbers; the index already names the tasks"
            raise InputError(f"column {label}", values[0], rule)
        for value in values:
            if _is_fraction(value):
                rule = "a name of a task, or a number that is no text: see pandas.to_numeric"
                raise InputError(f"column {label}", value, rule)
        return tuple(values)
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return None
    known = label.strip().lower() in (*UNNAMED, *ROW_LABELS)
    if known and len(set(values)) == len(values) and tasks is None:
        return tuple(map(str, values))
    kinds = {getattr(kind, "kind", "O") for kind in frame.dtypes[1:]}
    if known or is_row_numbers(values, least=3 if kinds == {"f"} else _SURELY_COUNTED):
        rule = (
            f"made the index if it names the tasks, set_index({frame.columns[0]!r}); if it is a"
            " node, give to_numpy() and node_names= (of a file: index=yes or index=no)"
        )
        raise InputError(f"column {label}", values, rule)
    return None


def _is_fraction(text: str) -> bool:
    """Whether a text is a number that is no integer, with any decimal sign."""
    return re.fullmatch(r"\s*[+-]?\d*[.,]\d+(e[+-]?\d+)?\s*", text, re.IGNORECASE) is not None


def _column_values(frame: Any, place: int) -> FloatArray:
    """Return the numbers of a column, infinite where one is missing."""
    label, column = str(frame.columns[place]), frame.iloc[:, place]
    check_memory_label(f"column {place}", label)
    kind = getattr(column.dtype, "kind", "O")
    bad = None if kind in "iuf" else column.dtype
    if kind == "O":
        texts = (value for value in column.tolist() if isinstance(value, str | bytes | bool))
        bad = next(texts, None)
    if bad is not None:
        rule = "numbers: execution times in s, a row for each task and a column for each node"
        raise InputError(f"column {label}", str(bad), rule)
    try:
        values: FloatArray = column.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    except (TypeError, ValueError) as error:
        raise InputError(f"column {label}", str(error), "numbers: execution times in s") from None
    values[np.isnan(values)] = np.inf
    return values
