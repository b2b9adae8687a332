"""All figures of a simulation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.framework.config import SimulationConfig
from experiments.plots.dormancy import dormancy_figure, dormant_runs
from experiments.plots.simulated_delays import delay_figure
from experiments.plots.simulated_pools import pool_figure
from experiments.plots.simulated_uploads import upload_figure
from experiments.plots.style import paper_style, save_figure

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
        From `summarize_runs`; what failed is left out.
    folder : Path
        Where PNG and PDF are written.

    Returns
    -------
    list of Path
        What was written.
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
            paths += save_figure(figure, folder, name)
    return paths
