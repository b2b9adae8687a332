"""Journals become parts: at the end of a run, interrupted or not, and before a merge is over.

Parts hold the rows of the folder's index in its order; all others go to ``older/``. Of two
processes that end at the same time, one waits for the other: each would otherwise replace parts
with what it has read before the other wrote.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from edgeopt.experiments.runs.cell import FAILED, Row, RunKind, merge_newer, merge_older
from edgeopt.experiments.runs.checks import set_aside
from edgeopt.experiments.runs.files import (
    JOURNALS,
    PART,
    is_damaged,
    is_own,
    is_sound,
    journal_rows,
    journals,
    part_path,
    parts,
    read_part,
    sound_rows,
    write_part,
)
from edgeopt.experiments.runs.provenance import full_provenance
from edgeopt.experiments.runs.store import (
    CELLS,
    OLDER,
    folder_index,
    in_index_order,
    kind_of,
    read_description,
)
from edgeopt.problems.errors import InputError

_LOCK, _LOCK_SECONDS = ".lock", 300.0

_LOGGER = logging.getLogger("edgeopt")

_NEW = f"_{CELLS}"


def compact(folder: Path, fresh: Iterable[Row] = (), *, prune: bool = False) -> None:
    """Turn the journals into parts, then drop those that no other process may be writing.

    Parameters
    ----------
    folder : Path
        The folder of a sweep.
    fresh : iterable of rows
        Rows of this run, in case another sweep has removed their journals.
    prune : bool
        Whether to remove the rows that the index does not name, instead of keeping them apart.

    Raises
    ------
    InputError
        If the disk is full, or if there is no lock for pruning. The journals stay then, as they
        do, with a warning in the log, where there is no lock for the rest.
    """
    try:
        lock = _locked(folder)
    except InputError as error:
        if prune:
            raise
        _LOGGER.warning("rows stay in %s: %s", folder / JOURNALS, error)
        return
    with lock:
        description = read_description(folder)
        kind, index = kind_of(description), folder_index(folder, description)
        _set_aside_damaged(folder, kind)
        sizes = {journal: _size(journal) for journal in journals(folder)}
        keys = {entry["key"] for entry in index}
        rows = _all_rows(folder, kind, sizes, fresh)
        kept = _add_kept(folder, kind, rows, keys)
        metadata = description | {"provenance": full_provenance()}
        if not prune:
            apart = (rows[key] for key in rows.keys() - keys - kept)
            _keep_apart(folder, list(apart), kind, metadata)
        _write_parts(folder, in_index_order(index, rows, kind), kind, metadata)
        is_over = prune or keys <= rows.keys()
        for journal, size in sizes.items():
            # one that has grown meanwhile has rows that are in no part yet
            if (is_over or is_own(journal)) and _size(journal) == size:
                _remove(folder, journal, kind)
        if prune:
            shutil.rmtree(folder / OLDER, ignore_errors=True)


def _set_aside_damaged(folder: Path, kind: RunKind) -> None:
    """Set parts aside that are damaged."""
    for path in [*parts(folder / CELLS), *parts(folder / OLDER)]:
        if not is_sound(path, kind):
            set_aside(folder, path)


def _remove(folder: Path, journal: Path, kind: RunKind) -> None:
    """Remove a journal; set one aside in which a line is damaged."""
    if is_damaged(journal, kind):
        set_aside(folder, journal)
    else:
        journal.unlink(missing_ok=True)


def _locked(folder: Path) -> AbstractContextManager[Any]:
    """Take the folder's lock, which the system gives back when the process ends, however it does.

    Raises
    ------
    InputError
        If the file system has none, or another process holds it too long.
    """
    from filelock import FileLock, Timeout

    try:
        return FileLock(folder / _LOCK).acquire(timeout=_LOCK_SECONDS)
    except (OSError, NotImplementedError, Timeout) as error:
        raise InputError("folder", str(folder), f"one that can be locked ({error})") from None


def _size(path: Path) -> int:
    """Return the size of a file, -1 if it is gone."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _all_rows(
    folder: Path, kind: RunKind, read: Iterable[Path], fresh: Iterable[Row]
) -> dict[str, Row]:
    """Return the rows of journals and parts by key."""
    rows: dict[str, Row] = {}
    for journal in read:
        merge_newer(rows, journal_rows(journal, kind))
    merge_newer(rows, fresh)
    for path in parts(folder / CELLS):
        merge_older(rows, sound_rows(path, kind))
    return rows


def _add_kept(folder: Path, kind: RunKind, rows: dict[str, Row], keys: set[str]) -> set[str]:
    """Add rows with these keys that were kept apart; return the keys of all that are."""
    kept = set[str]()
    for path in parts(folder / OLDER):
        found = read_part(path, kind, ("key", "status"))
        kept |= {row["key"] for row in found if row["status"] != FAILED}
        if any(row["key"] in keys for row in found):
            merge_older(rows, (row for row in read_part(path, kind) if row["key"] in keys))
    return kept


def _keep_apart(
    folder: Path, rows: list[Row], kind: RunKind, metadata: dict[str, Any]
) -> list[Path]:
    """Write the rows that the index does not name, a part for each version of code."""
    written = []
    for code in sorted({row["code"] for row in rows}):
        chosen = sorted((row for row in rows if row["code"] == code), key=lambda row: row["key"])
        content = "".join(row["key"] + row["status"] for row in chosen)
        name = hashlib.sha256(content.encode()).hexdigest()[:16]
        (folder / OLDER).mkdir(exist_ok=True)
        path = folder / OLDER / f"part-{code}-{name}.parquet"
        if not path.exists():
            write_part(path, chosen, kind, metadata)
            written.append(path)
    return written


def _write_parts(folder: Path, rows: list[Row], kind: RunKind, metadata: dict[str, Any]) -> None:
    """Write the table; ``cells/`` appears with its first parts, and goes without rows."""
    chunks = [rows[start : start + PART] for start in range(0, len(rows), PART)]
    if not parts(folder / CELLS):
        _write_first(folder, chunks, kind, metadata)
        return
    saved = _save_moving(folder, chunks, kind, metadata)
    for number, chunk in enumerate(chunks):
        path = part_path(folder / CELLS, number)
        if not path.exists() or read_part(path, kind) != chunk:
            write_part(path, chunk, kind, metadata)
    for path in parts(folder / CELLS)[len(chunks) :]:
        path.unlink()
    for path in saved:
        path.unlink()
    for name in (OLDER, CELLS):
        _remove_empty(folder / name)


def _write_first(
    folder: Path, chunks: list[list[Row]], kind: RunKind, metadata: dict[str, Any]
) -> None:
    """Write the parts of a new table beside its place, then move them there."""
    _remove_empty(folder / CELLS)  # of an earlier version of edgeopt
    shutil.rmtree(folder / _NEW, ignore_errors=True)  # of a run that was killed here
    if not chunks:
        return
    (folder / _NEW).mkdir()
    for number, chunk in enumerate(chunks):
        write_part(part_path(folder / _NEW, number), chunk, kind, metadata)
    (folder / _NEW).rename(folder / CELLS)


def _save_moving(
    folder: Path, chunks: list[list[Row]], kind: RunKind, metadata: dict[str, Any]
) -> list[Path]:
    """Write the rows that move to another part to parts of their own, which a kill would leave."""
    moving: list[Row] = []
    by_key = {row["key"]: row for chunk in chunks for row in chunk}
    for path, chunk in zip_longest(parts(folder / CELLS), chunks, fillvalue=()):
        if isinstance(path, Path):
            here = {row["key"] for row in chunk}
            gone = (row["key"] for row in read_part(path, kind, ("key",)))
            moving += [by_key[key] for key in gone if key in by_key and key not in here]
    return _keep_apart(folder, moving, kind, metadata)


def _remove_empty(folder: Path) -> None:
    """Remove a folder if it is there and empty."""
    with contextlib.suppress(OSError):
        folder.rmdir()
