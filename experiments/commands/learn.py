"""`edgeopt learn`: schemes that train a network over edge and cloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.terminal import say, table_console, terminal_table
from edgeopt.experiments.text import scaled
from edgeopt.problems.errors import import_extra

if TYPE_CHECKING:
    from edgeopt.experiments.learning.config import LearningConfig


_TITLES = ("scheme", "error %", "end %", "exit %", "asleep %", "up MB", "down MB", "time s")


@running.with_run_options
def learn_command(
    file: Annotated[
        Path | None, typer.Argument(help="TOML file: data, network, system, schemes")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Data folder, instead of the one in the file")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    *,
    options: running.RunOptions,
) -> None:
    """Train with every scheme, and print errors, bytes and simulated seconds."""
    import_extra("torch", "torch")  # first, for a message that names the extra
    from edgeopt.experiments.learning.config import read_learning
    from edgeopt.experiments.learning.summary import as_json as to_json
    from edgeopt.experiments.learning.summary import period_rows, write_learning_tables

    folder = None if data is None else str(data.resolve())
    config = running.config_to_run(
        "learning", file, options, lambda path: read_learning(path, folder)
    )
    if config is None:
        return
    cells = running.run_to_end(config, options)
    rows = period_rows(config, cells)
    paths, out = [], options.out
    if out is not None and rows:
        from edgeopt.experiments.learning.figures import plot_learning

        paths = [*write_learning_tables(config, rows, out), *plot_learning(config, rows, out)]
    if as_json:
        print(to_json(config, rows))
    else:
        _print_summary(config, rows)
        for path in paths:
            say(f"written: {path}")
    running.tell_rest(cells, config.kind, out)


def _print_summary(config: LearningConfig, rows: list[dict[str, Any]]) -> None:
    """Print a table with a line for each scheme."""
    from edgeopt.experiments.learning.summary import summarize_learning

    title = f"{config.data}, {config.network}, {config.repetitions} runs"
    target = f"s to {100 * config.target_error:g} %"
    cells = [_cells(row) for row in summarize_learning(config, rows)]
    table_console().print(terminal_table([*_TITLES, target], cells, title=title))


def _cells(row: dict[str, Any]) -> list[str]:
    """Return the line of a scheme."""
    half = "" if row["error_half"] is None else f" ± {100 * row['error_half']:.2g}"
    return [
        row["scheme"],
        f"{scaled(row['error'], 100, '.2f')}{half}",
        scaled(row["final_error"], 100, ".2f"),
        scaled(row["exit_error"], 100, ".2f"),
        scaled(row["asleep"], 100, ".1f"),
        scaled(row["up_bytes"], 1e-6, ".2f"),
        scaled(row["down_bytes"], 1e-6, ".2f"),
        scaled(row["seconds"], 1, ".1f"),
        scaled(row["seconds_to_target"], 1, ".1f"),
    ]
