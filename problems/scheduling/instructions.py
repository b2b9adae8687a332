"""Problems from lengths in million instructions and speeds in MIPS, as in CloudSim."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError, check_array
from edgeopt.problems.scheduling.frames import ROW_LABELS, UNNAMED, Names, labelled_times
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.table_files import read_table
from edgeopt.problems.scheduling.table_options import TableOptions
from edgeopt.problems.scheduling.tables import AmbiguousTableError

_TASKS = ("length_mi", "size_bytes", "task_memory_bytes", "deadline_s")
_NODES = (
    "mips",
    "rate_bit_s",
    "node_capacity_bytes",
    "ready_s",
    "active_power_w",
    "idle_power_w",
)

_POSITIVE = ("mips", "rate_bit_s")


def from_instructions(tasks: Any, nodes: Any, *, name: str = "problem") -> Problem:
    """Return the problem of tasks in million instructions (MI) on nodes of so many MIPS.

    Parameters
    ----------
    tasks : array_like, mapping, DataFrame, str or Path
        Columns ``length_mi`` and, if there are any, ``size_bytes`` (data that the node receives
        first), ``task_memory_bytes`` and ``deadline_s``: a mapping of names to k numbers, a
        DataFrame whose index names the tasks, the path of a table (CSV, Excel, Parquet), or the
        lengths alone.
    nodes : array_like, mapping, DataFrame, str or Path
        In the same forms ``mips``, ``rate_bit_s`` (given if the tasks have sizes),
        ``node_capacity_bytes`` (given if they have memory), ``ready_s``, ``active_power_w`` and
        ``idle_power_w`` of x nodes, or the MIPS alone.
    name : str
        Name in tables and plots.

    Returns
    -------
    Problem
        et_ij = length_i / mips_j + 8 size_i / rate_j in s. The transfer counts as time of the
        node, which does not compute meanwhile; links are not shared.

    Raises
    ------
    InputError
        If a column is unknown, missing or not a number of its range, or lengths differ.

    Notes
    -----
    On the command line, ``jobs.csv:nodes=vms.csv`` names both tables; the second path is relative
    to the first file. Sizes are in byte and rates in bit/s: 1 MB is 1e6, 1 Mbit/s is 1e6.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import from_instructions
    >>> from_instructions([9000.0, 3000.0], [1000.0, 1500.0]).matrix
    array([[9., 6.],
           [3., 2.]])
    >>> tasks = {"length_mi": [9000.0, 3000.0], "size_bytes": [2e6, 1e6]}
    >>> nodes = {"mips": [1000.0, 1500.0], "rate_bit_s": [8e6, 4e6]}
    >>> from_instructions(tasks, nodes).matrix
    array([[11., 10.],
           [ 4.,  4.]])
    """
    jobs, machines = _columns("tasks", tasks, _TASKS), _columns("nodes", nodes, _NODES)
    for mine, other, field, cause in (
        (machines, jobs, "rate_bit_s", "size_bytes"),
        (machines, jobs, "node_capacity_bytes", "task_memory_bytes"),
    ):
        if (field in mine.values) != (cause in other.values):
            place, absent = (mine, field) if cause in other.values else (other, cause)
            given = cause if absent == field else field
            raise InputError(f"{place.place}{absent}", None, f"given, as there is {given}")
    return Problem(
        _times(jobs.values, machines.values),
        jobs.values.get("task_memory_bytes"),
        machines.values.get("node_capacity_bytes"),
        name=name,
        ready=machines.values.get("ready_s"),
        task_names=jobs.names,
        node_names=machines.names,
        active_power=machines.values.get("active_power_w"),
        idle_power=machines.values.get("idle_power_w"),
        deadlines=jobs.values.get("deadline_s"),
    )


def _times(
    tasks: Mapping[str, FloatArray], nodes: Mapping[str, FloatArray]
) -> FloatArray | UniformTimes:
    """Return the execution times in s, transfers included."""
    if "size_bytes" not in tasks:
        return UniformTimes(tasks["length_mi"], nodes["mips"])
    with np.errstate(over="ignore"):
        times = tasks["length_mi"][:, None] / nodes["mips"]
        times += 8.0 * tasks["size_bytes"][:, None] / nodes["rate_bit_s"]
    # an infinite time would mean that the node cannot run the task
    wrong = np.argwhere(~np.isfinite(times))
    if wrong.size:
        task, node = wrong[0]
        raise InputError(f"time of task {task} on node {node}", np.inf, "finite")
    return times


# The columns, in any of their forms.


class _Columns(NamedTuple):
    """Columns by name, names of the rows, and what precedes a column's name in messages."""

    place: str
    values: dict[str, FloatArray]
    names: Names | None


def _columns(field: str, given: Any, known: tuple[str, ...]) -> _Columns:
    """Return the checked columns of tasks or nodes."""
    place, columns, names = f"{field}.", given, None
    if isinstance(given, str | Path):
        place = f"{given}: "
        columns, names = read_columns(Path(given))
    elif hasattr(given, "to_pandas") or hasattr(given, "iloc"):
        columns, names = _of_frame(given, known)
    elif not isinstance(given, Mapping):
        columns = {known[0]: given}
    for column in columns:
        if column not in known:
            raise InputError(f"{place}{column}", column, f"one of the columns {', '.join(known)}")
    if known[0] not in columns:
        raise InputError(f"{place}{known[0]}", None, "given")
    values = {column: _checked(place, column, columns[column]) for column in columns}
    length = len(values[known[0]])
    for column, array in values.items():
        if len(array) != length:
            rule = f"({length},) to match {known[0]}"
            raise InputError(f"{place}{column}.shape", array.shape, rule)
    return _Columns(place, values, names)


def _checked(place: str, column: str, values: Any) -> FloatArray:
    """Return a column as an array of finite numbers of its range."""
    if column in _POSITIVE:
        return check_array(f"{place}{column}", values, ndim=1, above=0)
    return check_array(f"{place}{column}", values, ndim=1, at_least=0)


def read_columns(path: Path) -> tuple[dict[str, Any], Names | None]:
    """Return the columns of a table in a file, and the names of its rows."""
    try:
        table = read_table(path, TableOptions(header=True))
    except AmbiguousTableError:
        # the first column may count 1, 2, 3: its heading says what it is
        table = read_table(path, TableOptions(header=True, index=False))
    return _by_name(str(path), table.matrix, table.node_names or (), table.task_names)


def _of_frame(frame: Any, known: tuple[str, ...]) -> tuple[dict[str, Any], Names | None]:
    """Return the columns of a data frame, and the names of its rows."""
    if hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    if not hasattr(frame, "columns"):  # a series
        return {known[0]: frame.to_numpy()}, None
    first = str(frame.columns[0]).strip().lower() if len(frame.columns) else ""
    table = labelled_times(frame, index=first in (*UNNAMED, *ROW_LABELS))
    return _by_name("columns", table.et, table.nodes or (), table.tasks)


def _by_name(
    place: str, matrix: FloatArray, labels: Names, names: Names | None
) -> tuple[dict[str, Any], Names | None]:
    """Return the columns of a matrix by their labels, which differ."""
    if len(set(labels)) < len(labels):
        raise InputError(place, list(labels), "different names of columns")
    return {label: matrix[:, j] for j, label in enumerate(labels)}, names
