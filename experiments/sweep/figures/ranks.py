"""Critical-difference diagram of average ranks.

References
----------
Demsar, J. (2006). Statistical comparisons of classifiers over multiple data sets. Journal of
Machine Learning Research 7, 1-30.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgeopt.experiments.statistics.comparison import Comparison, compare_solvers
from edgeopt.experiments.statistics.rank_tests import EXTRA, Friedman, nemenyi
from edgeopt.experiments.style import COLOURS
from edgeopt.experiments.sweep.figures.canvas import drawing, short_label
from edgeopt.experiments.sweep.figures.choice import choose_runs
from edgeopt.problems.errors import InputError, import_extra

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


_NARROW = 4.0  # in, of axes


def plot_ranks(
    data: pd.DataFrame,
    ax: Axes | None = None,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    x: str = "evaluations",
    unit: str = "problems",
) -> Axes:
    """Draw average ranks, the best at the left, with the critical difference.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    solvers, problems, names : optional
        See `choose_runs`; ranks are among the chosen solvers.
    x : str
        ``evaluations``, ``seconds`` or ``iterations``: solvers are compared at the largest cost
        that all runs of a problem have had.
    unit : str
        What a rank is given in: ``problems`` (medians over repetitions) or ``runs``.

    Returns
    -------
    Axes
        Bars join solvers that Nemenyi's test does not tell apart (Demsar 2006).

    Raises
    ------
    InputError
        If an option is unknown, there are fewer than 3 solvers or 2 blocks, or scikit-posthocs is
        not installed.

    Examples
    --------
    See `choose_runs`, which makes such a table.
    """
    choice = choose_runs(data, solvers=solvers, problems=problems, names=names)
    comparison = compare_solvers(choice.runs, axis=x, unit=unit)
    with drawing(ax, (6.4, 1.3 + 0.13 * len(comparison.ranking))) as axes:
        draw_ranks(axes, comparison, choice.styles)
    return axes


def ranks_table(
    data: pd.DataFrame,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    x: str = "evaluations",
    unit: str = "problems",
) -> pd.DataFrame:
    """Return what `plot_ranks` draws: solver, average rank and critical difference."""
    choice = choose_runs(data, solvers=solvers, problems=problems, names=names)
    comparison = compare_solvers(choice.runs, axis=x, unit=unit)
    test = comparison.friedman
    table = comparison.ranking["rank"].rename_axis("solver").reset_index()
    return table.assign(critical_difference=test.critical_difference if test else float("nan"))


def draw_ranks(axes: Axes, comparison: Comparison, styles: Mapping[str, Mapping[str, str]]) -> None:
    """Draw the diagram of a comparison.

    Raises
    ------
    InputError
        If it has no test, or scikit-posthocs is not installed.
    """
    test = comparison.friedman
    if test is None:
        size = f"{len(comparison.ranking)} solvers, {len(comparison.blocks)} {comparison.unit}"
        raise InputError("unit", size, "at least 3 solvers in 2 problems, or in 2 runs (unit runs)")
    posthocs = import_extra("scikit_posthocs", EXTRA)
    ranks, p = comparison.ranking["rank"], nemenyi(comparison.blocks)
    names, numbers = [str(name) for name in ranks.index], range(len(ranks))
    narrow = axes.bbox.width / axes.figure.dpi < _NARROW
    axes.grid(visible=False)
    # by number: the package collects labels in sets, and sets of names have no fixed order
    drawn = posthocs.critical_difference_diagram(
        ranks.set_axis(numbers),
        p.set_axis(numbers, axis=0).set_axis(numbers, axis=1),
        ax=axes,
        label_fmt_left="{label}",
        label_fmt_right="{label}",
        text_h_margin=0.15,
        left_only=narrow,  # names on both sides would leave the axis no room
        elbow_props={"color": "#777777", "linewidth": 0.7},
        marker_props={"s": 0},
        crossbar_props={"color": COLOURS[-1], "linewidth": 2.5},
    )
    for text in drawn["labels"]:
        number = int(text.get_text())
        name, rank = short_label(names[number]), f"({ranks.iloc[number]:.2f})"
        text.set_text(f"{name} {rank}" if text.get_ha() == "right" else f"{rank} {name}")
        text.set_color("black")
    for name, rank in zip(names, ranks, strict=True):
        look = styles[name]
        axes.plot([rank], [0], marker=look["marker"], color=look["color"], zorder=4, clip_on=False)
    _draw_scale(axes, comparison, test, 8 if narrow else 16)


def _draw_scale(axes: Axes, comparison: Comparison, test: Friedman, ticks: int) -> None:
    """Give the axis its whole ranks, and draw the critical difference above it."""
    from matplotlib.ticker import MaxNLocator

    axes.spines["top"].set_visible(True)
    axes.set_xlim(0.8, test.solvers + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(min(test.solvers, ticks), integer=True))
    ends = [1, 1 + test.critical_difference]
    axes.plot(ends, [1.9, 1.9], color="black", linewidth=1.4, marker="|", clip_on=False)
    text = f"CD = {test.critical_difference:.2f}; average ranks over {test.blocks} "
    axes.text(1, 2.2, text + comparison.unit, va="bottom", fontsize="small")
