"""Streams of tasks as files describe them: tables, and traces in CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.problems.arrivals.streams import (
    Sizes,
    Stream,
    batches,
    constant,
    diurnal,
    exponential,
    lognormal,
    markov_modulated,
    poisson,
    uniform,
)
from edgeopt.problems.errors import FloatArray, InputError, check_integer, check_quantity
from edgeopt.problems.files import check_file, read_lines
from edgeopt.problems.parameters import from_table, kind_in_table

# Traces: CSV files with an arrival time and, if known, a size for each task.


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_LONGEST_S = Fraction(10**40)  # a float; `Stream` refuses much shorter spans


class _Cell(NamedTuple):
    """One cell of a file, with its line for messages."""

    line: int
    text: str


def read_trace(
    path: str | Path,
    time_column: str,
    size_column: str | None = None,
    *,
    sample_size: float | None = None,
    speed_up: float = 1.0,
    tasks: int | None = None,
) -> Stream:
    r"""Read a CSV file with a header and one row a task, sorted by time.

    Parameters
    ----------
    path : str or Path
        The file.
    time_column : str
        Column of arrival times: seconds, or ISO 8601 time stamps (to the microsecond). The
        stream starts with the first at 0.
    size_column : str, optional
        Column of sizes, > 0; without it all tasks have size 1.
    sample_size : float, optional
        Value of the size column that equals one sample of the network's profile; by default the
        mean of the column.
    speed_up : float
        Factor by which tasks arrive faster than recorded, > 0.
    tasks : int, optional
        Largest number of tasks to read.

    Raises
    ------
    InputError
        If the file, a column or a value is missing or illegal, or times decrease; the message
        names the line. Equal times are legal and keep their order.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt.problems.arrivals import read_trace
    >>> _ = Path("trace.csv").write_text("at,images\n0.0,1\n0.5,4\n")
    >>> read_trace("trace.csv", "at", "images").size
    array([0.4, 1.6])
    """
    file = check_file("path", path)
    check_quantity("speed_up", speed_up)
    if sample_size is not None:
        check_quantity("sample_size", sample_size)
    columns = [time_column] if size_column is None else [time_column, size_column]
    limit = check_integer("tasks", tasks, at_least=1) if tasks is not None else None
    rows = _read(file, columns, limit)
    time = _times(file, [row[0] for row in rows])
    size = np.ones(len(rows))
    if size_column is not None:
        size = _relative_sizes(file, [row[1] for row in rows], sample_size)
    return Stream(time / speed_up, size, name=file.stem)


def _times(path: Path, cells: list[_Cell]) -> FloatArray:
    """Return the times since the first one in s, shape (K,)."""
    # Exact until the first is subtracted: times since 1970 in nanoseconds fill a float's digits.
    exact = [_seconds(path, cell) for cell in cells]
    for before, now, cell in zip(exact, exact[1:], cells[1:], strict=False):
        if now < before:
            rule = "no earlier than the line before"
            raise InputError(f"{path} line {cell.line}", cell.text, rule)
    return np.array([float(min(each - exact[0], _LONGEST_S)) for each in exact])


def _read(path: Path, columns: list[str], limit: int | None) -> list[list[_Cell]]:
    """Return the cells of `columns` in each row, at most `limit` rows."""
    try:
        reader = csv.reader(read_lines(path))
        header = next(reader, [])
        places = [_place(path, header, column) for column in columns]
        rows = list(_cells(path, reader, places, limit))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(path), str(error), "CSV text") from None
    if not rows:
        raise InputError(str(path), "no rows", "at least one task below the header")
    return rows


def _place(path: Path, header: list[str], column: str) -> int:
    """Return the position of a column."""
    if column not in header:
        rule = f"one of the columns {', '.join(header) or '(none)'}"
        raise InputError(f"{path}: column", column, rule)
    return header.index(column)


def _cells(
    path: Path, reader: Iterator[list[str]], places: list[int], limit: int | None
) -> Iterator[list[_Cell]]:
    """Yield the cells at `places` of each row that is not blank."""
    count = 0
    for row in reader:
        if count == limit:
            return
        if row:
            line = reader.line_num  # type: ignore[attr-defined]  # csv's reader has it
            if len(row) <= max(places):
                raise InputError(f"{path} line {line}", row, f"at least {max(places) + 1} cells")
            yield [_Cell(line, row[place].strip()) for place in places]
            count += 1


def _seconds(path: Path, cell: _Cell) -> Fraction:
    """Return a time in s: a number as it is, a time stamp since 1970 (UTC if it names no zone)."""
    number = _number(cell.text)
    if number is not None:  # 0 also for 1e-999999999, whose fraction would fill the memory
        return Fraction(cell.text.replace("_", "")) if number else Fraction(0)
    try:
        stamp = datetime.fromisoformat(cell.text)
    except ValueError:
        rule = "seconds or an ISO 8601 time stamp"
        raise InputError(f"{path} line {cell.line}", cell.text, rule) from None
    # Without a zone: UTC, not local time, or the stream would depend on the machine.
    since = (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)) - _EPOCH
    return Fraction(since // timedelta(microseconds=1), 10**6)


def _relative_sizes(path: Path, cells: list[_Cell], sample_size: float | None) -> FloatArray:
    """Return sizes relative to one sample."""
    sizes = np.empty(len(cells))
    for i, cell in enumerate(cells):
        number = _number(cell.text)
        if number is None or number <= 0:
            raise InputError(f"{path} line {cell.line}", cell.text, "a size > 0")
        sizes[i] = number
    sizes /= sizes.mean() if sample_size is None else sample_size
    return sizes


def _number(text: str) -> float | None:
    """Return the text as a finite float, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


# Tables.

_STREAMS: dict[str, Callable[..., Stream]] = {
    "poisson": poisson,
    "bursty": markov_modulated,
    "diurnal": diurnal,
    "trace": read_trace,
}

_SIZES: dict[str, Callable[..., Sizes]] = {
    "constant": constant,
    "exponential": exponential,
    "uniform": uniform,
    "lognormal": lognormal,
    "batches": batches,
}


def draw_stream(
    label: str, table: Any, tasks: int, default_hz: float, rng: np.random.Generator
) -> tuple[Stream, float]:
    """Return a stream and its nominal mean rate, in samples a second.

    A key that is unknown or missing, or an illegal value, is an `InputError` that names it.

    Parameters
    ----------
    label : str
        Name in the file, and the kind of a table without ``kind``.
    table : dict
        ``kind`` is ``poisson``, ``bursty``, ``diurnal`` or ``trace``; the other keys are arguments
        of `poisson`, `markov_modulated`, `diurnal` or `read_trace`. Except for a trace, ``sizes``
        is a table whose ``kind`` names a distribution of `edgeopt.problems.arrivals.streams`.
    tasks : int
        Number of tasks to draw, or to read at most.
    default_hz : float
        Rate of a Poisson stream, and mean rate of a diurnal one, that names none.
    rng : Generator
        Source of randomness.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.problems.arrivals import draw_stream
    >>> table = {"kind": "poisson", "rate_hz": 5.0}
    >>> stream, rate_hz = draw_stream("mine", table, 100, 1.0, np.random.default_rng(1))
    >>> stream.tasks, rate_hz
    (100, 5.0)
    """
    place = f"streams.{label}"
    kind = kind_in_table(_STREAMS, table, place, key="kind", default=label)
    # A trace records the sizes of its tasks, the other streams draw them.
    sizes = None if kind == "trace" else _sizes(table.get("sizes", {}), f"{place}.sizes")
    # `given` and `defaults` apply to those of the four that have such an argument.
    stream = from_table(
        _STREAMS[kind],
        table,
        place,
        aside=("kind",) if kind == "trace" else ("kind", "sizes"),
        given={"tasks": tasks, "seconds": None, "sizes": sizes, "rng": rng},
        defaults={"rate_hz": default_hz, "mean_hz": default_hz},
    )
    return stream, _rate_hz(kind, table, stream, default_hz) * float(stream.size.mean())


def _rate_hz(kind: str, table: Mapping[str, Any], stream: Stream, default_hz: float) -> float:
    """Return the mean rate of a kind of stream, in tasks a second."""
    if kind == "bursty":
        return float(np.average(table["rates_hz"], weights=table["dwell_s"]))
    if kind == "trace":
        return stream.tasks / stream.span_s if stream.span_s > 0 else default_hz
    return float(table.get("rate_hz" if kind == "poisson" else "mean_hz", default_hz))


def _sizes(table: Any, place: str) -> Sizes:
    """Return the sizes that a table describes; constant ones if it names no kind."""
    kind = kind_in_table(_SIZES, table, place, key="kind", default="constant")
    return from_table(_SIZES[kind], table, place, aside=("kind",))
