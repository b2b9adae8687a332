"""Files of rows: journals while a sweep is running, Parquet parts when it has ended.

Row number i of the table is in ``cells/part-NNNNN.parquet`` with number ``i // PART``. Parts are
replaced one by one, each as a whole.

Each process appends its finished rows to a journal of its own, one JSON object a line, synced.
Only the last line can be torn, and a torn line is skipped. Names are random: nothing depends on a
clock. Lines and parts have checksums (`checks.py`): what is damaged is left out and said, and its
cells run again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.cell import Row, RunKind
from edgeopt.experiments.runs.checks import (
    DamageError,
    append_line,
    digest,
    printable_row,
    read_lines,
    tell_damage,
)
from edgeopt.experiments.runs.rows import fitting, is_row
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import LARGEST_ARRAYS, file_exists, read_content, write_atomically
from edgeopt.problems.parquet import read_parquet

if TYPE_CHECKING:
    import pyarrow as pa


PART = 10_000

METADATA = b"edgeopt"

TYPES = ("text", "integer", "unsigned", "float", "texts", "integers", "floats")
"""Types of columns; plurals are lists."""

_CHECK, _NO_CHECK = b"edgeopt.check", b"0" * 16

_CHECKED = re.compile(rb"(?s)edgeopt\.check..([0-9a-f]{16})")


def schema(kind: RunKind, metadata: dict[str, Any]) -> pa.Schema:
    """Return the types of the columns, the same in all parts even if all values are missing."""
    import pyarrow as pa

    single = (pa.string(), pa.int64(), pa.uint64(), pa.float64())
    lists = (pa.list_(each) for each in (pa.string(), pa.int64(), pa.float64()))
    types = dict(zip(TYPES, (*single, *lists), strict=True))
    fields = [(name, types[of]) for name, of in kind.table.items()]
    notes = {METADATA: json.dumps(metadata).encode(), _CHECK: _NO_CHECK}
    return pa.schema(fields, metadata=notes)


def write_part(path: Path, rows: list[Row], kind: RunKind, metadata: dict[str, Any]) -> None:
    """Write rows as one Parquet file, whole or not at all, with provenance in its metadata.

    There, 16 digits have the place of the checksum of the file, in which they are zeros.

    Raises
    ------
    InputError
        If the file cannot be written, or a row has values that no run returns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(make_table(rows, kind, metadata), sink, write_page_checksum=True)
    data = sink.getvalue().to_pybytes()
    start, end, _ = _checksum(data) or (0, 0, b"")
    write_atomically(path, data[:start] + digest(data).encode() + data[end:])


def _checksum(data: bytes) -> tuple[int, int, bytes] | None:
    """Return the place of the checksum in a part and the checksum, None without one."""
    found = _CHECKED.match(data, max(data.rfind(_CHECK), 0))
    return None if found is None else (*found.span(1), found[1])


def make_table(rows: list[Row], kind: RunKind, metadata: dict[str, Any]) -> pa.Table:
    """Return rows as a table.

    Raises
    ------
    InputError
        If a row has values that no run returns.
    """
    import pyarrow as pa

    try:
        try:
            return pa.Table.from_pylist(rows, schema=schema(kind, metadata))
        except UnicodeEncodeError:  # rows of an earlier version
            printed = [printable_row(row) for row in rows]
            return pa.Table.from_pylist(printed, schema=schema(kind, metadata))
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise InputError("rows", str(error), "those of its kind: a journal is broken") from None


def read_part(path: Path, kind: RunKind, columns: Iterable[str] | None = None) -> list[Row]:
    """Return the rows of a part, of some or of all columns.

    Raises
    ------
    DamageError
        If the file is damaged.
    InputError
        If there is none.
    """
    return _read(path, kind, list(columns or kind.table)).to_pylist()  # type: ignore[no-any-return]


def sound_rows(path: Path, kind: RunKind, columns: Iterable[str] | None = None) -> list[Row]:
    """Return the rows of a part as `read_part` does; of a damaged one none, with a warning."""
    table = _sound(path, kind, list(columns or kind.table))
    return [] if table is None else table.to_pylist()


def is_sound(path: Path, kind: RunKind) -> bool:
    """Whether a part is as it was written; a warning says so if it is not."""
    return _sound(path, kind, list(kind.table)) is not None


def _sound(path: Path, kind: RunKind, columns: list[str]) -> pa.Table | None:
    """Return columns of a part, None if it is damaged."""
    try:
        return _read(path, kind, columns)
    except DamageError as error:
        text = f"damaged ({error.value}): its rows are left out, and their cells run again"
        tell_damage(path, text)
        return None


def _read(path: Path, kind: RunKind, columns: list[str]) -> pa.Table:
    """Return columns of a part."""
    import pyarrow as pa

    types, rule = schema(kind, {}), "a Parquet file as edgeopt wrote it"
    data = read_content(path, LARGEST_ARRAYS)
    place = _checksum(data)
    if place is not None:
        start, end, known = place
        if digest(data[:start] + _NO_CHECK + data[end:]).encode() != known:
            raise DamageError(str(path), "another checksum", rule)
    try:
        # what has no checksum is read as a whole, and checked
        wanted = columns if place else list(kind.table)
        table = read_parquet(path, wanted, data=data, page_checksum_verification=True)
        table.validate(full=True)
        table = table.cast(pa.schema([types.field(name) for name in table.column_names]))
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        raise DamageError(str(path), str(error), rule) from None
    missing = sorted(set(wanted) - {*table.column_names})
    if missing or any(table[name].null_count for name in kind.required if name in wanted):
        raise DamageError(str(path), table.column_names, f"{rule}, with all columns and names")
    return _fitting(path, table, kind).select(columns)


def _fitting(path: Path, table: pa.Table, kind: RunKind) -> pa.Table:
    """Return the rows of a part that fit their kind, as far as columns are there."""
    fits = fitting(table, kind)
    wrong = int((~fits).sum())
    if not wrong:
        return table
    text = f"{wrong} of {len(fits)} rows have wrong values: they are left out, and run again"
    tell_damage(path, text)
    return table.filter(fits)


def part_columns(path: Path) -> list[str]:
    """Return the columns of a part, none of a damaged one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(
            pq.ParquetFile(pa.BufferReader(read_content(path, LARGEST_ARRAYS))).schema_arrow.names
        )
    except (OSError, pa.ArrowException, ValueError):
        return []


def read_table(folder: Path, kind: RunKind) -> pa.Table:
    """Return the rows of all sound parts of a folder as one table.

    Raises
    ------
    InputError
        If a part has gone meanwhile.
    """
    import pyarrow as pa

    tables = (_sound(path, kind, list(kind.table)) for path in parts(folder))
    found = [table for table in tables if table is not None]
    return pa.concat_tables([*found, schema(kind, {}).empty_table()], promote_options="default")


def part_path(cells: Path, number: int) -> Path:
    """Return the file of a part."""
    return cells / f"part-{number:05d}.parquet"


def parts(folder: Path) -> list[Path]:
    """Return the parts of a folder, by name."""
    return sorted(folder.glob("part-*.parquet"))


# Journals.

JOURNALS = "journal"

_PROCESS = uuid.uuid4().hex  # process numbers are used again, and by other machines


def new_journal(folder: Path) -> Path:
    """Return the path of a journal that no other process has or had."""
    return folder / JOURNALS / f"{_own()}{uuid.uuid4().hex}.jsonl"


def is_own(journal: Path) -> bool:
    """Whether this process has made the journal, for itself or for one of its workers."""
    return journal.name.startswith(_own())


def _own() -> str:
    """Return the beginning of the names of this process's journals."""
    return f"{_PROCESS}-{os.getpid()}-"


def append_row(journal: Path, row: Row) -> None:
    """Append the row of a finished cell to a journal and wait until it is on disk."""
    is_new = not journal.exists()
    append_line(journal, row)
    if is_new:
        _sync_folder(journal.parent)


def _sync_folder(folder: Path) -> None:
    """Wait until the entries of a folder are on disk, if the system supports that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def journals(folder: Path) -> list[Path]:
    """Return the journals of a sweep, by name."""
    return sorted((folder / JOURNALS).glob("*.jsonl"))


def journal_rows(journal: Path, kind: RunKind | None = None) -> Iterator[Row]:
    """Yield the rows of a journal without torn lines; none if the file is gone.

    Another process removes a journal after it has moved the rows into parts. Damaged lines are
    left out, with a warning.

    Parameters
    ----------
    journal : Path
        The file.
    kind : RunKind, optional
        Whose columns and types the rows must have.
    """
    lines = _rows_in(journal, kind)
    damaged = lines.count(None)
    if damaged:
        text = f"{damaged} of {len(lines)} lines are damaged and left out; their cells run again"
        tell_damage(journal, text)
    yield from (row for row in lines if row is not None)


def is_damaged(journal: Path, kind: RunKind) -> bool:
    """Whether a line of a journal is damaged."""
    return None in _rows_in(journal, kind)


def _rows_in(journal: Path, kind: RunKind | None) -> list[Row | None]:
    """Return the rows of a journal, None for damaged lines."""
    try:
        lines = read_lines(journal)
    except InputError:
        if file_exists(journal):
            raise
        return []
    return [row if row is not None and is_row(row, kind) else None for row in lines]
