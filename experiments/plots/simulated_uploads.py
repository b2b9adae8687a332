"""What each scheme uploads (the paper's Fig. 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HATCHES = ("", "//", "..", "xx")


def upload_figure(rows: list[dict[str, Any]]) -> Figure:
    """Draw the bytes that a task sends to the cloud in the mean, bars by pool size and scheme.

    Of the first stream: others change what queues, and hardly what is sent.
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
