"""Paths in a sweep file: relative to the file, and folders that stand for what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from problems.errors import InputError
from problems.files import locate
from problems.scheduling import load_file


def find_problems(entries: list[str], folder: Path) -> Iterator[str]:
    """Yield the problem specs, of a folder each file in it that can be loaded, by name."""
    for entry in entries:
        if entry and (folder / entry).is_dir():
            yield from _instances((folder / entry).resolve())
        else:
            yield locate(entry, folder)


def _instances(folder: Path) -> list[str]:
    """Return the files of a folder that hold a problem, sorted by name."""
    paths = [str(path) for path in sorted(folder.iterdir()) if _is_instance(path)]
    if not paths:
        raise InputError("problems", str(folder), "a folder with files that can be loaded")
    return paths


def _is_instance(path: Path) -> bool:
    """Whether a problem can be loaded from the file."""
    try:
        load_file(path)
    except InputError:
        return False
    return not path.name.startswith((".", "_"))
