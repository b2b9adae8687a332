"""Figures of a placement on tiers: time and load of its stages, and the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.offload.tier_report import stage_loads, stage_names
from edgeopt.experiments.style import COLOURS, paper_style, plain_names, save_figure
from edgeopt.optim.offloading.tier_graph import GraphPlacement
from edgeopt.optim.offloading.tiers import Placement
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.files import make_folder
from edgeopt.problems.offloading.waiting import BUSY
from edgeopt.problems.systems.tiers import Tiers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TIER, _LINK = COLOURS[0], COLOURS[4]


def plot_placement(
    tiers: Tiers,
    best: Placement | GraphPlacement | None,
    front: Sequence[Placement],
    folder: Path,
) -> list[Path]:
    """Draw the stages of a placement, and the front if it has several; return the files written.

    Parameters
    ----------
    tiers : Tiers
        Tiers and links.
    best : Placement, GraphPlacement or None
        Without one, the figure says that nothing is feasible.
    front : sequence of Placement
        Pareto front of delay, energy and accuracy.
    folder : Path
        Made if it does not exist.

    Raises
    ------
    InputError
        If the folder cannot be made.
    """
    from matplotlib.figure import Figure

    make_folder("plot", folder)
    names = stage_names(tiers)
    seconds = None
    if isinstance(best, Placement):
        seconds = np.array([stage.seconds for stage in best.stages])
    with paper_style():
        figure = Figure(figsize=(6.3, 0.9 + 0.35 * len(names)))
        if best is None:
            _say_none(figure.subplots())
        elif seconds is None:
            _draw_loads(figure.subplots(), names, np.array([*stage_loads(tiers, best).values()]))
        else:
            left, right = figure.subplots(1, 2, sharey=True)
            _draw_seconds(left, names, seconds)
            _draw_loads(right, names, np.array([*stage_loads(tiers, best).values()]))
        plain_names(figure)
        files = save_figure(figure, folder, "stages")
        if len(front) > 1:
            figure = Figure(figsize=(4.2, 3.2))
            _draw_front(figure.subplots(), front)
            plain_names(figure)
            files += save_figure(figure, folder, "front")
    return files


def _colours(count: int) -> list[str]:
    """Return the colour of each stage: tiers and links in turn."""
    return [_LINK if i % 2 else _TIER for i in range(count)]


def _draw_seconds(axes: Axes, names: Sequence[str], seconds: FloatArray) -> None:
    """Draw when a mean task that does not wait is in each stage."""
    begin = np.cumsum(seconds) - seconds
    axes.barh(names, seconds * 1e3, 0.7, begin * 1e3, color=_colours(len(names)))
    axes.invert_yaxis()
    axes.set_xlabel("mean task without waiting [ms]")


def _draw_loads(axes: Axes, names: Sequence[str], loads: FloatArray) -> None:
    """Draw the load of each stage, and the load from which waiting grows steeply."""
    axes.barh(names, loads * 100, 0.7, color=_colours(len(names)))
    axes.axvline(BUSY * 100, color="black", linewidth=0.8, linestyle="--")
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"load [%], dashed: {BUSY:.0%}")
    if not axes.yaxis_inverted():
        axes.invert_yaxis()


def _draw_front(axes: Axes, front: Sequence[Placement]) -> None:
    """Draw delay and energy of each placement, coloured by accuracy."""
    delay = [one.delay_s * 1e3 for one in front]
    energy, accuracy = [one.energy_j for one in front], [one.accuracy for one in front]
    drawn = axes.scatter(delay, energy, c=accuracy, cmap="viridis", zorder=3)
    axes.set_xlabel("delay [ms]")
    axes.set_ylabel("energy [J]")
    if max(accuracy) > min(accuracy):
        assert axes.figure is not None
        axes.figure.colorbar(drawn, ax=axes, label="accuracy")


def _say_none(axes: Axes) -> None:
    """Write that there is no placement."""
    axes.text(0.5, 0.5, "no feasible placement", ha="center", va="center")
    axes.set_axis_off()
