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
        If the folder does not exist or cannot be written, or `path` is a folder, device or pipe,
        which a rename would replace.
    """
    if not path.name:
        raise InputError("path", str(path), "the name of a file")
    if _is_special(path):
        raise InputError(str(path), "a folder, device or pipe", "a writable path")
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


def _is_special(path: Path) -> bool:
    """Whether there is something at `path` that is not a file."""
    try:
        return path.exists() and not path.is_file()
    except OSError:  # too long a name, no permission: writing will tell
        return False
