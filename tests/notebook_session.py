"""Cells of a notebook without a kernel: code of ``__main__`` whose source Python knows."""

import linecache
import sys
from itertools import count
from types import ModuleType
from typing import Any

import pytest

_NUMBERS = count()


class Session:
    """Runs cells as a kernel does: each is a file of its own to Python, all share their names."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        main = ModuleType("__main__")
        self.names: dict[str, Any] = vars(main)
        self.names["In"] = self.cells = [""]
        monkeypatch.setitem(sys.modules, "__main__", main)

    def run(self, cell: str) -> None:
        file = f"<cell {next(_NUMBERS)}>"
        linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
        self.cells.append(cell)
        exec(compile(cell, file, "exec", dont_inherit=True), self.names)

    def __getitem__(self, name: str) -> Any:
        return self.names[name]
