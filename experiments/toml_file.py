"""TOML files from users."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from problems.errors import InputError


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises
    ------
    InputError
        If it is missing or not TOML; the message names the line.
    """
    if not path.is_file():
        raise InputError("configuration file", str(path), "an existing file")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(path), str(error), "TOML") from None
