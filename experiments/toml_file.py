"""What configuration files have in common: their fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from problems.errors import InputError
from problems.toml_file import read_toml

__all__ = ("check_fields", "check_strings", "read_toml")


def check_fields(
    path: Path, tables: dict[str, Any], fields: tuple[str, ...], required: tuple[str, ...]
) -> None:
    """Raise `InputError` for a field of the file that is not known, or a required one missing."""
    for field in tables:
        if field not in fields:
            raise InputError(f"{path} field", field, f"one of {', '.join(fields)}")
    for field in required:
        if field not in tables:
            raise InputError(f"{path} field {field}", None, "given")


def check_strings(field: str, value: Any) -> list[str]:
    """Return `value` if it is a list of strings, or raise `InputError`."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(field, value, "a list of strings")
    return value


def check_tables(field: str, value: Any) -> list[dict[str, Any]]:
    """Return `value` if it is a list of tables, or raise `InputError`."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InputError(field, value, f"tables [[{field}]]")
    return value
