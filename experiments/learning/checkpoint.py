"""A run on disk: the learner's state and what was measured, after each period."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from experiments.learning.scheme import Learner
from problems.atomic import write_atomically
from problems.errors import InputError

Row = dict[str, Any]


def save_run(path: Path, learner: Learner, rows: list[Row]) -> None:
    """Write a run atomically.

    Random numbers depend on the seed and on what is counted in the state alone, so that no
    generator has to be kept.
    """
    buffer = io.BytesIO()
    torch.save({"learner": learner.state(), "rows": rows}, buffer)
    write_atomically(path, buffer.getvalue())


def load_rows(path: Path) -> list[Row]:
    """Return the rows of a run; none if it has not begun."""
    rows: list[Row] = _read(path)["rows"] if path.is_file() else []
    return rows


def resume_run(path: Path, learner: Learner) -> list[Row]:
    """Put a fresh learner where the run was, and return the rows so far.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    if not path.is_file():
        return []
    saved = _read(path)
    learner.load(saved["learner"])
    rows: list[Row] = saved["rows"]
    return rows


def _read(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what pickle, zip and its own reader raise
        raise InputError(str(path), str(error), "a checkpoint; delete it") from None
    return dict(saved)
