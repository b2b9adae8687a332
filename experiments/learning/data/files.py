"""Files of a data set, read whole."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from problems.errors import InputError


def read_file(path: Path, expected: str) -> bytes:
    """Return the bytes of a file; those of a ``.gz`` file unpacked.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        The files of the data set and where to get them, for the message.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or its packing is damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), error.strerror, f"a readable file of {expected}") from None
    try:
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(str(path), str(error), "a whole gzip file") from None
