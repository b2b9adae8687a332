"""Published makespans: facts with their source, known by the content of the problem."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple


class Published(NamedTuple):
    """What others have reached on a problem.

    Attributes
    ----------
    instance : str
        Its name with its family, e.g. ``512x16/u_c_hihi.0``.
    makespan : float
        The best published in s.
    source : str
        How it was found; the file's head says where.
    bound : float
        A proved lower bound in s.
    """

    instance: str
    makespan: float
    source: str
    bound: float


@cache
def published() -> dict[str, Published]:
    """Return the facts of ``published.csv`` by the digest of the problem."""
    file = resources.files("experiments.best_known") / "published.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {
        row["digest"]: Published(
            row["instance"], float(row["makespan"]), row["source"], float(row["bound"])
        )
        for row in rows
    }
