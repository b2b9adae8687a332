"""Tables beside that of the times: energy and cost of pairs, power of nodes, deadlines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.frames import Names
from edgeopt.problems.scheduling.instructions import read_columns
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.table_files import read_table
from edgeopt.problems.scheduling.table_options import TableOptions

SIDE_TABLES = ("energy", "cost", "power", "deadlines")
"""Options of a spec that name a table."""

_COLUMNS = {
    "power": {"active_power_w": "active_power", "idle_power_w": "idle_power"},
    "deadlines": {"deadline_s": "deadlines"},
}


def read_side_tables(problem: Problem, folder: Path, texts: list[str]) -> Problem:
    """Return the problem with what its tables state.

    Parameters
    ----------
    problem : Problem
        That of the times.
    folder : Path
        To which the paths are relative.
    texts : list of str
        Such as ``energy=joule.csv``, with a key of `SIDE_TABLES`.

    Raises
    ------
    InputError
        If a table is given twice, cannot be read, or does not belong to the times.
    """
    fields: dict[str, Any] = {}
    for text in texts:
        key, _, name = text.partition("=")
        path = folder / name
        found = _columns(path, key, problem) if key in _COLUMNS else _pairs(path, key, problem)
        if found.keys() & fields.keys():
            raise InputError(f"{problem.name} option", text, "given once")
        fields |= found
    try:
        return replace(problem, **fields)
    except InputError as error:
        raise InputError(f"{problem.name}: {error.field}", error.value, error.rule) from None


def _pairs(path: Path, key: str, problem: Problem) -> dict[str, Any]:
    """Return a table with a row for each task and a column for each node."""
    table = read_table(path, TableOptions())
    _check_names(path, table.task_names, problem.task_names, "tasks")
    _check_names(path, table.node_names, problem.node_names, "nodes")
    return {key: table.matrix}


def _columns(path: Path, key: str, problem: Problem) -> dict[str, Any]:
    """Return the columns of a table with a row for each node, or for each task."""
    columns, names = read_columns(path)
    known = _COLUMNS[key]
    for column in columns:
        if column not in known:
            raise InputError(f"{path}: {column}", column, f"one of the columns {', '.join(known)}")
    whose = "nodes" if key == "power" else "tasks"
    _check_names(path, names, problem.node_names if key == "power" else problem.task_names, whose)
    return {known[column]: values for column, values in columns.items()}


def _check_names(path: Path, names: Names | None, known: Names | None, whose: str) -> None:
    """Raise `InputError` if a table names other tasks or nodes than that of the times."""
    if names is not None and known is not None and names != known:
        rule = f"the {whose} of the times, in their order"
        raise InputError(f"{path} {whose}", list(names), rule)
