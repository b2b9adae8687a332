"""What the scan of Table 2 comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.paper.comparison import MEASURES, RIVALS
from experiments.paper.table2_scan import Case
from experiments.plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLES = {"bnet": "B-Net", "masm": "MASM"}
_LINEAR = 20.0  # per cent around 0 in which the axis is linear


def scan_figure(cases: list[Case], paper: dict[str, dict[str, float]]) -> Figure:
    """Draw by how much delay and energy of the framework differ from its rivals', sorted.

    Parameters
    ----------
    cases : list of Case
        The scan.
    paper : dict
        The paper's differences in per cent, by measure and rival.
    """
    from matplotlib.figure import Figure

    share = 100.0 * (np.arange(len(cases)) + 0.5) / len(cases)
    figure = Figure(figsize=(6.3, 3.0))
    for axes, measure in zip(figure.subplots(1, len(MEASURES)), MEASURES, strict=True):
        for rival, colour in zip(RIVALS, COLOURS, strict=False):
            values = sorted(case.found[f"{measure}_against_{rival}"].value for case in cases)
            axes.plot(share, values, color=colour, label=f"against {_TITLES[rival]}")
            label = f"the paper, {_TITLES[rival]}"
            axes.axhline(paper[measure][rival], color=colour, ls=":", lw=1.0, label=label)
        axes.axhline(0.0, color="black", lw=0.6)
        axes.set_yscale("symlog", linthresh=_LINEAR)
        axes.set_xlabel("settings of the scan, sorted [%]")
        axes.set_ylabel(f"{measure}, difference [%]")
    lines, labels = axes.get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=4)
    return figure
