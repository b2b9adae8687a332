"""Networks in CSV files.

The columns are name, kind, macs, parameters, output_shape (``64x56x56``) and inputs (names of
earlier rows, separated by blanks), and, unless all is float32, element_bytes and parameter_bytes.
The first row describes the input: ``input,input,0,0,3x224x224,``.

Further columns have what was measured on a device: ``seconds:pi4`` and, if known, ``joules:pi4``
and ``spread:pi4`` (the range of the middle half, in seconds). Cells that are empty are estimated
from the others of the device; a number after ``~`` is an estimate already.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeopt.problems.errors import InputError
from edgeopt.problems.files import check_file, read_lines, write_atomically
from edgeopt.problems.networks.layer_times import (
    COLUMNS,
    LayerTimes,
    format_cells,
    parse_cell,
    parse_header,
    times_from_columns,
)
from edgeopt.problems.networks.layers import FLOAT32, Layer, check_shape, cut_ends_of
from edgeopt.problems.networks.profile import Profile

_HEADER = ["name", "kind", "macs", "parameters", "output_shape", "inputs"]

_TYPES = ["element_bytes", "parameter_bytes"]

_INPUT = "input"


def from_csv(path: str | Path) -> Profile:
    """Read a network; its cuts follow from the kinds, see `cut_ends_of`.

    Parameters
    ----------
    path : str or Path
        UTF-8 file with the columns that the module lists; its stem names the network.

    Raises
    ------
    InputError
        If the file cannot be read or a row breaks a rule; the message has the line number.

    Warns
    -----
    UserWarning
        If times that were not measured are estimated; with the error on held-out layers.

    Examples
    --------
    See `to_csv`.
    """
    path = check_file("path", path)
    header, rows = _read_rows(path)
    line, first = rows[0]
    if first[:2] != [_INPUT, _INPUT]:
        raise InputError(f"{path}, line {line}", first, "the network's input: input,input,0,0,...")
    shape = _sizes(f"{path}, line {line}: output_shape", first[4])
    places = {_INPUT: -1}
    layers: list[Layer] = []
    for line, row in rows[1:]:
        layers.append(_layer(f"{path}, line {line}", row, places, typed=_has_types(header)))
        places[row[0]] = len(layers) - 1
    size = _types(f"{path}, line {line}", first)[0] if _has_types(header) else FLOAT32
    measured = _measured(path, header, rows, layers)
    return Profile(path.stem, shape, tuple(layers), cut_ends_of(layers), size, measured)


def to_csv(profile: Profile, path: str | Path) -> None:
    """Write the layers of `profile` to a file from which `from_csv` reads them.

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> from edgeopt.problems.networks import from_csv, load_network, to_csv
    >>> to_csv(load_network("alexnet"), "mine.csv")
    >>> from_csv("mine.csv").depth
    8
    """
    names = {-1: _INPUT, **{i: layer.name for i, layer in enumerate(profile.layers)}}
    rows: list[list[object]] = [[_INPUT, _INPUT, 0, 0, _text(profile.input_shape), ""]]
    types = [(profile.input_element_bytes, 0)]
    for layer in profile.layers:
        inputs = " ".join(names[i] for i in layer.inputs)
        shape = _text(layer.output_shape)
        rows.append([layer.name, layer.kind, layer.macs, layer.parameters, shape, inputs])
        types.append((layer.element_bytes, layer.stored_bytes))
    header = [*_HEADER]
    counts = [0, *(layer.parameters for layer in profile.layers)]
    if types != [(FLOAT32, FLOAT32 * count) for count in counts]:
        header = [*_HEADER, *_TYPES]
        rows = [[*row, *pair] for row, pair in zip(rows, types, strict=True)]
    for device, times in profile.measured.items():
        for name in COLUMNS:
            if getattr(times, name) is not None:
                header.append(f"{name}:{device}")
                cells = ["", *format_cells(times, name)]
                rows = [[*row, cell] for row, cell in zip(rows, cells, strict=True)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_atomically(Path(path), text.getvalue().encode())


def _has_types(header: Sequence[str]) -> bool:
    """Whether the columns of types are there."""
    return [*header[len(_HEADER) :]][: len(_TYPES)] == _TYPES


def _measured(
    path: Path, header: list[str], rows: list[tuple[int, list[str]]], layers: Sequence[Layer]
) -> dict[str, LayerTimes]:
    """Return the times of each device that has columns."""
    first = len(_HEADER) + (len(_TYPES) if _has_types(header) else 0)
    names = parse_header(f"{path}, line 1", header[first:])
    devices = dict.fromkeys(device for _, device in names)
    found: dict[str, LayerTimes] = {}
    for device in devices:
        columns = {}
        for at, (name, of) in enumerate(names, first):
            if of == device:
                cells = [
                    parse_cell(f"{path}, line {n}: {header[at]}", row[at]) for n, row in rows[1:]
                ]
                values, marks = zip(*cells, strict=True)
                columns[name] = np.array(values), np.array(marks)
        times = times_from_columns(f"{path}: {device}", layers, columns)
        if times.error is not None:
            warnings.warn(f"{path}: {times.estimates_in_words(device)}", stacklevel=4)
        found[device] = times
    return found


def _read_rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and (line number, cells) of the rows below it, without blank lines."""
    try:
        reader = csv.reader(read_lines(path), strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except OSError as error:
        raise InputError("path", str(path), f"a readable file ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("path", str(path), f"a CSV file in UTF-8 ({error})") from None
    header = rows[0][1] if rows else []
    if header[: len(_HEADER)] != _HEADER:
        raise InputError(f"{path}, line 1", header, "the header " + ",".join(_HEADER))
    for line, row in rows:
        if len(row) != len(header):
            raise InputError(f"{path}, line {line}", row, f"{len(header)} cells")
    if len(rows) == 1:
        raise InputError(f"{path}", "no rows", "the network's input and at least one layer")
    return header, rows[1:]


def _layer(place: str, row: list[str], places: dict[str, int], *, typed: bool) -> Layer:
    """Parse one row; `places` has the indices of the layers above it."""
    name, kind, macs, parameters, shape, inputs, *_ = row
    if name in places:
        raise InputError(f"{place}: name", name, "unique")
    for source in inputs.split():
        if source not in places:
            raise InputError(f"{place}: inputs", source, "the name of an earlier row")
    work = parse_integer(f"{place}: macs", macs), parse_integer(f"{place}: parameters", parameters)
    sizes = _sizes(f"{place}: output_shape", shape)
    sources = tuple(places[i] for i in inputs.split())
    element, stored = FLOAT32, FLOAT32 * work[1]
    if typed:
        element, stored = _types(place, row)
    own = None if stored == FLOAT32 * work[1] else stored
    try:
        return Layer(name, kind, *work, sizes, sources, element, own)
    except InputError as error:
        raise InputError(f"{place}: {error.field}", error.value, error.rule) from None


def _types(place: str, row: list[str]) -> tuple[int, int]:
    """Parse the bytes of an element, and of the parameters."""
    element, stored = row[len(_HEADER) : len(_HEADER) + len(_TYPES)]
    return (
        parse_integer(f"{place}: element_bytes", element),
        parse_integer(f"{place}: parameter_bytes", stored),
    )


def _sizes(place: str, text: str) -> tuple[int, ...]:
    """Parse a shape, e.g. ``64x56x56``."""
    sizes = tuple(parse_integer(place, part) for part in text.split("x"))
    check_shape(place, sizes)
    return sizes


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


_DIGITS = 18  # each such integer fits into int64


def parse_integer(field: str, text: str) -> int:
    """Return the integer >= 0 that `text` gives in decimal digits.

    Raises
    ------
    InputError
        If it has anything but digits, or more than 18 of them.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise InputError(field, text, f"an integer >= 0 of at most {_DIGITS} digits")
    return int(text)
