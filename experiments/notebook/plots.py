"""The figures of a sweep as methods: ``runs.plot.convergence(ax=ax)``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.store import read_description
from edgeopt.experiments.sweep.figures.folder import FIGURES
from edgeopt.experiments.sweep.summary import read_solver_cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class RunPlots:
    """The figures of the sweep in a folder.

    Each takes ``ax``, where to draw, by default a new figure, and the keywords of the function of
    the same name in `edgeopt.experiments.sweep`: solvers, problems, names, scales and others. A
    solver looks the same in all of them.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    owner : object
        What has to live as long as the figures: runs whose folder is temporary.

    Examples
    --------
    See `sweep`, whose result has them as its attribute ``plot``.
    """

    def __init__(self, folder: Path, owner: object = None) -> None:
        self._folder, self._owner = folder, owner

    def convergence(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the gap against evaluations or another cost, see `plot_convergence`."""
        return self._draw("convergence", ax, options)

    def gaps(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a box plot of the last gaps, see `plot_gaps`."""
        return self._draw("gaps", ax, options)

    def ecdf(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the share of runs within each gap, or with a target met, see `plot_ecdf`."""
        return self._draw("ecdf", ax, options)

    def profile(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw performance profiles, see `plot_profile`."""
        return self._draw("profile", ax, options)

    def ranks(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw average ranks with the critical difference, see `plot_ranks`."""
        return self._draw("ranks", ax, options)

    def heatmap(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw solvers x problems, see `plot_heatmap`."""
        return self._draw("heatmap", ax, options)

    def loads(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the best schedule of a solver, or the loads of several, see `plot_loads`."""
        return self._draw("loads", ax, options)

    def _draw(self, name: str, ax: Axes | None, options: dict[str, Any]) -> Axes:
        """Draw a figure of the runs that are there now."""
        data = read_solver_cells(self._folder)
        # all solvers of the sweep, also those without a run so far, have a place in the styles
        data.attrs["solvers"] = list(read_description(self._folder)["config"]["solvers"])
        return FIGURES[name].plot(data, ax, **options)
