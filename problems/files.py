"""Files of users: finding them, reading TOML, and writing atomically."""

from __future__ import annotations

import contextlib
import gzip
import os
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError

LARGEST_CONTENT = 2**29
"""Most bytes of a text that is read into memory, packed or not: 512 MiB."""

LARGEST_ARRAYS = 2**31
"""Most bytes of arrays that are read into memory, once unpacked: 2 GiB."""

LARGEST_CODE = 2**24
"""Most bytes of a configuration, or of a Python file: 16 MiB."""

_LONGEST_LINE = 2**24

_PIECE = 2**20


def file_exists(path: Path) -> bool:
    """Whether `path` is a file; false also for a name that no file can have.

    Folders, pipes and devices do not count: reading them may never end.
    """
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, a loop of links, a null byte
        return False


def check_file(field: str, path: str | Path) -> Path:
    """Return `path` if it is a file, see `file_exists`.

    Raises
    ------
    InputError
        If it is not.
    """
    if not isinstance(path, str | Path) or not file_exists(Path(path)):
        raise InputError(field, str(path), "an existing file")
    return Path(path)


def check_no_special(path: Path) -> None:
    """Raise `InputError` for a folder, pipe, socket or device: reading it may never end."""
    if _is_special(path):
        raise InputError(str(path), _kind_of(path), "a file")


def read_content(path: Path, limit: int = LARGEST_CONTENT, rule: str | None = None) -> bytes:
    """Return the bytes of a file, unpacked if its name ends in ``.gz``.

    Parameters
    ----------
    path : Path
        A regular file: reading a pipe or a device may never end.
    limit : int
        Largest number of bytes, packed and unpacked.
    rule : str, optional
        What a file that cannot be read must be, for the message.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, is damaged or holds more than `limit` bytes.
    """
    check_file("file", path)
    packed = path.suffix.lower() == ".gz"
    try:
        size = path.stat().st_size
        if size > limit:
            raise InputError(str(path), f"{size} bytes", f"a file of at most {limit} bytes")
        with gzip.open(path) if packed else path.open("rb") as file:
            # Piece by piece: a small packed file can hold any amount of zeros.
            data = bytearray()
            while len(data) <= limit and (piece := file.read(_PIECE)):
                data += piece
    except (OSError, EOFError, zlib.error) as error:
        own = "an undamaged gzip file" if packed else "a readable file"
        raise InputError(str(path), str(error), rule or own) from None
    if len(data) > limit:
        rule = f"a file of at most {limit} bytes once unpacked"
        raise InputError(str(path), f"more than {limit} bytes", rule)
    return bytes(data)


def check_unpacked(path: Path, limit: int) -> None:
    """Raise `InputError` if an archive of the ZIP form holds more than `limit` bytes.

    Raises
    ------
    OSError
        Or `zipfile.BadZipFile`, if it is no such archive.
    """
    with zipfile.ZipFile(path) as archive:
        # nothing is unpacked beyond the size that an archive states
        size = sum(member.file_size for member in archive.infolist())
    if size > limit:
        raise InputError(str(path), f"{size} bytes", f"at most {limit} bytes once unpacked")


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text in UTF-8 with their ends, none longer than 16 million characters.

    Raises
    ------
    InputError
        If there is no such file, or a line is longer.
    OSError, UnicodeDecodeError
        If it cannot be read.
    """
    check_file("file", path)
    # Spreadsheets write a byte order mark, which "utf-8-sig" skips.
    with path.open(encoding="utf-8-sig", newline="") as file:
        while line := file.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE:
                rule = f"lines shorter than {_LONGEST_LINE} characters"
                raise InputError(str(path), "a longer line", rule)
            yield line


def locate(spec: str, folder: Path) -> str:
    """Return the absolute path of a file relative to `folder`, any other `spec` unchanged."""
    path = folder / spec
    return str(path.resolve()) if file_exists(path) else spec


def printable(text: str) -> str:
    r"""Return a text that UTF-8 can hold: of a file's name that is not UTF-8, ``\udce9`` and so on.

    Examples
    --------
    >>> import os
    >>> from edgeopt.problems.files import printable
    >>> printable(os.fsdecode(b"caf\xe9.csv"))
    'caf\\udce9.csv'
    """
    return text.encode("utf-8", "backslashreplace").decode()


# Configuration files in TOML.


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises
    ------
    InputError
        If it is missing or not TOML; the message names the line.
    """
    check_file("configuration file", path)
    try:
        return tomllib.loads(read_content(path, LARGEST_CODE).decode())
    except InputError:
        raise
    except (ValueError, OSError) as error:  # ValueError also for encodings and endless integers
        raise InputError(str(path), str(error), "TOML") from None
    except RecursionError:
        rule = "TOML that is less deeply nested"
        raise InputError(str(path), "tables in tables", rule) from None


def check_fields(
    path: Path, tables: dict[str, Any], fields: tuple[str, ...], required: tuple[str, ...]
) -> None:
    """Raise `InputError` for a field of a file that is unknown, or required and missing."""
    for field in tables:
        if field not in fields:
            raise InputError(f"{path} field", field, f"one of {', '.join(fields)}")
    for field in required:
        if field not in tables:
            raise InputError(f"{path} field {field}", None, "given")


def check_strings(field: str, value: Any) -> list[str]:
    """Return `value` if it is a list of strings, or raise `InputError`."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(field, value, "a list of strings")
    return value


def check_tables(field: str, value: Any) -> list[dict[str, Any]]:
    """Return `value` if it is a list of tables, or raise `InputError`."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InputError(field, value, f"tables [[{field}]]")
    return value


# Writing: a file is complete or absent.


def make_folder(field: str, path: Path) -> Path:
    """Return a folder, made if need be with those above it; raise `InputError` if that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(field, str(path), f"a folder that can be made ({error})") from None
    return path


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary file beside it, synced and then renamed.

    Raises
    ------
    InputError
        If the folder does not exist or is not writable, or `path` is a folder, device or pipe,
        which a rename would replace.
    """
    if not path.name:
        raise InputError("path", str(path), "the name of a file")
    if _is_special(path):
        raise InputError(str(path), _kind_of(path), "a writable path")
    temporary = path.with_name(f"_{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a crash may leave the new name with the old content
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise InputError(str(path), str(error), "a writable path") from None


def _is_special(path: Path) -> bool:
    """Whether `path` is something other than a file."""
    try:
        return path.exists() and not path.is_file()
    except OSError:  # a name too long, no permission: writing reports it
        return False


def _kind_of(path: Path) -> str:
    """Return what it is that is no file."""
    return "a folder" if path.is_dir() else "a device or pipe"
