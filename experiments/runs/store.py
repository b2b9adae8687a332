"""The folder of a sweep.

``sweep.json`` describes the latest configuration and names the index of its cells (`index.py`);
``journal/`` holds rows as they come in, ``cells/`` those of the index once a run has ended, and
``older/`` those that the index does not name: of other code, other content or a configuration of
the past. They count again as soon as an index names their keys.

Two sweeps may work on one folder at the same time. They may do the same work twice, and rows are
told apart by their keys; only the turning of journals into parts takes a lock (`compaction.py`).
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edgeopt.experiments.runs.cell import (
    SHAPES,
    AnyConfig,
    Row,
    RunKind,
    Shape,
    merge_newer,
    merge_older,
)
from edgeopt.experiments.runs.checks import (
    DAMAGED,
    DamageError,
    read_json,
    sealed_json,
    set_aside,
    tell_damage,
)
from edgeopt.experiments.runs.files import (
    JOURNALS,
    TYPES,
    journal_rows,
    journals,
    make_table,
    part_columns,
    parts,
    read_table,
    sound_rows,
)
from edgeopt.experiments.runs.index import (
    CONTENTS,
    index_path,
    place_columns,
    read_index,
    write_index,
)
from edgeopt.experiments.runs.provenance import full_provenance
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import file_exists, write_atomically

if TYPE_CHECKING:
    import pandas as pd


CONFIG, CELLS, OLDER, INDEX = "sweep.json", "cells", "older", "index"

CONTENT_FOLDERS = ("problems", "solvers")  # of files that are named by their content

SOURCES = "sources"  # of a merged folder

_DESCRIPTION = ("kind", "names", "columns", "facts", "config", "provenance", INDEX, SOURCES)

_LOGGER = logging.getLogger("edgeopt")

_SCAN = ("key", "code", "status", "error", "cell_seconds")

_LOOKS = 5  # at a folder whose parts are replaced while they are read

_Found = TypeVar("_Found")


def open_folder(folder: Path, config: AnyConfig, index: list[Row]) -> None:
    """Create the folder of a sweep, or make this configuration its latest.

    Raises
    ------
    InputError
        If it holds runs of another kind, or something else.
    """
    check_folder(folder, config.kind)
    write_description(folder, describe(config), index)


def write_description(folder: Path, description: dict[str, Any], index: list[Row]) -> None:
    """Write description and index, unless the folder has them; it is made if it is missing.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    known, is_sealed = _known(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        name = write_index(folder, index, kind_of(description))
        new = json.loads(json.dumps({**description, INDEX: name}))  # tuples become lists
        if not is_sealed or _without_provenance(new) != _without_provenance(known):
            write_atomically(folder / CONFIG, sealed_json(new))
        if known.get(INDEX, name) != name:
            index_path(folder, known[INDEX]).unlink(missing_ok=True)
        (folder / JOURNALS).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("--out", str(folder), f"a folder that can be written ({error})") from None


def _known(folder: Path) -> tuple[dict[str, Any], bool]:
    """Return the description of a folder, empty if it is missing or damaged; if it has a checksum.

    A damaged one is set aside.
    """
    if not (folder / CONFIG).exists():
        return {}, False
    try:
        return _read_description(folder)
    except DamageError:
        tell_damage(folder / CONFIG, "damaged, and written anew")
        set_aside(folder, folder / CONFIG)
        return {}, False


def check_folder(folder: Path, kind: RunKind, field: str = "--out") -> None:
    """Raise `InputError` unless a folder is new, or holds rows of a kind with its columns.

    Parameters
    ----------
    folder : Path
        It need not exist.
    kind : RunKind
        Of the rows.
    field : str
        Name of the folder in a message.
    """
    is_used = _is_used(folder)  # first: another sweep may be writing the description
    if not (folder / CONFIG).exists():
        if is_used:
            raise InputError(field, str(folder), "a new or empty folder, or that of a sweep")
        return
    try:
        known = read_description(folder)
    except DamageError:
        _check_rows(folder, kind, field)
        return
    if known["kind"] != kind.name:
        rule = f"a folder for runs of the kind {kind.name}: this one holds a {known['kind']}"
        raise InputError(field, str(folder), rule)
    if kind_of(known) != kind_of(_columns(kind)):
        rule = "written by this version of edgeopt: it has other columns; a new folder is needed"
        raise InputError(field, str(folder), rule)


def _check_rows(folder: Path, kind: RunKind, field: str) -> None:
    """Raise `InputError` for rows of another kind in a folder whose description is damaged."""
    for journal in journals(folder):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # only the columns count here
            row = next(journal_rows(journal), None)
        if row is not None and not row.keys() >= {*kind.names}:
            raise InputError(field, str(folder), f"a folder for runs of the kind {kind.name}")
    for part in [*parts(folder / CELLS), *parts(folder / OLDER)]:
        columns = {*part_columns(part)}
        if columns and not columns >= {*kind.names}:
            raise InputError(field, str(folder), f"a folder for runs of the kind {kind.name}")


def _without_provenance(description: dict[str, Any]) -> dict[str, Any]:
    """Return a description without the versions and the command that wrote it."""
    return {**description, "provenance": None}


def describe(config: AnyConfig) -> dict[str, Any]:
    """Return kind, columns, configuration and provenance."""
    kind = config.kind
    facts = {"config": config.as_dict(), "provenance": full_provenance()}
    return {**_columns(kind), **facts}


def _columns(kind: RunKind) -> dict[str, Any]:
    """Return the kind as a description has it."""
    tables = {"names": kind.names, "columns": kind.columns, "facts": kind.facts}
    return {"kind": kind.name, **{name: dict(table) for name, table in tables.items()}}


def kind_of(description: dict[str, Any]) -> RunKind:
    """Return the kind of the rows as declared in the folder itself."""
    tables = description["names"], description["columns"], description.get("facts", {})
    shape = SHAPES.get(description["kind"], Shape())
    return RunKind(description["kind"], *tables, shape)


def _is_used(folder: Path) -> bool:
    """Whether a folder has more than files that are written before the description."""
    if not folder.is_dir():
        return folder.exists()
    early = (f"_{CONFIG}", "_index-", "index-")
    names = (path.name for path in folder.iterdir())
    free = (*CONTENT_FOLDERS, DAMAGED)
    return any(not name.startswith(early) for name in names if name not in free)


def read_description(folder: Path) -> dict[str, Any]:
    """Return kind, columns, configuration and provenance of the sweep in `folder`.

    Raises
    ------
    DamageError
        If it is damaged.
    InputError
        If the folder holds none, or one of an older edgeopt.
    """
    return _read_description(folder)[0]


def _read_description(folder: Path) -> tuple[dict[str, Any], bool]:
    """Return the description of a folder, and whether it has a checksum."""
    path = folder / CONFIG
    if not file_exists(path):
        raise InputError("folder", str(folder), f"the output of a sweep, with {CONFIG}")
    try:
        description, is_sealed = read_json(path, _DESCRIPTION)
    except DamageError:
        rule = "as edgeopt wrote it; the command that made the folder writes it anew"
        raise DamageError(str(path), "a damaged file", rule) from None
    if {*description} == {"config", "provenance"}:
        rule = "one that this edgeopt has written; older ones are to be run again in a new folder"
        raise InputError("folder", str(folder), rule)
    if not _is_description(description) or not _fits_its_kind(description):
        raise InputError(str(path), description, "written by edgeopt")
    if not is_sealed:
        _tell_unsealed(path.resolve())
    return description, is_sealed


@cache
def _tell_unsealed(path: Path) -> None:
    """Say, once for each folder, that damage cannot be found."""
    text = "of an earlier version, without checksums: damage to its values would not be noticed"
    _LOGGER.warning("edgeopt: warning: %s: %s", path, text)


def _is_description(found: dict[str, Any]) -> bool:
    """Whether `found` has the parts of a description."""
    tables = ("names", "columns", "config", "provenance")
    return (
        isinstance(found.get("kind"), str)
        and all(isinstance(found.get(name), dict) for name in tables)
        and isinstance(found.get("facts", {}), dict)
        and all(each in TYPES for name in tables[:2] for each in found[name].values())
        and all(each in TYPES for each in found.get("facts", {}).values())
        and bool(found["names"])
        and _is_index(found.get(INDEX, ""))
        and isinstance(found.get(SOURCES, []), list)
    )


def _fits_its_kind(description: dict[str, Any]) -> bool:
    """Whether a description has the columns and the configuration of its kind."""
    kind = kind_of(description)
    return kind.shape.columns <= kind.table.keys() and kind.shape.config(description["config"])


def folder_index(folder: Path, description: dict[str, Any]) -> list[Row]:
    """Return the index that a description names.

    Folders of before there was an index hold one finished sweep: its rows are the index.
    """
    kind = kind_of(description)
    if INDEX in description:
        return read_index(folder, description[INDEX], kind)
    columns = ("key", "code", *kind.names, "repetition", "seed", *kind.facts)
    found = (row for path in parts(folder / CELLS) for row in sound_rows(path, kind, columns))
    return [{**row, CONTENTS: "{}"} for row in found]


def _is_index(name: Any) -> bool:
    """Whether a name is that of an index, and no path."""
    return isinstance(name, str) and re.fullmatch(r"[0-9a-f]*", name) is not None


# Rows.


def scan_store(folder: Path) -> dict[str, Row]:
    """Return all rows on disk by key, with their names, status, error and time only."""
    kind = kind_of(read_description(folder))
    columns = (*_SCAN, *kind.names)
    return settled(folder, lambda: collect_rows(folder, kind, columns=columns))


def collect_rows(
    folder: Path,
    kind: RunKind,
    *,
    keys: set[str] | None = None,
    columns: Sequence[str] | None = None,
) -> dict[str, Row]:
    """Return rows on disk by key: all or those of `keys`, and all or some of their columns."""
    chosen, rows = tuple(columns or kind.table), dict[str, Row]()

    def wanted(found: Iterable[Row]) -> Iterable[Row]:
        return (row for row in found if keys is None or row["key"] in keys)

    for journal in journals(folder):  # first: rows move from journals into parts, never back
        found = wanted(journal_rows(journal, kind))
        merge_newer(rows, ({name: row.get(name) for name in chosen} for row in found))
    for path in [*parts(folder / CELLS), *parts(folder / OLDER)]:
        merge_older(rows, wanted(sound_rows(path, kind, chosen)))
    return rows


def settled(folder: Path, read: Callable[[], _Found]) -> _Found:
    """Read again if another process has replaced parts meanwhile: rows may have changed places."""
    for _ in range(_LOOKS - 1):
        before = _parts_state(folder)
        try:
            found = read()
        except InputError:  # also of a part that has just been removed
            if _parts_state(folder) == before:
                raise
            continue
        if _parts_state(folder) == before:
            return found
    return read()


def _parts_state(folder: Path) -> list[tuple[str, int, int]]:
    """Return name, time and size of every part."""
    state = []
    for path in [*parts(folder / CELLS), *parts(folder / OLDER)]:
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue
        state.append((str(path), facts.st_mtime_ns, facts.st_size))
    return state


def older_cells(folder: Path) -> int:
    """Return the number of rows that the index does not name."""
    description = read_description(folder)
    keys = {entry["key"] for entry in folder_index(folder, description)}
    return len(scan_store(folder).keys() - keys)


def in_index_order(index: Iterable[Row], rows: dict[str, Row], kind: RunKind) -> list[Row]:
    """Return the rows of the index that there are, under the names of the index."""
    columns = (*place_columns(kind), *kind.facts)
    return [
        rows[entry["key"]] | {name: entry[name] for name in columns}
        for entry in index
        if entry["key"] in rows
    ]


def is_compact(folder: Path, index: Sequence[Row], kind: RunKind) -> bool:
    """Whether the parts hold exactly the index's rows that there are, and no journal is left."""
    if journals(folder):
        return False
    columns = ("key", *place_columns(kind), *kind.facts)
    found = [
        tuple(row[name] for name in columns)
        for path in parts(folder / CELLS)
        for row in sound_rows(path, kind, columns)
    ]
    older = [sound_rows(path, kind, ("key",)) for path in parts(folder / OLDER)]
    keys = {row[0] for row in found} | {row["key"] for part in older for row in part}
    places = (tuple(entry[name] for name in columns) for entry in index if entry["key"] in keys)
    return found == list(places)


def read_cells(folder: Path) -> pd.DataFrame:
    """Return the cells of the latest configuration that have a row, finished sweep or not.

    Returns
    -------
    DataFrame
        One row each, in the order of the configuration; ``trace_*`` and ``assignment`` hold
        lists. ``attrs["cells"]`` is the number of cells, ``attrs["missing"]`` of those without
        a row (`missing_note`).

    Raises
    ------
    InputError
        If the folder holds no sweep, or a file is broken.

    Examples
    --------
    See `run_sweep`, which returns the same table.
    """
    description = read_description(folder)
    return table_of(folder, folder_index(folder, description), kind_of(description))


def table_of(folder: Path, index: list[Row], kind: RunKind) -> pd.DataFrame:
    """Return the rows of an index as `read_cells` does."""

    def read() -> Any:
        if parts(folder / CELLS) and is_compact(folder, index, kind):
            return read_table(folder / CELLS, kind)
        rows = collect_rows(folder, kind, keys={entry["key"] for entry in index})
        return make_table(in_index_order(index, rows, kind), kind, {})

    frame: pd.DataFrame = settled(folder, read).to_pandas()
    frame.attrs |= {"cells": len(index), "missing": len(index) - len(frame)}
    return frame


def missing_note(cells: pd.DataFrame) -> str | None:
    """Return a sentence that says how many cells have no row, None where all have one.

    Parameters
    ----------
    cells : DataFrame
        From `read_runs` or `read_cells`.

    Examples
    --------
    See `read_runs`.
    """
    missing = cells.attrs.get("missing", 0)
    return missing_sentence(missing, cells.attrs["cells"]) if missing else None


def missing_sentence(missing: int, cells: int) -> str:
    """Return the sentence of `missing_note`."""
    return f"{missing} of {cells} cells are missing: not run yet"
