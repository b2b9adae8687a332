"""Maps of where the claims hold, over the two dimensions that separate best."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.paper.claims import Claim
from edgeopt.experiments.paper.search.space import Dimension, Evaluated, places, separating
from edgeopt.experiments.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_COLUMNS = 3

_SPREAD = 0.3  # of points around the index of a choice


def map_figure(found: Evaluated, claims: list[Claim]) -> Figure:
    """Draw a panel for each claim: the settings in which it holds, and the others.

    Parameters
    ----------
    found : Evaluated
        The evaluated settings of a space.
    claims : list of Claim
        Claims whose measures are among those of the space.
    """
    from matplotlib.figure import Figure

    lines = max(math.ceil(len(claims) / PANEL_COLUMNS), 1)
    figure = Figure(figsize=(7.2, 0.5 + 2.1 * lines))
    panels = figure.subplots(lines, PANEL_COLUMNS, squeeze=False).ravel()
    for axes, claim in zip(panels, claims, strict=False):
        chosen = [*separating(found, claim), *found.space.dimensions]
        first, second = list(dict.fromkeys(chosen))[:2]
        _draw(axes, found, claim, first, second)
    for axes in panels[len(claims) :]:
        axes.set_axis_off()
    return figure


def _draw(axes: Axes, found: Evaluated, claim: Claim, first: Dimension, second: Dimension) -> None:
    """Draw one claim."""
    meets = np.array(found.meets(claim)[: found.space.settings])
    rng = np.random.default_rng(0)
    places_of = []
    for dimension in (first, second):
        where = places(found, dimension)
        if dimension.kind == "of":
            where = where + rng.uniform(-_SPREAD, _SPREAD, where.size)
        places_of.append(where)
    for met, colour, size in ((False, "0.8", 3), (True, COLOURS[0], 7)):
        x, y = (where[meets == met] for where in places_of)
        axes.scatter(x, y, s=size, color=colour, lw=0, rasterized=True)
    sides = ((first, axes.xaxis, axes.set_xscale), (second, axes.yaxis, axes.set_yscale))
    for dimension, axis, scale in sides:
        if dimension.kind == "log":
            scale("log")
        if dimension.kind == "of":
            axis.set_ticks(range(len(dimension.values)), [str(value) for value in dimension.values])
        axis.set_label_text(dimension.name, fontsize=7)
        axis.set_tick_params(labelsize=6)
    axes.set_title(f"{claim.name}: {100 * meets.mean():.3g} %", fontsize=7.5)
