"""Figures of an offloading problem: memory, delay, constraints, Pareto front and layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.style import COLOURS, paper_style, plain_names, save_figure
from edgeopt.optim.offloading.solvers import Answer, criteria, pareto_cuts
from edgeopt.optim.offloading.splits import NetworkSplit
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.files import make_folder
from edgeopt.problems.offloading.program import CONSTRAINTS, delay_parts_s

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_BLUE, _VERMILION, _GREEN, _PURPLE, _ORANGE, _SKY, _BLACK = COLOURS

_GREY = "#999999"

PARTS = {
    "uplink": ("terminal upload (16)", _GREY),
    "waiting": ("waiting (12)", _PURPLE),
    "execution": ("edge execution (11)", _BLUE),
    "link": ("edge to cloud (15)", _ORANGE),
    "cloud": ("cloud execution (14)", _GREEN),
}

_MIB = 2.0**20

_VISIBLE_MS = 0.01  # parts below it get no entry in the legend

_MOST_LIMITS = 3.0  # times the limit, where bars are cut off: higher ones would dwarf the rest


def plot_offload(answer: Answer, folder: Path, split: NetworkSplit | None = None) -> list[Path]:
    """Draw all figures of an answer, each as PNG and PDF, and return the files written.

    Parameters
    ----------
    answer : Answer
        A cut and its program.
    folder : Path
        Made if it does not exist.
    split : NetworkSplit, optional
        The best split of the graph, which gets a figure too.

    Raises
    ------
    InputError
        If the folder cannot be made.

    Examples
    --------
    See ``examples/own_network.py``.
    """
    from matplotlib.figure import Figure

    make_folder("plot", folder)
    files = []
    for name, draw in DRAWINGS.items():
        with paper_style():
            figure = Figure(figsize=(6.3, 3.3))
            draw(answer, figure.subplots())
            plain_names(figure)
            files += save_figure(figure, folder, name)
    if split is not None:
        from edgeopt.experiments.offload.split_figure import draw_split

        with paper_style():
            figure = Figure(figsize=(6.3, 3.3))
            draw_split(answer.program, split, figure.subplots())
            plain_names(figure)
            files += save_figure(figure, folder, "split")
    return files


def draw_memory(answer: Answer, axes: Axes) -> None:
    """Draw memory (10) against the cut, with the limit C1 (the paper's Fig. 5)."""
    program = answer.program
    values, limit = program.values[0] / _MIB, program.limits[0, 0] / _MIB
    cuts, fits = np.arange(values.size), values <= limit
    for chosen, colour, label in ((fits, _BLUE, "fits"), (~fits, _SKY, "does not fit")):
        if chosen.any():
            axes.bar(cuts[chosen], values[chosen], 0.8, color=colour, label=label)
    # a limit far above all bars would flatten them
    if limit < 1.5 * values.max():
        _limit_line(axes, limit, f"limit\n{limit:.4g} MiB")
    _mark_cut(axes, answer, values[answer.cut or 0], values.max())
    _cut_axis(axes, answer, "memory of the edge side [MiB]")
    axes.legend(loc="upper left")


def draw_delay(answer: Answer, axes: Axes) -> None:
    """Draw the parts of the delay against the cut, with the limit C2 (the paper's Fig. 6)."""
    program, bottom = answer.program, np.zeros(answer.program.depth + 1)
    for name, seconds in delay_parts_s(program).items():
        label, colour = PARTS[name]
        height = np.where(np.isfinite(seconds), seconds, 0.0) * 1e3
        if height.max() >= _VISIBLE_MS:
            axes.bar(np.arange(bottom.size), height, 0.8, bottom, color=colour, label=label)
        bottom = bottom + height
    limit = program.limits[1, 0] * 1e3
    if limit < 1.5 * bottom.max():
        _limit_line(axes, limit, f"deadline\n{limit:.4g} ms")
    # one bar of an unreachable cloud would make all others invisible
    top = min(bottom.max(), _MOST_LIMITS * limit)
    _mark_cut(axes, answer, bottom[answer.cut or 0], top)
    unstable = np.flatnonzero(np.isinf(program.values[1]))
    if unstable.size:
        axes.plot(unstable, np.full(unstable.size, top), "x", color=_BLACK, label="unstable queue")
    _cut_axis(axes, answer, "delay of one task [ms]")
    if top < bottom.max():
        axes.set_ylim(0.0, 1.05 * top)
        axes.set_ylabel("delay of one task [ms], bars cut off")
    _legend_above(axes)


def _legend_above(axes: Axes) -> None:
    """Put the legend above the axes if they have a figure of their own, else inside."""
    figure = axes.figure
    entries = len(axes.get_legend_handles_labels()[0])
    columns = entries if entries < 6 else 4
    look: dict[str, Any] = {"columnspacing": 0.9, "handlelength": 0.9}
    root = axes.get_figure(root=True)
    if len(figure.axes) == 1 and root is not None and root.get_layout_engine() is not None:
        figure.legend(loc="outside upper center", ncols=columns, **look)
    else:
        axes.legend(loc="best", fontsize=7, **look)


def draw_constraints(answer: Answer, axes: Axes) -> None:
    """Draw the share of each limit that every cut uses; violations stand out."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    program = answer.program
    used = np.where(np.isfinite(program.values), program.values / program.limits, np.inf)
    colours = LinearSegmentedColormap.from_list("use", ["#EEF3F7", _BLUE]).with_extremes(
        over=_VERMILION
    )
    # infinite use, as of an unstable queue, is drawn like any other violation
    image = axes.imshow(np.minimum(used, 2.0) * 100, cmap=colours, vmin=0, vmax=100, aspect="auto")
    axes.grid(visible=False)
    axes.set_yticks(range(len(CONSTRAINTS)), CONSTRAINTS)
    axes.set_yticks(np.arange(len(CONSTRAINTS) + 1) - 0.5, minor=True)
    axes.set_xticks(np.arange(program.depth + 2) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    if answer.cut is not None:
        place, size = (answer.cut - 0.5, -0.5), (1, len(CONSTRAINTS))
        axes.add_patch(Rectangle(place, *size, fill=False, lw=1.5, zorder=5, clip_on=False))
    axes.set_xlabel("cut (layers on the edge)")
    axes.set_title(_title(answer), fontsize=9, loc="left")
    axes.figure.colorbar(
        image, ax=axes, extend="max", shrink=0.8, label="limit used [%], above: violated"
    )


def draw_pareto(answer: Answer, axes: Axes) -> None:
    """Draw energy against delay for the feasible cuts, with their Pareto front."""
    from matplotlib.ticker import MaxNLocator

    points = criteria(answer.program)
    cuts = np.array(answer.feasible_cuts, dtype=int)
    front = np.array(pareto_cuts(answer.program, columns=(0, 1)), dtype=int)
    front = front[np.argsort(points[front, 0])]
    look: dict[str, Any] = {
        "cmap": "cividis_r",
        "vmin": 0,
        "vmax": answer.program.depth,
        "s": 22,
        "zorder": 2,
    }
    shades = axes.scatter(points[cuts, 0] * 1e3, points[cuts, 1], c=cuts, **look)
    axes.plot(
        points[front, 0] * 1e3,
        points[front, 1],
        color=_VERMILION,
        lw=1.2,
        drawstyle="steps-post",
        marker="o",
        ms=7,
        markerfacecolor="none",
        zorder=3,
        label="Pareto front of delay and energy",
    )
    _label_points(axes, points, front)
    if not cuts.size:
        stable = np.isfinite(points[:, :2]).all(axis=1)
        look = {"marker": "x", "color": _GREY, "label": "violates a limit"}
        axes.scatter(points[stable, 0] * 1e3, points[stable, 1], **look)
        _say_none(axes)
        axes.legend(loc="best")
    if front.size:
        axes.legend(loc="best")
        bar = axes.figure.colorbar(shades, ax=axes, label="cut")
        bar.locator = MaxNLocator(integer=True)
        bar.update_ticks()
    axes.set_xlabel("delay of one task [ms]")
    axes.set_ylabel("energy of one task on the edge [J]")
    axes.set_title(_title(answer), fontsize=9, loc="left")


def draw_layers(answer: Answer, axes: Axes) -> None:
    """Draw the network alone: the work of each layer, and what crosses the cut after it."""
    profile = answer.program.profile
    cuts = np.arange(profile.depth + 1)
    work = np.diff(profile.edge_macs, prepend=0) / 1e6
    bars = axes.bar(cuts, work, 0.8, color=_SKY, label="work up to the cut")
    axes.set_ylabel("work since the last cut [million MACs]")
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.7, profile.depth + 0.7)
    axes.set_xlabel("cut (layers on the edge)")
    crossing = axes.twinx()
    lines = crossing.step(
        cuts, profile.crossing_bytes / 1024, where="mid", color=_VERMILION, label="crossing data"
    )
    crossing.set_ylim(bottom=0.0)
    crossing.set_ylabel("data that cross the cut [KiB]")
    crossing.grid(visible=False)
    title = f"{profile.name}: {profile.edge_macs[-1] / 1e9:.3g} GMAC"
    axes.set_title(title, fontsize=9, loc="left")
    axes.legend(handles=[bars, *lines], loc="upper right")


DRAWINGS: dict[str, Callable[[Answer, Axes], None]] = {
    "memory": draw_memory,
    "delay": draw_delay,
    "constraints": draw_constraints,
    "pareto": draw_pareto,
    "layers": draw_layers,
}
"""The figures of an answer by name."""


def _say_none(axes: Axes) -> None:
    """Write across a figure that no cut meets the constraints."""
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": _VERMILION, "fontsize": 12}
    axes.text(0.5, 0.5, "no feasible cut", transform=axes.transAxes, zorder=5, **style)


def _label_points(axes: Axes, points: FloatArray, front: np.ndarray) -> None:
    """Label points of the front with their cut, unless that would overlap the last label."""
    # distances in shares of the axes, as the two have different units
    spans = np.ptp(points[front, :2], axis=0) if front.size else np.ones(2)
    spans[spans == 0] = 1.0
    last = np.full(2, np.inf)
    for cut in front:
        place = points[cut, :2] / spans
        if np.abs(place - last).max() > 0.06:
            where = (points[cut, 0] * 1e3, points[cut, 1])
            axes.annotate(str(cut), where, (5, 5), textcoords="offset points", fontsize=8)
            last = place


def _limit_line(axes: Axes, limit: float, text: str) -> None:
    """Draw a limit across the axes, with its name to the right."""
    axes.axhline(limit, color=_VERMILION, lw=1.2)
    place = axes.get_yaxis_transform()
    axes.text(1.01, limit, text, color=_VERMILION, transform=place, va="center", fontsize=8)


def _mark_cut(axes: Axes, answer: Answer, height: float, top: float) -> None:
    """Put a triangle above the bar of the chosen cut, below the upper end `top` of the axes."""
    if answer.cut is not None:
        place = height + 0.04 * top if height <= top else 0.98 * top
        axes.plot(answer.cut, place, "v", color=_BLACK, ms=6, ls="", label="chosen")
    else:
        _say_none(axes)


def _cut_axis(axes: Axes, answer: Answer, label: str) -> None:
    """Label the axes of a figure over the cuts."""
    axes.set_xlim(-0.7, answer.program.depth + 0.7)
    axes.margins(y=0.1)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("cut (layers on the edge)")
    axes.set_ylabel(label)
    axes.set_title(_title(answer), fontsize=9, loc="left")


def _title(answer: Answer) -> str:
    """Name network, system and answer."""
    program = answer.program
    cut = "no feasible cut"
    if answer.cut is not None:
        cut = f"cut {answer.cut} ({program.profile.cut_names[answer.cut]})"
    nodes = f"{program.system.pool.nodes} nodes"
    where = f"{program.profile.name} on {program.system.name} ({nodes})"
    return f"{where}, {program.objective.name}: {cut}"
