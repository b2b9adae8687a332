"""Distribution of the delay of each scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.framework.measures import QUANTILES
from experiments.plots.style import line_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DECADE = 10.0
_SHORT = 5  # per cent of the delays, which may lie left of the axis


def delay_figure(rows: list[dict[str, Any]]) -> Figure:
    """Draw the share of tasks that take longer than a time: a row a stream, a column a pool.

    Of all runs together, without the shortest delays. The axis is logarithmic where delays span
    more than a decade.
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
            _log_axis(panel)
        panel.set_title(f"{streams[i]}, {pools[j]} nodes", fontsize=9)
    for panel in panels[-1]:
        panel.set_xlabel("delay (ms)")
    figure.supylabel("share of tasks that take longer", fontsize=9)
    lines = {line.get_label(): line for panel in panels.flat for line in panel.get_lines()}
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=4)
    return figure


def _log_axis(panel: Axes) -> None:
    """Make the axis of the delays logarithmic, with ticks at 1, 2 and 5 as plain numbers."""
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    panel.xaxis.set_minor_formatter(NullFormatter())
