"""The best parameters as a file that ``--solver`` takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from problems.atomic import write_atomically


def write_solver(path: Path, table: dict[str, Any], comments: list[str]) -> None:
    """Write a solver's table ``{"solver": name, parameter: value, ...}`` as TOML.

    Parameters
    ----------
    path : Path
        File to write.
    table : dict
        Strings, numbers and booleans.
    comments : list of str
        Lines to stand above it.
    """
    lines = [f"# {line}" for line in comments]
    lines += [f"{key} = {_toml(value)}" for key, value in table.items()]
    write_atomically(path, "".join(f"{line}\n" for line in lines).encode())


def _toml(value: Any) -> str:
    """Return a value in TOML, whose strings, numbers and booleans are written as in JSON."""
    return json.dumps(value, ensure_ascii=False)
