"""Delay and energy of each scheme by pool size (the paper's Table 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.plots.style import mark_styles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
