"""Files of rows: journals while a sweep is running, Parquet parts when it has ended.

Row number i of the table is in ``cells/part-NNNNN.parquet`` with number ``i // PART``. Parts are
replaced one by one, each as a whole.

Each process appends its finished rows to a journal of its own, one JSON object a line, synced.
Only the last line can be torn, and a torn line is skipped. Names are random: nothing depends on a
clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.cell import Row, RunKind
from edgeopt.problems.errors import InputError, check_number
from edgeopt.problems.files import check_no_special, write_atomically
from edgeopt.problems.parquet import read_parquet

if TYPE_CHECKING:
    import pyarrow as pa


PART = 10_000

METADATA = b"edgeopt"

TYPES = ("text", "integer", "unsigned", "float", "texts", "integers", "floats")
"""Types of columns; plurals are lists."""


def schema(kind: RunKind, metadata: dict[str, Any]) -> pa.Schema:
    """Return the types of the columns, the same in all parts even if all values are missing."""
    import pyarrow as pa

    single = (pa.string(), pa.int64(), pa.uint64(), pa.float64())
    lists = (pa.list_(each) for each in (pa.string(), pa.int64(), pa.float64()))
    types = dict(zip(TYPES, (*single, *lists), strict=True))
    fields = [(name, types[of]) for name, of in kind.table.items()]
    return pa.schema(fields, metadata={METADATA: json.dumps(metadata).encode()})


def write_part(path: Path, rows: list[Row], kind: RunKind, metadata: dict[str, Any]) -> None:
    """Write rows as one Parquet file, whole or not at all, with provenance in its metadata.

    Raises
    ------
    InputError
        If the file cannot be written, or a row has values that no run returns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(make_table(rows, kind, metadata), sink, write_page_checksum=True)
    write_atomically(path, sink.getvalue().to_pybytes())


def make_table(rows: list[Row], kind: RunKind, metadata: dict[str, Any]) -> pa.Table:
    """Return rows as a table.

    Raises
    ------
    InputError
        If a row has values that no run returns.
    """
    import pyarrow as pa

    try:
        return pa.Table.from_pylist(rows, schema=schema(kind, metadata))
    except (pa.ArrowException, OverflowError) as error:
        raise InputError("rows", str(error), "those of its kind: a journal is broken") from None


def read_part(path: Path, kind: RunKind, columns: Iterable[str] | None = None) -> list[Row]:
    """Return the rows of a part, of some or of all columns.

    Raises
    ------
    InputError
        If the file is broken.
    """
    return _read(path, kind, list(columns or kind.table)).to_pylist()  # type: ignore[no-any-return]


def _read(path: Path, kind: RunKind, columns: list[str]) -> pa.Table:
    """Return columns of a part."""
    import pyarrow as pa

    types = schema(kind, {})
    try:
        table = read_parquet(path, columns, page_checksum_verification=True)
        table.validate(full=True)
        table = table.cast(pa.schema([types.field(name) for name in table.column_names]))
    except (OSError, pa.ArrowException) as error:
        raise InputError(str(path), str(error), "a Parquet file of edgeopt") from None
    missing = sorted(set(columns) - {*table.column_names})
    if missing or any(table[name].null_count for name in kind.required if name in columns):
        rule = f"a Parquet file of edgeopt, with {', '.join(missing or kind.required)}"
        raise InputError(str(path), table.column_names, rule)
    return table


def read_table(folder: Path, kind: RunKind) -> pa.Table:
    """Return the rows of all parts of a folder, at least one, as one table.

    Raises
    ------
    InputError
        If a part is broken.
    """
    import pyarrow as pa

    tables = [_read(path, kind, list(kind.table)) for path in parts(folder)]
    return pa.concat_tables(tables, promote_options="default")


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
    with journal.open("ab") as file:
        is_new = file.tell() == 0
        file.write(json.dumps(row).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
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


def journal_rows(journal: Path) -> Iterator[Row]:
    """Yield the rows of a journal without torn lines; none if the file is gone.

    Another process removes a journal after it has moved the rows into parts.
    """
    check_no_special(journal)
    try:
        lines = journal.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        yield _checked(journal, row)


def _checked(journal: Path, row: Any) -> Row:
    """Return the content of a line if it is the row of a cell."""
    texts = ("key", "code", "status")
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in texts):
        raise InputError(str(journal), row, "rows written by edgeopt")
    check_number(f"{journal} cell_seconds", row.get("cell_seconds"), at_least=0)
    return row
