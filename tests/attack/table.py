"""The table of a folder of runs as text, so that two can be compared to the bit."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MEASURED = {"sweep": ("seconds", "trace_seconds", "cell_seconds")}
"""Columns with times, by kind of run; of other kinds it is `OWN_TIME` alone."""

OWN_TIME = ("cell_seconds",)

_MISSING = ("None", "nan", None)

Table = Mapping[str, Mapping[str, str]]


def read_table(kind: str, folder: Path) -> Table:
    """Return the rows of a folder by their names, each value as text; its own place is left out."""
    if kind == "tuning":
        return _tuning_table(folder)
    from edgeopt.experiments.runs.store import kind_of, read_cells, read_description

    names = (*kind_of(read_description(folder)).names, "repetition")
    place = f"{folder.resolve().parent}/"
    rows = [
        {str(name): _text(value).replace(place, "") for name, value in row.items()}
        for row in read_cells(folder).to_dict("records")
    ]
    return {" ".join(row[name].strip("'") for name in names): row for row in rows}


def _tuning_table(folder: Path) -> Table:
    """Return trials and comparison of a tuning."""
    return {
        f"{name} {place}": {str(k): str(v) for k, v in row.items()}
        for name in ("trials.csv", "comparison.csv")
        for place, row in enumerate(_csv_rows(folder / name))
    }


def _csv_rows(path: Path) -> list[dict[Any, Any]]:
    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


def _text(value: Any) -> str:
    """Return a value as text that has all its bits; 8.0 is 8, as it is where others are missing."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return repr(value.tolist() if isinstance(value, np.ndarray | np.generic) else value)


def measured(kind: str) -> tuple[str, ...]:
    """Return the columns that differ from run to run."""
    return MEASURED.get(kind, OWN_TIME)


def changes(kind: str, before: Table, after: Table) -> list[str]:
    """Say what differs in rows that both tables have, but for times of rows that are run again."""
    return [
        f"{name}: {column} was {_short(before[name].get(column))}, is {_short(row.get(column))}"
        for name, row in after.items()
        if name in before
        for column in _changed(kind, before[name], row)
    ]


def _changed(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[str]:
    """Return the columns that differ; times count unless all do, as after a second run."""
    differing = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    times = [name for name in differing if name in measured(kind)]
    return [
        name for name in differing if name not in times or not is_run_again(kind, before, after)
    ]


def is_run_again(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether all times of two rows differ."""
    pairs = [(before.get(name), after.get(name)) for name in measured(kind)]
    return all(first != second for first, second in pairs if first not in _MISSING)


def run_again(kind: str, before: Table, after: Table) -> list[str]:
    """Return the names of rows of `before` that were run again, or are gone."""
    if kind == "tuning":
        return []
    return [
        name
        for name, row in before.items()
        if name not in after or is_run_again(kind, row, after[name])
    ]


def _short(value: str | None) -> str:
    text = str(value)
    return text if len(text) < 40 else f"{text[:18]} ... {text[-18:]}"
