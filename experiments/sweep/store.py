"""The folder of a sweep: what is finished is on disk, whatever happens next.

Each process appends its rows to a journal of its own, one JSON object a line, synced. When the
sweep is over the journals are compacted into ``cells.parquet``.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.sweep.cell import COLUMNS, Row
from experiments.sweep.config import SweepConfig
from experiments.version import provenance
from problems.atomic import write_atomically
from problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

CONFIG, CELLS, JOURNALS = "sweep.json", "cells.parquet", "journal"


def open_folder(folder: Path, config: SweepConfig) -> None:
    """Make the folder of a sweep, or check that it is this sweep's.

    Raises
    ------
    InputError
        If it holds another sweep, or something else.
    """
    known = read_description(folder) if (folder / CONFIG).exists() else None
    if known is not None and known["config"] != config.as_dict():
        raise InputError("--out", str(folder), "a new folder: this one holds another sweep")
    if known is None and _is_used(folder):
        raise InputError("--out", str(folder), "a new or empty folder, or that of this sweep")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if known is None:  # before anything else, so that a killed sweep knows its folder
            description = {"config": config.as_dict(), "provenance": provenance()}
            write_atomically(folder / CONFIG, json.dumps(description, indent=1).encode())
        (folder / JOURNALS).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("--out", str(folder), f"a folder that can be written ({error})") from None


def _is_used(folder: Path) -> bool:
    """Whether there is anything but temporary files of a sweep that was killed at its start."""
    if not folder.is_dir():
        return folder.exists()
    return any(not path.name.startswith(f"_{CONFIG}") for path in folder.iterdir())


def read_description(folder: Path) -> dict[str, Any]:
    """Return configuration and provenance of the sweep in `folder`."""
    path = folder / CONFIG
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError("folder", str(folder), f"the output of a sweep, with {CONFIG}") from None
    if not isinstance(description, dict) or not isinstance(description.get("config"), dict):
        raise InputError(str(path), description, "written by edgeopt sweep")
    return description


def append_row(folder: Path, row: Row) -> None:
    """Append a finished cell to this process's journal and wait until it is on disk."""
    with (folder / JOURNALS / _journal_name()).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())


@cache
def _journal_name() -> str:
    """Return a file name that no other process has or had."""
    return f"{platform.node()}-{os.getpid()}-{time.time_ns()}.jsonl"


def finished_rows(folder: Path) -> dict[str, Row]:
    """Return the rows on disk by key; lines that were cut off by a crash are passed over."""
    rows: dict[str, Row] = {}
    if (folder / CELLS).exists():
        rows = {str(row["key"]): dict(row) for _, row in read_cells(folder).iterrows()}
    for path in sorted((folder / JOURNALS).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                row = json.loads(line)
                rows[row["key"]] = row
    return rows


def compact(folder: Path, rows: list[Row]) -> None:
    """Write the rows as one Parquet file, then drop the journals that held them."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(
        ["problem", "solver", "repetition"]
    )
    write_atomically(folder / CELLS, frame.to_parquet(index=False))
    for path in (folder / JOURNALS).glob("*.jsonl"):
        path.unlink()


def read_cells(folder: Path) -> pd.DataFrame:
    """Return the finished cells, one row each; ``trace_*`` and ``assignment`` hold lists.

    Raises
    ------
    InputError
        If the folder holds none, or the file is broken.
    """
    import pandas as pd

    path = folder / CELLS
    if not path.exists():
        raise InputError("folder", str(folder), f"a finished sweep, with {CELLS}")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(str(path), str(error), "a Parquet file of edgeopt sweep") from None
