"""Files from users: whether there is one, and where."""

from __future__ import annotations

from pathlib import Path

from problems.errors import InputError


def file_exists(path: Path) -> bool:
    """Whether there is such a file; false also for a name that no file can have.

    Folders, pipes and devices are no files: a read of them may never end.
    """
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, a loop of links, a null byte
        return False


def check_file(field: str, path: str | Path) -> Path:
    """Return `path` if there is such a file, see `file_exists`.

    Raises
    ------
    InputError
        If there is none.
    """
    if not isinstance(path, str | Path) or not file_exists(Path(path)):
        raise InputError(field, str(path), "an existing file")
    return Path(path)


def locate(spec: str, folder: Path) -> str:
    """Return a path relative to `folder` as absolute, and what is no such path as it is."""
    path = folder / spec
    return str(path.resolve()) if file_exists(path) else spec
