"""Journals: what is finished is on disk, whatever happens next.

Each process appends its rows to a file of its own, one JSON object a line, synced. Only its last
line can be torn, and a torn line is passed over. Names are random: no clock decides anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.sweep.cell import Row
from problems.errors import InputError, check_number

JOURNALS = "journal"


def new_journal(folder: Path) -> Path:
    """Return the path of a journal that no other process has or had."""
    return folder / JOURNALS / f"{uuid.uuid4().hex}.jsonl"


def append_row(journal: Path, row: Row) -> None:
    """Append a finished cell to this process's journal and wait until it is on disk."""
    with journal.open("ab") as file:
        is_new = file.tell() == 0
        file.write(json.dumps(row).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        _sync_folder(journal.parent)


def _sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def journals(folder: Path) -> list[Path]:
    """Return the journals of a sweep, by name."""
    return sorted((folder / JOURNALS).glob("*.jsonl"))


def journal_rows(journal: Path) -> Iterator[Row]:
    """Yield the rows of a journal; a line that was cut off is passed over, a lost file is empty.

    A journal is lost where another process has just moved its rows into the parts.
    """
    try:
        lines = journal.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        yield _checked(journal, row)


def _checked(journal: Path, row: Any) -> Row:
    """Return what a line says if it is the row of a cell."""
    texts = ("key", "code", "problem", "solver", "status")
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in texts):
        raise InputError(str(journal), row, "rows written by edgeopt sweep")
    check_number(f"{journal} cell_seconds", row.get("cell_seconds"), at_least=0)
    return row
