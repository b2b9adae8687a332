"""Delay against the size of the scheduling window, for several schedulers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgeopt.experiments.style import line_styles
from edgeopt.optim.online.clairvoyant import least_edge_delay_s, simulate_clairvoyant
from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages, Timeline
from edgeopt.optim.online.sliding_window import Window
from edgeopt.optim.online.windows import WindowLog, simulate_windows
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.arrivals import streams
from edgeopt.problems.arrivals.streams import Stream, markov_modulated, poisson
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.paper_pool import FLOP_PER_IMAGE, LARGEST_BATCH, paper_pool
from edgeopt.problems.scheduling.problem import UniformTimes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WINDOW_ITERATIONS = 10

SCHEDULERS = ("fcfs", "mct", "lpt", "min-min", "atsa-repaired")

WINDOWS = (1, 2, 4, 8, 16, 32, 64)

REFERENCES = ("fcfs, task by task", "earliest finish, task by task", "clairvoyant", "bound")


class WindowRow(NamedTuple):
    """One run.

    Attributes
    ----------
    stream : str
        Kind of arrivals.
    load : float
        Arriving work over the capacity of the nodes.
    seed : int
        Of the pool and the stream.
    scheduler : str
        A solver's name, or one of `REFERENCES`.
    window : int
        Tasks of a window; 0 for the references, which have none.
    mean_s, p95_s : float
        Mean and 95th percentile of the delay at the edge in s; of the bound only the mean.
    gathering_s : float
        Part of the mean delay before the task is given to a node in s.
    solver_ms : float
        Mean time of the solver for a window in ms, measured.
    """

    stream: str
    load: float
    seed: int
    scheduler: str
    window: int
    mean_s: float
    p95_s: float
    gathering_s: float
    solver_ms: float


def window_study(
    seeds: Sequence[int],
    *,
    tasks: int = 3000,
    nodes: int = 10,
    loads: Sequence[float] = (0.5, 0.8, 0.95),
    windows: Sequence[int] = WINDOWS,
) -> list[WindowRow]:
    """Run every scheduler with every window size on the same streams.

    The tasks are batches of 1 to 16 images through ResNet-34, all at the edge, on the paper's
    pools (`paper_pool`); scheduling takes no time. The first tenth of a stream is warm-up.

    Parameters
    ----------
    seeds : sequence of int
        A pool and streams each.
    tasks, nodes : int
        Length of a stream and size of a pool.
    loads : sequence of float
        Arriving work over the capacity of the nodes.
    windows : sequence of int
        Window sizes K; only the last window of a stream may be smaller.
    """
    rows: list[WindowRow] = []
    for seed in seeds:
        for load in loads:
            for name, stream, resources in _cases(seed, load, tasks, nodes):
                case = (name, load, seed)
                rows += _references(case, stream, resources)
                rows += _windowed(case, stream, resources, windows)
    return rows


def _cases(
    seed: int, load: float, tasks: int, nodes: int
) -> Iterator[tuple[str, Stream, Resources]]:
    """Yield the streams of a seed, in FLOP, and their pool."""
    pool = paper_pool(1, nodes, memory="none", rng=seed).et
    assert isinstance(pool, UniformTimes)
    mean_flop = (1 + LARGEST_BATCH) / 2 * FLOP_PER_IMAGE
    rate_hz = load * float(pool.speed.sum()) / mean_flop
    batch = streams.batches(LARGEST_BATCH)
    resources = Resources(pool.speed)
    yield "Poisson", poisson(rate_hz, tasks=tasks, sizes=batch, rng=seed), resources
    # Four fifths of the time at half the rate, one fifth at three times: the mean is the rate.
    rates, dwell = [0.5 * rate_hz, 3.0 * rate_hz], [80.0 / rate_hz, 20.0 / rate_hz]
    bursty = markov_modulated(rates, dwell, tasks=tasks, sizes=batch, rng=seed)
    yield "bursty", bursty, resources


def _stages(stream: Stream) -> Stages:
    """Return the stages of tasks that are done at the edge."""
    nothing = np.zeros(stream.tasks)
    return Stages(stream.size * FLOP_PER_IMAGE, nothing, nothing, nothing)


def _references(
    case: tuple[str, float, int], stream: Stream, resources: Resources
) -> Iterator[WindowRow]:
    """Yield the rows without windows."""
    work = (stream.time, _stages(stream), resources)
    timelines = (
        simulate_dispatch(*work, rule="fcfs"),
        simulate_dispatch(*work, rule="earliest-finish"),
        simulate_clairvoyant(*work),
    )
    for name, timeline in zip(REFERENCES, timelines, strict=False):
        yield WindowRow(*case, name, 0, *_delays(stream.time, timeline), 0.0)
    bound = least_edge_delay_s(*work)  # of all tasks, warm-up included
    yield WindowRow(*case, REFERENCES[-1], 0, bound, float("nan"), 0.0, 0.0)


def _windowed(
    case: tuple[str, float, int], stream: Stream, resources: Resources, windows: Sequence[int]
) -> Iterator[WindowRow]:
    """Yield the rows of all schedulers and windows."""
    solvers: Mapping[str, Any] = {name: make_solver(name) for name in SCHEDULERS}
    for name, solver in solvers.items():
        for size in windows:
            timeline, log = simulate_windows(
                stream.time,
                _stages(stream),
                resources,
                solver,
                Window(size),
                stop=Iterations(WINDOW_ITERATIONS),
                rng=case[-1],
            )
            delays = _delays(stream.time, timeline)
            yield WindowRow(*case, name, size, *delays, _mean_solver_ms(log))


def _delays(time: FloatArray, timeline: Timeline) -> tuple[float, float, float]:
    """Return mean, 95th percentile and gathering time in s, without the warm-up."""
    # The first tenth is warm-up.
    counted = slice(len(time) // 10, None)
    delay = (timeline.finish - time)[counted]
    gathering = (timeline.dispatch - time)[counted]
    return float(delay.mean()), float(np.quantile(delay, 0.95)), float(gathering.mean())


def _mean_solver_ms(log: WindowLog) -> float:
    """Return the mean time of the solver for a window in ms."""
    return 1e3 * float(log.solver_s.mean())


# The figure.


def window_figure(rows: Sequence[WindowRow]) -> Figure:
    """Return the mean delay against the window size: a row for each stream, a column a load.

    Lines are means over seeds of the ratio to dispatch task by task by earliest finish, bands
    their 95 % confidence intervals; the clairvoyant schedule and the bound are horizontal.
    """
    from matplotlib.figure import Figure

    streams = list(dict.fromkeys(row.stream for row in rows))
    loads = list(dict.fromkeys(row.load for row in rows))
    figure = Figure(figsize=(2.5 * len(loads), 2.4 * len(streams)))
    axes = figure.subplots(len(streams), len(loads), sharex=True, sharey="row", squeeze=False)
    for stream, line in zip(streams, axes, strict=True):
        for load, panel in zip(loads, line, strict=True):
            _draw(panel, [row for row in rows if (row.stream, row.load) == (stream, load)])
            panel.set_title(f"{stream}, load {load:g}", fontsize=9)
        line[0].set_ylabel("delay / earliest finish")
    for panel in axes[-1]:
        panel.set_xlabel("window K (tasks)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _draw(panel: Axes, rows: list[WindowRow]) -> None:
    """Draw one stream at one load."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    windows = sorted({row.window for row in rows if row.window})
    styles = line_styles((*SCHEDULERS, *REFERENCES))
    for name in SCHEDULERS:
        mean, half = _statistics(rows, name, windows)
        panel.plot(windows, mean, label=name, marker="o", markersize=2.5, **styles[name])
        panel.fill_between(
            windows, mean - half, mean + half, color=styles[name]["color"], alpha=0.15, linewidth=0
        )
    for name in (REFERENCES[0], *REFERENCES[2:]):
        mean, _ = _statistics(rows, name, [0])
        panel.axhline(mean[0], label=name, linewidth=1.0, **styles[name])
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.set_xticks(windows)


def _statistics(
    rows: list[WindowRow], name: str, windows: Sequence[int]
) -> tuple[FloatArray, FloatArray]:
    """Return mean and half confidence interval, over seeds, of the ratio for each window size."""
    from scipy.stats import t  # takes long to import

    base = {row.seed: row.mean_s for row in rows if row.scheduler == REFERENCES[1]}
    own = {(row.window, row.seed): row.mean_s for row in rows if row.scheduler == name}
    ratio = np.array([[own[window, seed] / base[seed] for seed in base] for window in windows])
    if len(base) < 2:
        return ratio.mean(axis=1), np.zeros(len(windows))
    error = ratio.std(axis=1, ddof=1) / np.sqrt(len(base))
    return ratio.mean(axis=1), t.ppf(0.975, len(base) - 1) * error
