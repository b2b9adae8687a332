"""TOML files from users."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from problems.errors import InputError
from problems.files import check_file


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises
    ------
    InputError
        If it is missing or not TOML; the message names the line.
    """
    check_file("configuration file", path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:  # also of encoding and of endless integers
        raise InputError(str(path), str(error), "TOML") from None
    except RecursionError:
        raise InputError(
            str(path), "tables in tables", "TOML that is not nested so deeply"
        ) from None
