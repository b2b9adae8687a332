"""The folder of a sweep.

``sweep.json`` describes the sweep, ``journal/`` holds rows as they come in, ``cells/`` those of a
finished sweep, and ``older/`` those made by other code or from other content of a file, which are
used again if that code or content returns.

There is no lock: two sweeps may work on one folder at the same time. Both then do all the work,
rows are told apart by their keys, and only a sweep with all its cells turns journals into parts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.cell import AnyConfig, Row, RunKind, merge_newer, merge_older
from edgeopt.experiments.runs.files import (
    JOURNALS,
    PART,
    TYPES,
    journal_rows,
    journals,
    part_path,
    parts,
    read_part,
    read_table,
    write_part,
)
from edgeopt.experiments.runs.provenance import full_provenance
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd


CONFIG, CELLS, OLDER = "sweep.json", "cells", "older"

_SCAN = ("key", "status", "cell_seconds")


def open_folder(folder: Path, config: AnyConfig) -> None:
    """Create the folder of a sweep, or check that it belongs to this one.

    Raises
    ------
    InputError
        If it holds another sweep, or something else.
    """
    is_used = _is_used(folder)  # first: another sweep may be writing the description
    known = read_description(folder) if (folder / CONFIG).exists() else None
    new = json.loads(json.dumps(_describe(config)))  # as it is read back: tuples become lists
    if known is not None and _identity(known, config.kind) != _identity(new, config.kind):
        raise InputError("--out", str(folder), "a new folder: this one holds another sweep")
    if known is None and is_used:
        raise InputError("--out", str(folder), "a new or empty folder, or that of this sweep")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if known is None:  # before anything else, so that a killed sweep recognises its folder
            data = json.dumps(new, indent=1).encode()
            write_atomically(folder / CONFIG, data)
        for name in (JOURNALS, CELLS):
            (folder / name).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("--out", str(folder), f"a folder that can be written ({error})") from None


def _identity(description: dict[str, Any], kind: RunKind) -> dict[str, Any]:
    """Return the part of a description that identifies a sweep."""
    config = {key: value for key, value in description["config"].items() if key not in kind.aside}
    return {**description, "config": config, "provenance": None}


def _describe(config: AnyConfig) -> dict[str, Any]:
    """Return kind, columns, configuration and provenance."""
    kind = config.kind
    return {
        "kind": kind.name,
        "names": dict(kind.names),
        "columns": dict(kind.columns),
        "config": config.as_dict(),
        "provenance": full_provenance(),
    }


def kind_of(description: dict[str, Any]) -> RunKind:
    """Return the kind of the rows as declared in the folder itself."""
    return RunKind(description["kind"], description["names"], description["columns"])


def _is_used(folder: Path) -> bool:
    """Whether a folder has more than temporary files of a sweep that was killed at its start."""
    if not folder.is_dir():
        return folder.exists()
    return any(not path.name.startswith(f"_{CONFIG}") for path in folder.iterdir())


def read_description(folder: Path) -> dict[str, Any]:
    """Return kind, columns, configuration and provenance of the sweep in `folder`.

    Raises
    ------
    InputError
        If the folder holds none, or one of an older edgeopt.
    """
    path = folder / CONFIG
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise InputError("folder", str(folder), f"the output of a sweep, with {CONFIG}") from None
    if isinstance(description, dict) and {*description} == {"config", "provenance"}:
        rule = "one that this edgeopt has written; older ones are to be run again in a new folder"
        raise InputError("folder", str(folder), rule)
    if not _is_description(description):
        raise InputError(str(path), description, "written by edgeopt")
    return description  # type: ignore[no-any-return]


def _is_description(found: Any) -> bool:
    """Whether `found` has the parts of a description."""
    tables = ("names", "columns", "config", "provenance")
    return (
        isinstance(found, dict)
        and isinstance(found.get("kind"), str)
        and all(isinstance(found.get(name), dict) for name in tables)
        and all(each in TYPES for name in tables[:2] for each in found[name].values())
        and bool(found["names"])
    )


def scan_store(folder: Path) -> dict[str, Row]:
    """Return all rows on disk by key, with their names, status and time only."""
    kind = kind_of(read_description(folder))
    columns, rows = (*_SCAN, *kind.names), dict[str, Row]()
    for journal in journals(folder):  # first: rows move from journals into parts, never back
        merge_newer(
            rows, ({name: row.get(name) for name in columns} for row in journal_rows(journal))
        )
    for path in [*parts(folder / CELLS), *parts(folder / OLDER)]:
        merge_older(rows, read_part(path, kind, columns))
    return rows


def older_cells(folder: Path) -> int:
    """Return the number of rows made by other code or from other content."""
    kind = kind_of(read_description(folder))
    keys = [
        {row["key"] for path in parts(folder / name) for row in read_part(path, kind, ("key",))}
        for name in (OLDER, CELLS)
    ]
    return len(keys[0] - keys[1])


def read_cells(folder: Path) -> pd.DataFrame:
    """Return the finished cells, one row each; ``trace_*`` and ``assignment`` hold lists.

    Raises
    ------
    InputError
        If the folder holds none, or a file is broken.

    Examples
    --------
    See `run_sweep`, which returns the same table.
    """
    if not parts(folder / CELLS):
        raise InputError("folder", str(folder), f"a finished sweep, with {CELLS}")
    kind = kind_of(read_description(folder))
    return read_table(folder / CELLS, kind).to_pandas()  # type: ignore[no-any-return]


# Compaction of journals to parts.


def is_compact(folder: Path, keys: Sequence[str]) -> bool:
    """Whether the parts hold exactly these cells, and no journal is left."""
    kind = kind_of(read_description(folder))
    paths = parts(folder / CELLS)
    found = [row["key"] for path in paths for row in read_part(path, kind, ("key",))]
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
        Rows of this run, in case another sweep has removed their journals.

    Raises
    ------
    InputError
        If the disk is full or a part broken; the journals stay then.
    """
    description = read_description(folder)
    kind, read = kind_of(description), journals(folder)
    rows: dict[str, Row] = {}
    for journal in read:
        merge_newer(rows, journal_rows(journal))
    merge_newer(rows, fresh)
    for path in [*parts(folder / CELLS), *parts(folder / OLDER)]:
        merge_older(rows, read_part(path, kind))
    metadata = description | {"provenance": full_provenance()}
    _keep_apart(folder, {key: rows[key] for key in rows.keys() - set(keys)}, kind, metadata)
    for number, start in enumerate(range(0, len(keys), PART)):
        chosen = [rows[key] for key in keys[start : start + PART] if key in rows]
        _write_new(part_path(folder / CELLS, number), chosen, kind, metadata)
    for journal in read:
        with contextlib.suppress(FileNotFoundError):
            journal.unlink()


def _write_new(path: Path, rows: list[Row], kind: RunKind, metadata: dict[str, Any]) -> None:
    """Write a part unless these are its rows already."""
    if not path.exists() or read_part(path, kind) != rows:
        write_part(path, rows, kind, metadata)


def _keep_apart(
    folder: Path, rows: dict[str, Row], kind: RunKind, metadata: dict[str, Any]
) -> None:
    """Write the rows that are no cells of the present sweep, a part for each version of code."""
    for code in sorted({row["code"] for row in rows.values()}):
        chosen = [rows[key] for key in sorted(rows) if rows[key]["code"] == code]
        name = hashlib.sha256("".join(row["key"] for row in chosen).encode()).hexdigest()[:16]
        (folder / OLDER).mkdir(exist_ok=True)
        path = folder / OLDER / f"part-{code}-{name}.parquet"
        if not path.exists():
            write_part(path, chosen, kind, metadata)
