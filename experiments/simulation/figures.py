"""The figures of a simulation: delays, uploads, pool sizes and dormancy."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.simulation.config import SimulationConfig
from edgeopt.experiments.style import (
    COLOURS,
    line_styles,
    mark_styles,
    paper_style,
    plain_names,
    plain_ticks,
    save_figure,
)
from edgeopt.optim.framework.measures import QUANTILES, SimulatedRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_simulation(
    config: SimulationConfig, summary: list[dict[str, Any]], folder: Path
) -> list[Path]:
    """Draw ``delays``, and where there is something to see ``uploads``, ``pools``, ``dormancy``.

    Parameters
    ----------
    config : SimulationConfig
        The simulation; a run of each dormant scheme is made again for its timeline.
    summary : list of dict
        From `summarize_simulation`; what failed is left out.
    folder : Path
        Where PNG and PDF are written.

    Returns
    -------
    list of Path
        What was written.

    Examples
    --------
    See `SimulationConfig`, whose summary it draws.
    """
    rows = [row for row in summary if row["runs"]]
    if not rows:
        return []
    paths = []
    with paper_style():
        figures: dict[str, Figure] = {"delays": delay_figure(rows)}
        if any(row["upload_bytes"] for row in rows):
            figures["uploads"] = upload_figure(rows)
        if len({row["nodes"] for row in rows}) > 1:
            figures["pools"] = pool_figure(rows)
        runs = dormant_runs(config)
        if runs:
            figures["dormancy"] = dormancy_figure(runs)
        for name, figure in figures.items():
            plain_names(figure)
            paths += save_figure(figure, folder, name)
    return paths


# Dormancy over time.

_TASKS = 1500  # the first ones: more cannot be told apart

_MOST_SCHEMES = 4


def dormant_runs(config: SimulationConfig) -> dict[str, SimulatedRun]:
    """Return the first run of each dormant scheme on the first stream and pool, by its label."""
    first: dict[str, SimulatedRun] = {}
    for cell in config.cells():
        if cell.repetition or len(first) == _MOST_SCHEMES:
            break
        if json.loads(cell.scheme)["scheme"] == "dormant" and cell.label not in first:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the run itself has warned
                first[cell.label] = cell.run()
    return first


def dormancy_figure(runs: dict[str, SimulatedRun]) -> Figure:
    """Draw T_rd, T_0 and, shaded, when the cloud sleeps; one panel for each scheme."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.3, 0.8 + 1.5 * len(runs)))
    panels = figure.subplots(len(runs), 1, squeeze=False, sharex=True)[:, 0]
    for panel, (label, run) in zip(panels, runs.items(), strict=True):
        time = run.stream.time[:_TASKS]
        trips = 1e3 * run.conditions.round_trip_s[: len(time)]
        asleep = run.plan.exit_flop[: len(time)] > 0
        assert run.plan.limit_s is not None
        limit = 1e3 * run.plan.limit_s[: len(time)]
        panel.step(time, trips, where="post", lw=0.8, color=COLOURS[0], label="round trip (T_rd)")
        panel.step(time, limit, where="post", lw=1.0, color=COLOURS[1], label="limit (T_0)")
        bottom, top = 0.9 * trips.min(), 1.1 * trips.max()
        panel.fill_between(
            *(time, bottom, top, asleep),
            **{"step": "post", "color": COLOURS[5], "alpha": 0.35, "lw": 0},
            label="cloud asleep",
        )
        panel.set_ylim(bottom, top)
        panel.set_ylabel("ms")
        share = 100 * np.mean(run.plan.exit_flop > 0)
        panel.set_title(f"{label}: asleep for {share:.1f} % of the tasks", fontsize=9)
    panels[-1].set_xlabel("time (s)")
    lines, labels = panels[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=3)
    return figure


# Delays.

_DECADE = 10.0

_SHORT = 5  # per cent of the delays, which may lie left of the axis


def delay_figure(rows: list[dict[str, Any]]) -> Figure:
    """Draw the share of tasks that take longer than a time: a row a stream, a column a pool.

    The runs are pooled, the shortest delays left out. The axis is logarithmic if delays span more
    than a decade.
    """
    from matplotlib.figure import Figure

    streams = list(dict.fromkeys(row["stream"] for row in rows))
    pools = list(dict.fromkeys(row["nodes"] for row in rows))
    styles = line_styles(dict.fromkeys(row["scheme"] for row in rows))
    size = (1.2 + 2.5 * len(pools), 0.9 + 1.9 * len(streams))
    figure = Figure(figsize=(max(size[0], 6.3), size[1]))
    panels = figure.subplots(len(streams), len(pools), squeeze=False, sharex=True, sharey=True)
    longer = 1.0 - QUANTILES[:-1]
    for row in rows:
        panel = panels[streams.index(row["stream"]), pools.index(row["nodes"])]
        delays = 1e3 * np.array(row["delay_quantiles_s"][:-1])
        panel.step(delays, longer, where="post", label=row["scheme"], **styles[row["scheme"]])
    shortest = 0.9e3 * min(row["delay_quantiles_s"][_SHORT] for row in rows)
    longest = 1.05e3 * max(row["delay_quantiles_s"][-2] for row in rows)
    for (i, j), panel in np.ndenumerate(panels):
        panel.set(yscale="log", xlim=(shortest, longest))
        if longest > _DECADE * shortest:
            panel.set_xscale("log")
            plain_ticks(panel.xaxis)
        panel.set_title(f"{streams[i]}, {pools[j]} nodes", fontsize=9)
    for panel in panels[-1]:
        panel.set_xlabel("delay (ms)")
    figure.supylabel("share of tasks that take longer", fontsize=9)
    lines = {line.get_label(): line for panel in panels.flat for line in panel.get_lines()}
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=4)
    return figure


# Delay and energy by pool size, as in the paper's Table 2.

_PANELS = (
    ("delay_mean_s", 1e3, "mean delay (ms)"),
    ("energy_j", 1.0, "nodes' energy (J a task)"),
)


def pool_figure(rows: list[dict[str, Any]]) -> Figure:
    """Draw mean delay and energy with intervals of 95 % against the number of nodes.

    A row for each stream.
    """
    from matplotlib.figure import Figure

    streams = list(dict.fromkeys(row["stream"] for row in rows))
    schemes = list(dict.fromkeys(row["scheme"] for row in rows))
    styles = mark_styles(schemes)
    figure = Figure(figsize=(6.3, 0.6 + 2.1 * len(streams)))
    panels = figure.subplots(len(streams), len(_PANELS), squeeze=False, sharex=True)
    for i, stream in enumerate(streams):
        for panel, (measure, factor, label) in zip(panels[i], _PANELS, strict=True):
            for scheme in schemes:
                chosen = [r for r in rows if (r["stream"], r["scheme"]) == (stream, scheme)]
                panel.errorbar(
                    [row["nodes"] for row in chosen],
                    [factor * row[measure] for row in chosen],
                    yerr=[factor * (row[f"{measure}_half"] or 0.0) for row in chosen],
                    elinewidth=0.8,
                    label=scheme,
                    **styles[scheme],
                )
            panel.set_ylabel(label)
            panel.set_xticks(sorted({row["nodes"] for row in rows}))
            panel.set_title(stream, fontsize=9)
    for panel in panels[-1]:
        panel.set_xlabel("edge nodes")
    lines, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=4)
    return figure


# Uploads, as in the paper's Fig. 8.

_HATCHES = ("", "//", "..", "xx")


def upload_figure(rows: list[dict[str, Any]]) -> Figure:
    """Draw the mean bytes that a task sends to the cloud, bars by pool size and scheme.

    Only of the first stream: the others change queues, but hardly what is sent.
    """
    from matplotlib.figure import Figure

    stream = rows[0]["stream"]
    rows = [row for row in rows if row["stream"] == stream]
    pools = list(dict.fromkeys(row["nodes"] for row in rows))
    schemes = list(dict.fromkeys(row["scheme"] for row in rows))
    figure = Figure(figsize=(6.3, 3.0))
    axes = figure.subplots()
    width = 0.85 / len(schemes)
    for i, scheme in enumerate(schemes):
        chosen = [row for row in rows if row["scheme"] == scheme]
        place = np.array([pools.index(row["nodes"]) for row in chosen]) + (i + 0.5) * width - 0.425
        axes.bar(
            place,
            [row["upload_bytes"] / 1e3 for row in chosen],
            0.9 * width,
            yerr=[(row["upload_bytes_half"] or 0.0) / 1e3 for row in chosen],
            color=COLOURS[i % len(COLOURS)],
            hatch=_HATCHES[i // len(COLOURS) % len(_HATCHES)],
            label=scheme,
            error_kw={"elinewidth": 0.8},
        )
    axes.set_xticks(range(len(pools)), [f"{nodes} nodes" for nodes in pools])
    axes.set_ylabel("upload to the cloud (kB a task)")
    axes.grid(visible=False, axis="x")
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper center", ncols=4)
    return figure
