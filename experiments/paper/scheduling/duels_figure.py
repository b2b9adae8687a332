"""A map of the factorial study: how often, and by how much, ATSA beats its rival."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from experiments.paper.scheduling.factorial import Factorial, label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

LARGEST = 2.0  # ratio at the end of the colours
SIGNIFICANT = 0.05


def duels_figure(study: Factorial, duels: pd.DataFrame) -> Figure:
    """Draw a panel for each rival: a row a colony, a column a size and kind of pool.

    The number is the share of pools in per cent that ATSA wins, bold where it is significantly
    ahead (Wilcoxon, Holm); the colour is the median ratio of the makespans.

    Parameters
    ----------
    study : Factorial
        What was run.
    duels : DataFrame
        See `duels.fight`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 1.0 + 2.3 * len(study.rivals)))
    panels = figure.subplots(len(study.rivals), 1, squeeze=False)[:, 0]
    for axes, rival in zip(panels, study.rivals, strict=True):
        image = _draw(axes, study, duels[duels["rival"] == rival])
        axes.set_title(f"against {rival}", fontsize=9, loc="left", pad=19)
    ticks = [1 / LARGEST, 1 / math.sqrt(LARGEST), 1.0, math.sqrt(LARGEST), LARGEST]
    panels[-1].tick_params(labelbottom=True)
    bar = figure.colorbar(image, ax=list(panels), shrink=0.6, ticks=np.log(ticks), extend="both")
    bar.ax.set_yticklabels([f"{tick:.2g}" for tick in ticks])
    bar.set_label("median makespan of ATSA / rival")
    return figure


def _draw(axes: Axes, study: Factorial, duels: pd.DataFrame) -> AxesImage:
    """Draw one rival."""
    colonies = [label(levels) for levels in study.colonies()]
    ratios = duels["ratio"].to_numpy().reshape(-1, len(colonies)).T  # rows of `duels`: by column
    limit = math.log(LARGEST)
    image = axes.imshow(np.log(ratios), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    for place, (_, duel) in enumerate(duels.iterrows()):
        _write(axes, *divmod(place, len(colonies)), duel)
    axes.set_yticks(range(len(colonies)), colonies, fontsize=7)
    _name_columns(axes, study)
    return image


def _write(axes: Axes, column: int, row: int, duel: pd.Series) -> None:
    """Write the share of wins, such that it can be read on its colour."""
    won = duel["p_holm"] < SIGNIFICANT and duel["effect"] > 0
    dark = abs(math.log(duel["ratio"])) > 0.6 * math.log(LARGEST)
    axes.text(
        column, row, f"{100 * duel['wins']:.0f}", ha="center", va="center", fontsize=7.5,
        fontweight="bold" if won else "normal", color="white" if dark else "black",
    )  # fmt: skip


def _name_columns(axes: Axes, study: Factorial) -> None:
    """Write kinds of pools below and sizes above."""
    kinds = [label(kind) for kind in study.kinds()]
    names = kinds * len(study.pools.nodes)
    axes.set_xticks(range(len(names)), names, fontsize=7, rotation=35, ha="right")
    axes.tick_params(length=0, labelbottom=False)
    axes.grid(visible=False)
    for position, nodes in enumerate(study.pools.nodes):
        middle = (position + 0.5) * len(kinds) - 0.5
        axes.text(middle, -0.75, f"{nodes} nodes", ha="center", va="bottom", fontsize=8)
        if position:
            axes.axvline(position * len(kinds) - 0.5, color="black", linewidth=1.0)
