"""Checksums of what is on disk: of each line of a journal, of JSON documents, of binary files.

Damage costs what it hits and no more: a line is left out, a file is set aside, and that is said.
What was written before there were checksums has none, and is taken as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError
from edgeopt.problems.files import (
    LARGEST_ARRAYS,
    check_no_special,
    file_exists,
    printable,
    read_content,
    write_atomically,
)

DAMAGED = "damaged"  # the folder for files that are set aside

CHECK = "check"

# Within a JSON text quotes are escaped, so that this is always the end of a line.
_END = re.compile(rb', "check": "([0-9a-f]{16})"\}')


class DamageError(InputError):
    """A file is not as edgeopt wrote it."""


def digest(data: bytes) -> str:
    """Return 16 hexadecimal digits that tell a content from every damaged copy of it."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def tell_damage(place: Path, text: str) -> None:
    """Warn that something of a file or folder is damaged."""
    warnings.warn(f"{place}: {text}", stacklevel=3)


def set_aside(folder: Path, path: Path) -> None:
    """Move a damaged file of a folder into its folder for these, where nothing reads it."""
    place = folder / DAMAGED
    try:
        place.mkdir(exist_ok=True)
        number, target = 1, place / path.name
        while target.exists():
            number += 1
            target = place / f"{path.name}.{number}"
        path.rename(target)
    except FileNotFoundError:  # another process was quicker
        return
    except OSError as error:
        raise InputError(str(folder), str(error), "a folder that can be written") from None


# Lines.


def sealed_line(record: dict[str, Any]) -> bytes:
    """Return a record, which is not empty, as a line of JSON with its checksum."""
    text = json.dumps(record).encode()[:-1]
    return b'%s, "check": "%s"}\n' % (text, digest(text).encode())


def read_lines(path: Path) -> list[dict[str, Any] | None]:
    """Return the records of a file of lines, None for each line that is damaged.

    A last line without its end, which a kill leaves, is no damage and left out; so are empty
    lines. Where the break between two lines is damaged, both are read. Of a file without any
    checksum all objects are taken.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    *lines, torn = read_content(path, LARGEST_ARRAYS).split(b"\n")
    parse = _unsealed if all(_END.search(line) is None for line in [*lines, torn]) else _sealed
    found = [record for line in lines if line.strip() for record in parse(line)]
    # the last line is whole if only its end is damaged
    return [*found, *(record for record in parse(torn) if record is not None)]


def open_lines(path: Path, what: str, *, prefix: bool = False) -> list[dict[str, Any]]:
    """Return the records of a file to which others are appended; it is made sound before.

    A torn end is cut off, and what had no checksums gets them. A damaged file is set aside.

    Parameters
    ----------
    path : Path
        The file, which need not exist.
    what : str
        What damage costs, for the warning.
    prefix : bool
        Whether lines are of use only after all those before them.
    """
    check_no_special(path)
    if not file_exists(path):
        return []
    lines = read_lines(path)
    found = list(takewhile(lambda line: line is not None, lines) if prefix else lines)
    records = [line for line in found if line is not None]
    if None in lines:
        damaged = lines.count(None)
        tell_damage(path, f"{damaged} of {len(lines)} lines are damaged; {what}")
        set_aside(path.parent, path)
    if None in lines or path.read_bytes() != b"".join(map(sealed_line, records)):
        seal_lines(path, records)
    return records


def seal_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write a file of lines anew, whole or not at all."""
    write_atomically(path, b"".join(map(sealed_line, records)))


def append_line(path: Path, record: dict[str, Any], *, wait: bool = True) -> None:
    """Append a record to a file of lines, and usually wait until it is on disk."""
    with path.open("ab") as file:
        file.write(sealed_line(record))
        file.flush()
        if wait:
            os.fsync(file.fileno())


def _sealed(line: bytes) -> list[dict[str, Any] | None]:
    """Return the records of a line that should have one."""
    records, start = list[dict[str, Any] | None](), 0
    for end in _END.finditer(line):
        body = line[start : end.start()]
        fitting = (text for text in (body, body[1:]) if digest(text).encode() == end[1])
        records += _unsealed(next(fitting, b"") + b"}")
        start = end.end()
    return records if len(line) - start <= 1 else [*records, None]


def _unsealed(line: bytes) -> list[dict[str, Any] | None]:
    """Return the record of a line without a checksum."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return [None]
    return [record if isinstance(record, dict) and record else None]


# JSON documents.


def sealed_json(table: dict[str, Any]) -> bytes:
    """Return a document, plain values by name, with its checksum."""
    return json.dumps({**table, CHECK: _check(table)}, indent=1).encode()


def read_json(path: Path, names: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
    """Return a document without its checksum, and whether it has one.

    Parameters
    ----------
    path : Path
        The file.
    names : tuple of str
        All that it may have.

    Raises
    ------
    DamageError
        If it is not as it was written, or has no checksum and other names.
    InputError
        If there is no such file, or its content was never such a document.
    """
    data = read_content(path)
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        table = None
    known = None if not isinstance(table, dict) else table.pop(CHECK, None)
    if isinstance(table, dict) and known is not None and known == _check(table):
        return table, True
    # a document that lost its checksum to damage has a name that none has
    if known is None and isinstance(table, dict) and table.keys() <= {*names}:
        return table, False
    if any(b'"%s":' % mark in data for mark in (CHECK.encode(), b"provenance")):
        raise DamageError(str(path), DAMAGED, "as it was written")
    raise InputError(str(path), table, "written by edgeopt")


def _check(table: dict[str, Any]) -> str:
    """Return the checksum of a document, whatever the order of its names."""
    return digest(json.dumps(table, sort_keys=True).encode())


# Texts.


def printable_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose texts UTF-8 can hold."""
    return {
        name: printable(value)
        if isinstance(value, str)
        else [printable(one) if isinstance(one, str) else one for one in value]
        if isinstance(value, list)
        else value
        for name, value in row.items()
    }
