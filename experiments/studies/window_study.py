"""What the size of the window pays: delay against window size, for several schedulers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from optim.online.clairvoyant import least_edge_delay_s, simulate_clairvoyant
from optim.online.dispatch import simulate_dispatch
from optim.online.resources import Resources
from optim.online.timeline import Stages, Timeline
from optim.online.window import Window
from optim.online.window_run import WindowLog
from optim.online.windows import simulate_windows
from optim.scheduling.catalog import make_solver
from optim.stop import Iterations
from problems.arrivals import Stream, markov_modulated, poisson, sizes
from problems.errors import FloatArray
from problems.scheduling.paper_pool import FLOP_PER_IMAGE, LARGEST_BATCH, paper_pool
from problems.scheduling.times import WorkSpeed

ITERATIONS = 10
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
        Work that arrives over what the nodes can do.
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
        Work that arrives over what the nodes can do.
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
    assert isinstance(pool, WorkSpeed)
    mean_flop = (1 + LARGEST_BATCH) / 2 * FLOP_PER_IMAGE
    rate_hz = load * float(pool.speed.sum()) / mean_flop
    batch = sizes.batches(LARGEST_BATCH)
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
                stop=Iterations(ITERATIONS),
                rng=case[-1],
            )
            delays = _delays(stream.time, timeline)
            yield WindowRow(*case, name, size, *delays, _mean_solver_ms(log))


def _delays(time: FloatArray, timeline: Timeline) -> tuple[float, float, float]:
    """Return mean, 95th percentile and gathering time in s, without the warm-up."""
    counted = slice(len(time) // 10, None)
    delay = (timeline.finish - time)[counted]
    gathering = (timeline.dispatch - time)[counted]
    return float(delay.mean()), float(np.quantile(delay, 0.95)), float(gathering.mean())


def _mean_solver_ms(log: WindowLog) -> float:
    """Return the mean time of the solver for a window in ms."""
    return 1e3 * float(log.solver_s.mean())
