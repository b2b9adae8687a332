"""Compaction: the journals of a sweep become Parquet parts."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from experiments.sweep.cell import Row
from experiments.sweep.code_version import full_provenance
from experiments.sweep.journal import journal_rows, journals
from experiments.sweep.merge import merge_newer, merge_older
from experiments.sweep.parts import PART, part_path, parts, read_part, write_part
from experiments.sweep.store import CELLS, OLDER, read_description


def is_compact(folder: Path, keys: Sequence[str]) -> bool:
    """Whether the parts hold exactly these cells, and no journal is left."""
    found = [row["key"] for path in parts(folder / CELLS) for row in read_part(path, ("key",))]
    return found == list(keys) and not journals(folder)


def compact(folder: Path, keys: Sequence[str], fresh: Iterable[Row] = ()) -> None:
    """Turn the journals into parts, then drop them.

    Parameters
    ----------
    folder : Path
        The folder of a sweep.
    keys : sequence of str
        Of all its cells, in the order of the table.
    fresh : iterable of rows
        Rows of this run, should they have left the journals with another sweep's.

    Raises
    ------
    InputError
        If the disk is full or a part broken; the journals stay then.
    """
    read = journals(folder)
    rows: dict[str, Row] = {}
    for journal in read:
        merge_newer(rows, journal_rows(journal))
    merge_newer(rows, fresh)
    for path in [*parts(folder / CELLS), *parts(folder / OLDER)]:
        merge_older(rows, read_part(path))
    metadata = read_description(folder) | {"provenance": full_provenance()}
    _keep_apart(folder, {key: rows[key] for key in rows.keys() - set(keys)}, metadata)
    for number, start in enumerate(range(0, len(keys), PART)):
        chosen = [rows[key] for key in keys[start : start + PART] if key in rows]
        _write_new(part_path(folder / CELLS, number), chosen, metadata)
    for journal in read:
        with contextlib.suppress(FileNotFoundError):
            journal.unlink()


def _write_new(path: Path, rows: list[Row], metadata: dict[str, Any]) -> None:
    """Write a part unless these are its rows already."""
    if not path.exists() or read_part(path) != rows:
        write_part(path, rows, metadata)


def _keep_apart(folder: Path, rows: dict[str, Row], metadata: dict[str, Any]) -> None:
    """Keep rows that are no cells of the sweep as it is now: a part for each version of code."""
    for code in sorted({row["code"] for row in rows.values()}):
        chosen = [rows[key] for key in sorted(rows) if rows[key]["code"] == code]
        name = hashlib.sha256("".join(row["key"] for row in chosen).encode()).hexdigest()[:16]
        (folder / OLDER).mkdir(exist_ok=True)
        path = folder / OLDER / f"part-{code}-{name}.parquet"
        if not path.exists():
            write_part(path, chosen, metadata)
