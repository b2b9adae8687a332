"""Which row of a key counts: a finished one stays, a failed one gives way."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.sweep.cell import FAILED, Row


def merge_newer(rows: dict[str, Row], newer: Iterable[Row]) -> None:
    """Add rows in place, by key, over those that failed."""
    for row in newer:
        if rows.setdefault(row["key"], row)["status"] == FAILED:
            rows[row["key"]] = row


def merge_older(rows: dict[str, Row], older: Iterable[Row]) -> None:
    """Add rows in place, by key, where there is none or a failed one while these are finished."""
    for row in older:
        if rows.setdefault(row["key"], row)["status"] == FAILED != row["status"]:
            rows[row["key"]] = row
