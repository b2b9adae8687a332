"""Data sets by name."""

from __future__ import annotations

from pathlib import Path

from experiments.learning.data.dataset import Dataset
from experiments.learning.data.digits import load_digits
from problems.errors import check_choice

NAMES = ("digits",)


def load_dataset(name: str, folder: Path | None = None) -> Dataset:
    """Return a data set."""
    check_choice("data", name, NAMES)
    return load_digits()
