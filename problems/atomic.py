"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from problems.errors import InputError


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary file beside it, synced and then renamed.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written.
    """
    if not path.name:
        raise InputError("path", str(path), "the name of a file")
    temporary = path.with_name(f"_{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise InputError(str(path), str(error), "a writable path") from None
