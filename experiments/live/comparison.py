"""Measured beside simulated: the same measures, as a table, CSV files and a figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.csv_text import csv_rows
from edgeopt.experiments.live.model import Profiled
from edgeopt.experiments.live.parts import routes
from edgeopt.experiments.live.serving import TIMES, Job, Record
from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.simulation.summary import summarize_simulation, table_rows
from edgeopt.experiments.style import line_styles, paper_style, plain_names, save_figure
from edgeopt.experiments.terminal import table_console, terminal_table
from edgeopt.experiments.text import scaled
from edgeopt.optim.framework.exits import Exits
from edgeopt.optim.framework.measures import QUANTILES, SimulatedRun
from edgeopt.optim.online.resources import Timeline
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDES = ("measured", "simulated")


def measured_run(job: Job, records: Mapping[int, Record], profiled: Profiled) -> SimulatedRun:
    """Return what was measured in the form of a simulated run, of which all measures are known.

    The plan is that of the links as the master had measured them, with the bytes that were sent.
    Delays are those of the terminal, times of the stages those of the master's clock.

    Parameters
    ----------
    job : Job
        What was run.
    records : mapping
        The record of each task, all answered.
    profiled : Profiled
        The scheme with the times of its parts.
    """
    rows = [records[task] for task in range(job.stream.tasks)]
    conditions = job.conditions._replace(
        round_trip_s=np.array([row.round_trip_s for row in rows]),
        rate_bit_s=np.array([row.rate_bit_s for row in rows]),
    )
    plan = job.scheme.plan(job.split, job.stream, conditions, job.seed())
    plan = profiled.priced(job.split, plan, routes(job.scheme, job.split, plan))
    sent = 8.0 * np.array([row.upload_bytes for row in rows])
    plan = plan._replace(stages=plan.stages._replace(upload_bits=sent))
    return SimulatedRun(job.split, job.stream, conditions, plan, *_times(job, rows))


def _times(job: Job, rows: Sequence[Record]) -> tuple[Timeline, Exits]:
    """Return the timeline and the exits; stages that a task did not pass take no time."""
    columns = {name: np.array([row.times.get(name, np.nan) for row in rows]) for name in TIMES}
    # The terminal's clock begins with the fastest message, not with the first.
    lag = float((columns["arrival_s"] - job.stream.time).min())
    columns = {name: values - lag for name, values in columns.items()}
    answered = job.stream.time + np.array([row.delay_s for row in rows])
    ends = np.isfinite(columns["exit_end_s"])
    edge_end = columns["edge_end_s"]
    upload_start, upload_end, cloud_start, cloud_end = (
        np.where(np.isfinite(columns["cloud_end_s"]), columns[name], edge_end)
        for name in ("upload_start_s", "upload_end_s", "cloud_start_s", "cloud_end_s")
    )
    timeline = Timeline(
        node=np.array([row.node for row in rows]),
        dispatch=columns["dispatch_s"],
        edge_start=columns["edge_start_s"],
        edge_end=edge_end,
        upload_start=upload_start,
        upload_end=upload_end,
        cloud_start=cloud_start,
        cloud_end=cloud_end,
        finish=np.where(ends, edge_end, answered),
    )
    exits = Exits(
        np.where(ends, columns["exit_start_s"], edge_end), np.where(ends, answered, edge_end)
    )
    return timeline, exits


# The table on the terminal, and the files.

_COLUMNS = (
    ("mean ms", "delay_mean_s", 1e3, ".1f"),
    ("p95 ms", "delay_p95_s", 1e3, ".1f"),
    ("upload kB", "upload_bytes", 1e-3, ".1f"),
    ("busy %", "utilisation", 100, ".1f"),
    ("asleep %", "asleep", 100, ".1f"),
    ("tasks/s", "throughput_hz", 1.0, ".2f"),
)


def summaries(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the summary of each side; `summarize_simulation` has the columns."""
    rows = list(rows)
    return {
        side: summarize_simulation(row for row in rows if row["side"] == side) for side in SIDES
    }


def print_comparison(sides: Mapping[str, list[Row]]) -> None:
    """Print measured and simulated values of each scheme, a table for each stream."""
    console = table_console()
    pairs = list(zip(*(sides[side] for side in SIDES), strict=True))
    titles = ["scheme", *(f"{title}" for title, *_ in _COLUMNS), "mean off %", "p95 off %"]
    for problem in dict.fromkeys(measured["problem"] for measured, _ in pairs):
        cells = [_cells(*pair) for pair in pairs if pair[0]["problem"] == problem]
        console.print(terminal_table(titles, cells, title=f"{problem} nodes: measured, simulated"))
    for measured, _ in pairs:
        for text in [*measured["warnings"], *measured["errors"]]:
            console.print(f"{measured['scheme']}: {text} ({measured['problem']})", soft_wrap=True)


def _cells(measured: Row, simulated: Row) -> tuple[str, ...]:
    """Return a line of the table: pairs, and by how much the simulation is off."""
    pairs = [
        f"{scaled(measured[name], factor, form)}, {scaled(simulated[name], factor, form)}"
        for _, name, factor, form in _COLUMNS
    ]
    return (measured["scheme"], *pairs, *(f"{off:+.1f}" for off in _off(measured, simulated)))


def _off(measured: Row, simulated: Row) -> list[float]:
    """Return the errors of the simulated mean and 95th percentile of the delay, in per cent."""
    names = ("delay_mean_s", "delay_p95_s")
    if measured["delay_mean_s"] is None:
        return [np.nan] * len(names)
    return [100.0 * (simulated[name] / measured[name] - 1.0) for name in names]


def write_comparison(sides: Mapping[str, list[Row]], folder: Path) -> list[Path]:
    """Write ``summary.csv``, with a row for each side, ``off.csv`` and the figure ``delays``."""
    made: list[list[str]] = []
    for side in SIDES:
        header, *rows = table_rows(sides[side])
        made = [*(made or [["side", *header]]), *([side, *row] for row in rows)]
    pairs = list(zip(*(sides[side] for side in SIDES), strict=True))
    offs = [["stream", "nodes", "scheme", "mean_off_percent", "p95_off_percent"]]
    offs += [
        [*(one[key] for key in offs[0][:3]), *(f"{off:.3f}" for off in _off(one, two))]
        for one, two in pairs
    ]
    paths = [folder / "summary.csv", folder / "off.csv"]
    for path, table in zip(paths, (made, offs), strict=True):
        write_atomically(path, csv_rows(table))
    if any(row["runs"] for row in sides["measured"]):
        with paper_style():
            figure = comparison_figure(sides)
            plain_names(figure)
            paths += save_figure(figure, folder, "delays")
    return paths


def comparison_figure(sides: Mapping[str, list[Row]]) -> Figure:
    """Draw the share of tasks that take longer than a time, measured and simulated.

    A panel for each stream; lines are measured, dots simulated.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    rows = [(side, row) for side in SIDES for row in sides[side] if row["runs"]]
    streams = list(dict.fromkeys(row["stream"] for _, row in rows))
    styles = line_styles(dict.fromkeys(row["scheme"] for _, row in rows))
    figure = Figure(figsize=(max(6.3, 1.2 + 2.5 * len(streams)), 3.2))
    panels = figure.subplots(1, len(streams), squeeze=False, sharey=True)[0]
    for side, row in rows:
        panel = panels[streams.index(row["stream"])]
        delays = 1e3 * np.array(row["delay_quantiles_s"][:-1])
        style = {"color": styles[row["scheme"]]["color"]}
        if side == "measured":
            panel.step(delays, 1.0 - QUANTILES[:-1], where="post", label=row["scheme"], **style)
        else:
            panel.plot(delays[::5], 1.0 - QUANTILES[:-1:5], ls="", marker=".", ms=4, **style)
    for panel, stream in zip(panels, streams, strict=True):
        panel.set(yscale="log", title=stream, xlabel="delay (ms)")
        panel.title.set_fontsize(9)
    panels[0].set_ylabel("share of tasks that take longer", fontsize=9)
    lines = {line.get_label(): line for line in panels[0].get_lines() if line.get_ls() != "None"}
    lines["simulated"] = Line2D([], [], ls="", marker=".", color="black")
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=4)
    return figure


def rows_as_table(sides: Mapping[str, list[Row]]) -> list[dict[str, Any]]:
    """Return the rows of both sides with the names of the columns of ``summary.csv``."""
    return [{"side": side, **row} for side in SIDES for row in sides[side]]
