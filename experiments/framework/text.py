"""What `edgeopt simulate` prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from experiments.console import table_console

Row = dict[str, Any]


class Column(NamedTuple):
    """A column of the printed table: title, measure, factor into its unit, and format."""

    title: str
    measure: str
    factor: float = 1.0
    form: str = ".3g"


COLUMNS = (
    Column("mean ms", "delay_mean_s", 1e3, ".1f"),
    Column("p95 ms", "delay_p95_s", 1e3, ".1f"),
    Column("p99 ms", "delay_p99_s", 1e3, ".1f"),
    Column("late %", "missed", 100, ".2f"),
    Column("J", "energy_j"),
    Column("idle J", "energy_idle_j"),
    Column("upload kB", "upload_bytes", 1e-3, ".1f"),
    Column("asleep %", "asleep", 100, ".1f"),
    Column("accuracy", "accuracy", 1.0, ".3f"),
    Column("busy %", "utilisation", 100, ".1f"),
    Column("balance", "balance", 1.0, ".2f"),
)
_WITH_INTERVAL = ("delay_mean_s", "energy_j")
_ROUNDING = 1e-9  # intervals below are those of a measure that does not vary


def print_summary(summary: list[Row], console: Console | None = None) -> None:
    """Print a table for each stream and pool, with intervals of 95 %, and what went wrong."""
    console = console or table_console()
    for problem in dict.fromkeys(row["problem"] for row in summary):
        rows = [row for row in summary if row["problem"] == problem]
        table = Table(title=f"{problem} nodes, {rows[0]['runs']} runs", title_justify="left")
        table.add_column("scheme", no_wrap=True)
        for column in COLUMNS:
            table.add_column(column.title, justify="right", no_wrap=True)
        for row in rows:
            table.add_row(row["scheme"], *(_entry(row, column) for column in COLUMNS))
        console.print(table)
    _print_notes(summary, console.print)


def _entry(row: Row, column: Column) -> str:
    """Return a measure as text."""
    value, half = row[column.measure], row[f"{column.measure}_half"]
    if row["runs"] == 1 and column.measure == "delay_mean_s":
        half = row["delay_batch_half_s"]
    if value is None:
        return "failed"
    text = f"{value * column.factor:{column.form}}"
    if column.measure in _WITH_INTERVAL and half is not None and half > _ROUNDING * value:
        text += f" ± {half * column.factor:.2g}"
    return text


def _print_notes(summary: list[Row], show: Callable[[str], None]) -> None:
    """Print what runs warned of, and how they failed, once for each scheme."""
    notes: dict[str, list[str]] = {}
    for row in summary:
        for text in [*row["warnings"], *row["errors"]]:
            notes.setdefault(f"{row['scheme']}: {text}", []).append(row["problem"])
    for text, problems in notes.items():
        show(f"{text} ({', '.join(problems)})", soft_wrap=True, highlight=False)  # type: ignore[call-arg]
