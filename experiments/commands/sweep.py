"""`edgeopt sweep`: many solvers on many problems, many times."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.csv_text import csv_table
from edgeopt.experiments.terminal import say, table_console
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    from edgeopt.experiments.sweep.config import SweepConfig


@running.with_run_options
def sweep_command(
    file: Annotated[
        Path | None, typer.Argument(help="TOML file: problems, repetitions, budget, solvers")
    ] = None,
    *,
    options: running.RunOptions,
    budget: Annotated[
        list[str] | None,
        typer.Option(help="Instead of the file's budget, such as seconds=0.1; may be repeated"),
    ] = None,
) -> None:
    """Run every solver on every problem, and print and write a table of gaps."""
    from edgeopt.experiments.runs.accept import accepted_rows

    limits = _limits(budget or [])
    config = running.config_to_run("sweep", file, options, partial(_read, limits=limits))
    if config is None:
        return
    if options.out is None:
        raise InputError("--out", None, "given, the folder for the results")
    for text in config.left_out:
        say(f"left out: {text}")
    cells = running.run_to_end(config, options)
    if not cells.empty:
        _print_cells(options.out)
    accepted = accepted_rows(cells, config)
    if accepted:
        say(f"{accepted} rows made by other code accepted")
    running.tell_rest(cells, config.kind, options.out)


def _limits(texts: list[str]) -> dict[str, Any]:
    """Return a budget from texts such as ``seconds=0.1``."""
    found: dict[str, Any] = {}
    for text in texts:
        kind, _, number = text.partition("=")
        try:
            found[kind] = int(number) if number.isdecimal() else float(number)
        except ValueError:
            raise InputError("--budget", text, "of the form KIND=NUMBER") from None
    return found


def _read(file: Path, limits: dict[str, Any]) -> SweepConfig:
    """Return the sweep in a file, with a budget of its own if there are `limits`."""
    from edgeopt.experiments.sweep.config import read_config

    config = read_config(file)
    return replace(config, budget=limits) if limits else config


def _print_cells(out: Path) -> None:
    """Print the table of a sweep, write it, and say who used more than the budget."""
    from edgeopt.experiments.runs.store import CELLS
    from edgeopt.experiments.statistics.completeness import left_out
    from edgeopt.experiments.statistics.spending import overruns
    from edgeopt.experiments.sweep.summary import gap_table, read_solver_cells, summarize_sweep

    cells = read_solver_cells(out)
    summary = summarize_sweep(cells)
    write_atomically(out / "summary.csv", csv_table(summary, "%.8g"))
    problems, solvers = (list(summary[column].unique()) for column in ("problem", "solver"))
    console = table_console()
    console.print(gap_table(summary, problems, solvers, console.width))
    for text in (*overruns(cells, cells.attrs["budget"]), *left_out(cells)):
        console.print(text)
    console.print(f"written: {out / CELLS}, {out / 'summary.csv'}", soft_wrap=True)
