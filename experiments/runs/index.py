"""The index of a folder: the cells of its configuration, in the order of the table.

Readers take the names, the repetition and the order of rows from the index. They need neither the
problems nor the solvers, which may be gone or run code of others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.cell import AnyCell, Row, RunKind, name_row
from edgeopt.experiments.runs.files import schema
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import LARGEST_ARRAYS, file_exists, read_content, write_atomically
from edgeopt.problems.parquet import read_parquet

if TYPE_CHECKING:
    import pyarrow as pa


CONTENTS = "contents"


def index_of(cells: Iterable[AnyCell], kind: RunKind) -> list[Row]:
    """Return an entry for each cell: its key, code, names, repetition, seed and facts.

    ``contents`` holds `AnyCell.contents` as JSON.
    """
    entries = ({**name_row(cell), CONTENTS: json.dumps(cell.contents)} for cell in cells)
    return in_table_order(entries, kind)


def in_table_order(entries: Iterable[Row], kind: RunKind) -> list[Row]:
    """Return entries sorted by names, in the order in which these first occur; then repetition."""
    entries = list(entries)
    ranks: dict[str, dict[Any, int]] = {name: {} for name in kind.names}
    for entry in entries:
        for name, rank in ranks.items():
            rank.setdefault(entry[name], len(rank))
    return sorted(entries, key=lambda entry: (*_ranks(entry, ranks), entry["repetition"]))


def _ranks(entry: Row, ranks: Mapping[str, Mapping[Any, int]]) -> Iterable[int]:
    """Yield the rank of each name of an entry."""
    return (rank[entry[name]] for name, rank in ranks.items())


def place_columns(kind: RunKind) -> tuple[str, ...]:
    """Return the columns of a row that come from the index."""
    return (*kind.names, "repetition")


def write_index(folder: Path, entries: list[Row], kind: RunKind) -> str:
    """Write the index to a file named by its content, unless it is there; return its name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(entries, schema=_schema(kind)), sink)
    data = sink.getvalue().to_pybytes()
    name = _name(data)
    if not _is_sound(index_path(folder, name), name):
        write_atomically(index_path(folder, name), data)
    return name


def _is_sound(path: Path, name: str) -> bool:
    """Whether there is an index with the content of its name."""
    return file_exists(path) and _name(read_content(path, LARGEST_ARRAYS)) == name


def _name(data: bytes) -> str:
    """Return the name of an index with a content."""
    return hashlib.sha256(data).hexdigest()[:16]


def read_index(folder: Path, name: str, kind: RunKind) -> list[Row]:
    """Return the entries of an index.

    Raises
    ------
    InputError
        If its file is missing or damaged.
    """
    import pyarrow as pa

    path = index_path(folder, name)
    rule = "the index of a sweep: run the sweep again, which writes it anew"
    if not file_exists(path):
        raise InputError(str(path), "no such file", rule)
    data = read_content(path, LARGEST_ARRAYS)
    if _name(data) != name:
        raise InputError(str(path), "a damaged file", rule)
    try:
        table = read_parquet(path, data=data).cast(_schema(kind))
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(str(path), str(error), rule) from None
    columns = ("key", "code", *place_columns(kind), "seed", CONTENTS)
    if any(table[name].null_count for name in columns):
        raise InputError(str(path), "entries without a value", rule)
    return table.to_pylist()  # type: ignore[no-any-return]


def index_path(folder: Path, name: str) -> Path:
    """Return the file of an index."""
    return folder / f"index-{name}.parquet"


def _schema(kind: RunKind) -> pa.Schema:
    """Return the types of the columns."""
    import pyarrow as pa

    types = schema(kind, {})
    columns = ("key", "code", *kind.names, "repetition", "seed", *kind.facts)
    fields = [types.field(name) for name in columns]
    return pa.schema([*fields, pa.field(CONTENTS, pa.string())])
