"""How far a sweep is: numbers of cells, failures, and an estimate of the time left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from edgeopt.experiments.runs.accept import CONTENT, acceptable_rows
from edgeopt.experiments.runs.cell import FAILED, AnyConfig, Row, RunKind, reason_of
from edgeopt.experiments.runs.index import index_of, place_columns
from edgeopt.experiments.runs.select import Selection, selected_keys
from edgeopt.experiments.runs.store import (
    CONFIG,
    folder_index,
    kind_of,
    read_description,
    scan_store,
)

_MOST_FAILURES = 5  # that are named


@dataclass(frozen=True)
class RunStatus:
    """Numbers of cells, and an estimate of the time left.

    Attributes
    ----------
    cells, finished, failed : int
        All cells of the sweep, those with a result, and those that failed.
    older : int
        Rows that the configuration does not name: kept, but no cells of this sweep.
    seconds : float or None
        Estimated time of the open cells in s, one after another; None before there is a row.
    failures : tuple of str
        Lines that say which cells failed and why.

    Examples
    --------
    See `run_sweep`.
    """

    cells: int
    finished: int
    failed: int
    older: int
    seconds: float | None
    failures: tuple[str, ...] = ()

    @property
    def open(self) -> int:
        """Cells without a row."""
        return self.cells - self.finished - self.failed


def read_status(folder: Path) -> RunStatus:
    """Return the status of the sweep in a folder; its problems and solvers are not loaded.

    Parameters
    ----------
    folder : Path
        Folder of the sweep.

    Raises
    ------
    InputError
        If the folder holds no sweep.

    Examples
    --------
    See `status_of`.
    """
    description = read_description(folder)
    kind = kind_of(description)
    return _status(folder_index(folder, description), scan_store(folder), kind, retry_failed=False)


def status_of(
    config: AnyConfig,
    folder: Path | None,
    retry_failed: bool = False,
    select: Selection | None = None,
    accept_code: bool = False,
    by_name: bool = False,
) -> RunStatus:
    """Return the status of a sweep.

    Parameters
    ----------
    config : AnyConfig
        What is to be run.
    folder : Path, optional
        Where its rows are, if there are any.
    retry_failed : bool
        Count failed cells among the open ones.
    select : Selection, optional
        Count only these cells.
    accept_code : bool
        Count cells as finished that only differ in code from those that are.
    by_name : bool
        Count cells that run code of others as finished where there is a row of the same names and
        code: for when that code is not imported, so that its defaults are unknown.

    Examples
    --------
    >>> from edgeopt import SweepConfig
    >>> from edgeopt.experiments.runs import status_of
    >>> solvers = {"LPT": {"solver": "lpt"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 3, 1, {"evaluations": 100}, solvers)
    >>> status_of(config, None).open
    3
    """
    cells = list(config.cells())
    index = index_of(cells, config.kind)
    stored = folder if folder is not None and (folder / CONFIG).exists() else None
    if by_name and stored is not None:
        foreign = {cell.key for cell in cells if cell.is_foreign}
        index = _with_known_keys(index, foreign, stored, accept_code)
    keys = {entry["key"] for entry in index}
    chosen = keys if select is None else selected_keys(select, index, config.kind)
    rows = scan_store(stored) if stored is not None else {}
    if accept_code and CONTENT in config.kind.facts and rows and stored is not None:
        found = acceptable_rows(stored, cells)
        rows |= {key: {**rows[known], "key": key} for key, known in found.items()}
    entries = [entry for entry in index if entry["key"] in chosen]
    # rows of cells that are left out are neither counted nor older
    rows = {key: row for key, row in rows.items() if key in chosen or key not in keys}
    return _status(entries, rows, config.kind, retry_failed=retry_failed)


def _with_known_keys(index: list[Row], keys: set[str], folder: Path, any_code: bool) -> list[Row]:
    """Return the index, some entries with the keys of those in a folder that are as they are."""
    left_out = {"key", CONTENT, *(["code"] if any_code else [])}

    def place(entry: Row) -> tuple[Any, ...]:
        return tuple(entry[name] for name in sorted(entry.keys() - left_out))

    stored = folder_index(folder, read_description(folder))
    known = {place(entry): entry["key"] for entry in stored}
    return [
        {**entry, "key": known.get(place(entry), entry["key"])} if entry["key"] in keys else entry
        for entry in index
    ]


def _status(
    index: list[Row], rows: dict[str, Row], kind: RunKind, *, retry_failed: bool
) -> RunStatus:
    """Return the status of the cells of an index."""
    states = [rows.get(entry["key"], {}).get("status") for entry in index]
    again = {None, FAILED} if retry_failed else {None}
    todo = {
        entry["key"]: entry for entry, state in zip(index, states, strict=True) if state in again
    }
    failures = [
        rows[entry["key"]] | entry
        for entry, state in zip(index, states, strict=True)
        if state == FAILED and not retry_failed
    ]
    return RunStatus(
        cells=len(index),
        finished=len(index) - states.count(FAILED) - states.count(None),
        failed=len(failures),
        older=len(rows.keys() - {entry["key"] for entry in index}),
        seconds=_estimate(todo.values(), rows, tuple(kind.names)),
        failures=tuple(failure_lines(failures, kind)),
    )


def failure_lines(failed: Sequence[Row], kind: RunKind) -> list[str]:
    """Return lines that say what failed and why: the first few with names and error, and a count.

    Parameters
    ----------
    failed : sequence of rows
        Failed ones only.
    kind : RunKind
        Of the rows.
    """
    if not failed:
        return []
    lines = [f"{len(failed)} cells failed:" if len(failed) > 1 else "1 cell failed:"]
    for row in failed[:_MOST_FAILURES]:
        names = ", ".join(f"{name}={row[name]}" for name in place_columns(kind))
        lines.append(f"  {names}: {reason_of(row['error'])}")
    more = len(failed) - _MOST_FAILURES
    return [*lines, f"  and {more} more"] if more > 0 else lines


def _estimate(entries: Iterable[Row], rows: dict[str, Row], names: Iterable[str]) -> float | None:
    """Sum mean times: of rows with the same names, else the same last name, else of all rows."""
    names = tuple(names)
    seconds: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for row in rows.values():
        for group in _groups(row.get(name) for name in names):
            seconds[group].append(row["cell_seconds"])
    means = {group: fmean(values) for group, values in seconds.items()}
    if not means:
        return None
    groups = (_groups(entry[name] for name in names) for entry in entries)
    return sum(next(means[group] for group in each if group in means) for each in groups)


def _groups(names: Iterable[Any]) -> tuple[tuple[Any, ...], ...]:
    """Return the groups of rows that predict the time of a cell, the most similar first."""
    every = tuple(names)
    return (every, every[-1:], ())
