"""Options of tables, as a user gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.scheduling.headings import UNITS


@dataclass(frozen=True)
class TableOptions:
    """How to read a table; None: as the table itself shows.

    Parameters
    ----------
    header : bool, optional
        Whether the first row names the nodes.
    index : bool, optional
        Whether the first column names the tasks.
    decimal : str, optional
        ``point`` or ``comma``.
    separator : str, optional
        Character between the cells of a text file.
    sheet : str, optional
        Sheet of an Excel file.
    unit : str, optional
        Unit of the times, a key of `UNITS`; by default s, and headings must not name another.
    """

    header: bool | None = None
    index: bool | None = None
    decimal: str | None = None
    separator: str | None = None
    sheet: str | None = None
    unit: str | None = None


SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "space": " "}
"""Separators by the names that options may give them."""

_DECIMALS = {".": "point", ",": "comma"}


def table_options(given: Mapping[str, Any]) -> TableOptions:
    """Return the options that a user gives by name, as Python values or as texts.

    Raises
    ------
    InputError
        If a value is not one of the option's.
    """
    values = {name: value for name, value in given.items() if value is not None}
    for name in ("header", "index"):
        if name in values and not isinstance(values[name], bool):
            values[name] = check_choice(name, values[name], ("yes", "no")) == "yes"
    if "decimal" in values:
        sign = values["decimal"]
        values["decimal"] = check_choice("decimal", _DECIMALS.get(sign, sign), _DECIMALS.values())
    if "separator" in values:
        mark = SEPARATORS.get(values["separator"], values["separator"])
        if mark not in SEPARATORS.values():
            raise InputError("separator", mark, f"one of {', '.join(SEPARATORS)}")
        values["separator"] = mark
    if "unit" in values:
        values["unit"] = check_choice("unit", values["unit"], UNITS)
    return TableOptions(**values)
