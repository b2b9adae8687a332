"""Rows of other code, taken as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.experiments.runs.cell import FAILED, AnyCell, AnyConfig, Row, RunKind
from edgeopt.experiments.runs.files import (
    append_row,
    journal_rows,
    journals,
    new_journal,
    parts,
    sound_rows,
)
from edgeopt.experiments.runs.store import CELLS, OLDER, collect_rows, kind_of, read_description
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


CONTENT = "content"  # the fact with the hash of all that an outcome depends on, except code


def accept_rows(folder: Path, cells: Iterable[AnyCell]) -> int:
    """Give cells without a row a finished one that other code made, and return their number.

    The row is copied under the key of the cell and keeps its column ``code``.

    Parameters
    ----------
    folder : Path
        The folder of a sweep.
    cells : iterable of AnyCell
        All cells of the sweep.

    Raises
    ------
    InputError
        If rows of this kind cannot be told apart from their code, or a file is broken.
    """
    chosen = acceptable_rows(folder, cells)
    kind = kind_of(read_description(folder))
    rows = collect_rows(folder, kind, keys={*chosen.values()})
    journal = new_journal(folder)
    for key, known in chosen.items():
        append_row(journal, {**rows[known], "key": key})
    return len(chosen)


def acceptable_rows(folder: Path, cells: Iterable[AnyCell]) -> dict[str, str]:
    """Return the key of the row that a cell without one could have, by the key of the cell.

    Rows in ``older/`` are taken where there are no others; where rows of several codes would do,
    none is taken. Parameters and errors are those of `accept_rows`.
    """
    kind = kind_of(read_description(folder))
    if CONTENT not in kind.facts:
        raise InputError("--accept-code", kind.name, "left out for this kind of run")
    latest, older = (_scan(folder / place, kind) for place in (CELLS, OLDER))
    latest += [row for journal in journals(folder) for row in journal_rows(journal, kind)]
    finished = {row["key"] for row in [*latest, *older] if row["status"] != FAILED}
    by_content = [_by_content(latest), _by_content(older)]
    contents = {cell.key: cell.facts[CONTENT] for cell in cells if cell.key not in finished}
    chosen = {key: _choose(by_content, content) for key, content in contents.items()}
    return {key: row["key"] for key, row in chosen.items() if row is not None}


def _scan(folder: Path, kind: RunKind) -> list[Row]:
    """Return the rows of the parts in a folder without their outcomes."""
    columns = ("key", "code", "status", CONTENT)
    return [row for part in parts(folder) for row in sound_rows(part, kind, columns)]


def _by_content(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the finished rows by content."""
    found = defaultdict(list)
    for row in rows:
        if row["status"] != FAILED:
            found[row[CONTENT]].append(row)
    return found


def _choose(by_content: list[dict[str, list[Row]]], content: str) -> Row | None:
    """Return the row of a content, None if there is none or rows of several codes."""
    rows = next((rows[content] for rows in by_content if rows.get(content)), [])
    return rows[0] if len({row["code"] for row in rows}) == 1 else None


def accepted_rows(cells: pd.DataFrame, config: AnyConfig) -> int:
    """Return the number of rows in a table that other code has made than is there now."""
    codes = {cell.key: cell.code for cell in config.cells()}
    pairs = zip(cells["key"], cells["code"], strict=True)
    return sum(codes.get(key, code) != code for key, code in pairs)
