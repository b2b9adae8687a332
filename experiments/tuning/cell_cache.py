"""Values that are known already, by content: of an interrupted, an earlier or a smaller tuning."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgeopt.problems.files import check_no_special

CELLS = "cells.jsonl"


class CellCache:
    """Values of cells, in memory and, one JSON object a line, in a file.

    Parameters
    ----------
    path : Path
        The file; lines that a kill has torn are passed over.
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
        line = json.dumps({"key": key, "code": self._code, "value": value})
        with self._lock:
            if key in self._values:
                return
            with self._path.open("a", encoding="utf-8") as file:
                # a line of its own even after one that a kill has torn
                file.write(f"{line}\n" if _ends_a_line(self._path) else f"\n{line}\n")
            self._values[key] = value


def _ends_a_line(path: Path) -> bool:
    """Whether a file is empty or ends with a whole line."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return file.read() in (b"", b"\n")


def _read_values(path: Path, codes: set[str]) -> Iterator[tuple[str, float]]:
    """Yield the keys and values of a file."""
    check_no_special(path)
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            if row["code"] in codes:
                yield str(row["key"]), float(row["value"])
        except (ValueError, TypeError, KeyError):
            continue
