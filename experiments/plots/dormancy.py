"""When the cloud sleeps: the round trip and its limit over time."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING

import numpy as np

from experiments.framework.cell import simulation_cells
from experiments.framework.config import SimulationConfig
from experiments.framework.measures import Run
from experiments.plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TASKS = 1500  # at most, from the start: more cannot be told apart
_MOST = 4


def dormant_runs(config: SimulationConfig) -> dict[str, Run]:
    """Return the first run of each dormant scheme on the first stream and pool, by its label."""
    first: dict[str, Run] = {}
    for cell in simulation_cells(config):
        if cell.repetition or len(first) == _MOST:
            break
        if json.loads(cell.solver)["scheme"] == "dormant" and cell.label not in first:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the run itself has warned
                first[cell.label] = cell.run()
    return first


def dormancy_figure(runs: dict[str, Run]) -> Figure:
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
        panel.step(time, trips, where="post", lw=0.8, color=COLOURS[0], label="round trip $T_{rd}$")
        panel.step(time, limit, where="post", lw=1.0, color=COLOURS[1], label="limit $T_0$")
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
