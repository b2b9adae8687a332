"""The link to the cloud as a simulation file describes it: constant, a sample, or a trace."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from experiments.framework.conditions import LinkTrace
from problems.errors import FloatArray, InputError, check_array, check_choice
from problems.files import check_file
from problems.offloading.system import Link
from problems.quantity import check_quantity

FIELDS = ("path", "round_trip_column", "round_trip_unit_s", "rate_column", "rate_unit_bit_s")
SAMPLE = ("round_trips_s", "rates_bit_s")


def read_link(table: dict[str, Any], link: Link) -> LinkTrace | None:
    """Return the states of the link, None where it is constant.

    Parameters
    ----------
    table : dict
        Empty, or ``step_s`` with either ``path`` of a CSV file, ``round_trip_column``, optionally
        ``rate_column`` and the units in which the file has them; or the lists ``round_trips_s``
        and, optionally, ``rates_bit_s``. Where no rates are given they are the link's own.
    link : Link
        Of the system.

    Raises
    ------
    InputError
        If a field is unknown or missing, or a value is out of range.
    """
    if not isinstance(table, dict):
        raise InputError("link", table, "a table")
    if not table:
        return None
    known = FIELDS if "path" in table else SAMPLE
    for key in table:
        check_choice("link field", key, (*known, "step_s"))
    for key in (known[0], "step_s", *(("round_trip_column",) if "path" in table else ())):
        if key not in table:
            raise InputError(f"link.{key}", None, "given")
    trips, rates = _from_file(table) if "path" in table else _from_lists(table)
    if rates is None:
        rates = np.full(len(trips), link.bandwidth_bit_s)
    return LinkTrace(trips, rates, table["step_s"])


def _from_lists(table: dict[str, Any]) -> tuple[FloatArray, FloatArray | None]:
    """Return round trips and rates of two lists."""
    trips = check_array("link.round_trips_s", table["round_trips_s"], ndim=1, at_least=0)
    return trips, np.asarray(table["rates_bit_s"]) if "rates_bit_s" in table else None


def _from_file(table: dict[str, Any]) -> tuple[FloatArray, FloatArray | None]:
    """Return round trips and rates of a CSV file."""
    rows = _rows(check_file("link.path", table["path"]))
    trips = _column(table, rows, "round_trip_column", "round_trip_unit_s")
    if "rate_column" not in table:
        return trips, None
    return trips, _column(table, rows, "rate_column", "rate_unit_bit_s")


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("link.path", str(path), f"a CSV file ({error})") from None
    if not rows:
        raise InputError("link.path", str(path), "a CSV file with rows below its header")
    return rows


def _column(table: dict[str, Any], rows: list[dict[str, str]], field: str, unit: str) -> FloatArray:
    """Return a column in SI units."""
    name = check_choice(f"link.{field}", table[field], [key for key in rows[0] if key])
    try:
        values = np.array([float(row[name]) for row in rows])
    except (TypeError, ValueError) as error:
        raise InputError(f"{table['path']}: {name}", str(error), "numbers") from None
    factor = check_quantity(f"link.{unit}", table.get(unit, 1.0))
    with np.errstate(over="ignore"):  # what is infinite is refused with its place
        return np.asarray(values * factor)
