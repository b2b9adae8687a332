"""Values that are known already, by content: of an interrupted, an earlier or a smaller tuning."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgeopt.experiments.runs.checks import append_line, open_lines

CELLS = "cells.jsonl"


class CellCache:
    """Values of cells, in memory and, one JSON object a line, in a file.

    Parameters
    ----------
    path : Path
        The file, which no other process may be using. What is damaged is left out, with a warning.
    codes : sequence of str
        Versions of the code whose values count; the last one is the present code.
    """

    def __init__(self, path: Path, codes: Sequence[str]) -> None:
        self._path, self._code, self._lock = path, codes[-1], threading.Lock()
        self.codes = len(codes)
        self._values = dict(_read_values(path, set(codes)))

    def get(self, key: str) -> float | None:
        """Return the value of a key, None without one."""
        return self._values.get(key)

    def put(self, key: str, value: float) -> None:
        """Keep a value, unless it is kept already."""
        with self._lock:
            if key in self._values:
                return
            record = {"key": key, "code": self._code, "value": value}
            append_line(self._path, record, wait=False)
            self._values[key] = value


def _read_values(path: Path, codes: set[str]) -> Iterator[tuple[str, float]]:
    """Yield the keys and values of a file."""
    for row in open_lines(path, "their runs are made again"):
        value = row.get("value")
        if isinstance(value, float) and str(row.get("code")) in codes:
            yield str(row.get("key")), value
