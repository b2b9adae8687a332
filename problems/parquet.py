"""Parquet files of users, read up to a declared size: a few bytes of them can stand for any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.problems.errors import InputError
from edgeopt.problems.files import LARGEST_ARRAYS, check_no_special

if TYPE_CHECKING:
    import pyarrow as pa

_VALUE_BYTES = 8


def read_parquet(
    path: Path, columns: Sequence[str] | None = None, *, data: bytes | None = None, **options: Any
) -> pa.Table:
    """Return some or all columns of a file.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str, optional
        Names; those that the file lacks are left out.
    data : bytes, optional
        The content of the file, if it has been read.
    **options
        Of `pyarrow.parquet.ParquetFile`.

    Raises
    ------
    InputError
        If it is no file, or holds more than `LARGEST_ARRAYS` bytes once unpacked.
    OSError
        Or `pyarrow.ArrowException`, if it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if data is None:
        check_no_special(path)
    source = path if data is None else _reader(data)
    types = pq.read_schema(source)
    texts = [each.name for each in types if pa.types.is_string(each.type)]
    # A text that is repeated is stored once: it stays so until its size is known.
    with pq.ParquetFile(source, read_dictionary=texts, **options) as file:
        facts = file.metadata
        groups = [facts.row_group(place) for place in range(facts.num_row_groups)]
        values = sum(g.column(place).num_values for g in groups for place in range(g.num_columns))
        # the bytes that are stated are those before values that repeat are written out
        _check_size(path, max(_VALUE_BYTES * values, sum(g.total_byte_size for g in groups)))
        table = file.read(columns=columns)
    for place, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type):
            table = table.set_column(place, name, _unpacked(path, column))
    return table


def _reader(data: bytes) -> pa.BufferReader:
    """Return a reader of a copy that Arrow owns.

    Its threads may release what they have read after Python has ended: with an object of Python
    this ends the process by SIGABRT.
    """
    import pyarrow as pa

    copy = pa.allocate_buffer(len(data))
    with pa.FixedSizeBufferWriter(copy) as file:
        file.write(data)
    return pa.BufferReader(copy)


def _unpacked(path: Path, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of texts that are stored once each, each where it occurs."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size = 0
    for chunk in column.chunks:
        size += pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0
    _check_size(path, size)
    chunks = [chunk.dictionary_decode() for chunk in column.chunks]
    return pa.chunked_array(chunks, pa.string())


def _check_size(path: Path, size: int) -> None:
    """Raise `InputError` if a file holds too many bytes."""
    if size > LARGEST_ARRAYS:
        rule = f"a file of at most {LARGEST_ARRAYS} bytes once unpacked"
        raise InputError(str(path), f"{size} bytes", rule)
