"""The limits of one master: scheduling cost, delay and energy from 10 to 10,000 nodes."""

from __future__ import annotations

import csv
import io
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgeopt.experiments.style import COLOURS, line_styles, mark_styles
from edgeopt.optim.online.dispatch import simulate_masters
from edgeopt.optim.online.resources import OverloadWarning, Resources, Stages, Timeline
from edgeopt.optim.online.sliding_window import Window
from edgeopt.optim.online.windows import simulate_windows
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.heuristics.list_rules import mct
from edgeopt.optim.scheduling.solve import warm_up
from edgeopt.optim.scheduling.solver import as_solver
from edgeopt.problems.arrivals import streams
from edgeopt.problems.arrivals.streams import poisson
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.files import write_atomically
from edgeopt.problems.offloading.waiting import mmx_wait_s
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


LOAD = 0.8  # of the nodes: the more tasks arrive, the shorter they are

MASTER_SOLVERS = ("mct", "min-min", "atsa-repaired")

COLONY_ITERATIONS = 5  # of the ants, for a window

WINDOW, TIMEOUT_S = 64, 0.01

MASTER_LOAD = 0.8  # a master with more is not enough

STATIC_W, DYNAMIC_W = 5.0, 5.0  # the preset jetson_nano: idle, and more at full speed

NODES = (10, 100, 1000, 10_000)

RATES_HZ = (10.0, 100.0, 1e3, 1e4, 1e5, 1e6)

REPEATS = 3  # of a measurement; the least counts


# The cost of scheduling one window, measured and fitted.


class CostRow(NamedTuple):
    """The processor time of a solver for windows of one size, measured: the least of three.

    Attributes
    ----------
    solver : str
        Its name.
    tasks, nodes : int
        Size of the window's problem.
    measured_s, fitted_s : float
        Time in s, and by the fit.
    """

    solver: str
    tasks: int
    nodes: int
    measured_s: float
    fitted_s: float


@dataclass(frozen=True)
class SchedulingCost:
    """Time of scheduling k tasks on x nodes, fixed_s + task_s k + pair_s k x, in s."""

    fixed_s: float
    task_s: float
    pair_s: float

    def __call__(self, tasks: float, nodes: float) -> float:
        """Return the time in s."""
        return self.fixed_s + self.task_s * tasks + self.pair_s * tasks * nodes

    def most_hz(self, window: int, nodes: float) -> float:
        """Return the tasks a second that one master can schedule in windows of this size."""
        return window / self(window, nodes)


def measure_cost(
    name: str,
    solver: Any,
    iterations: int,
    tasks: Sequence[int] = (1, 8, 64),
    nodes: Sequence[int] = (10, 100, 1000, 10_000),
) -> tuple[SchedulingCost, list[CostRow]]:
    """Measure a solver on windows of several sizes and fit the cost, none of its terms negative.

    Parameters
    ----------
    name : str
        For the rows.
    solver : Solver or callable
        What `solve` takes.
    iterations : int
        Its budget for a window.
    tasks, nodes : sequence of int
        Sizes to measure.

    Returns
    -------
    tuple
        The fit, which minimises the squares of relative errors, and the rows.
    """
    from scipy.optimize import nnls  # takes long to import

    sizes = [(k, x) for k in tasks for x in nodes]
    seconds = np.array([_seconds(as_solver(solver), iterations, k, x) for k, x in sizes])
    terms = np.array([[1.0, k, k * x] for k, x in sizes])
    # Not negative: else a larger window might cost less.
    factors, _ = nnls(terms / seconds[:, None], np.ones(len(sizes)))
    cost = SchedulingCost(*(float(factor) for factor in factors))
    rows = [
        CostRow(name, k, x, float(measured), cost(k, x))
        for (k, x), measured in zip(sizes, seconds, strict=True)
    ]
    return cost, rows


def _seconds(solver: Any, iterations: int, tasks: int, nodes: int) -> float:
    """Return the least processor time of the solver for random windows of one size in s."""
    seconds: list[float] = []
    for seed in range(REPEATS):
        rng = np.random.default_rng(seed)
        problem = Problem(
            UniformTimes(rng.exponential(1.0, tasks), rng.uniform(0.5, 2.0, nodes)),
            ready=rng.exponential(1.0, nodes),
        )
        if not seconds:
            warm_up(problem, solver)
        start = time.process_time()
        state = solver.init(problem, rng)
        for _ in range(iterations):
            state = solver.step(problem, state)
            if state.done:
                break
        seconds.append(time.process_time() - start)
    # Other processes can only add time.
    return min(seconds)


def scale_costs() -> tuple[dict[str, SchedulingCost], list[CostRow]]:
    """Measure the solvers that the study compares; return their fits and all measurements."""
    costs, rows = {}, []
    for name in MASTER_SOLVERS:
        costs[name], measured = measure_cost(name, make_solver(name), COLONY_ITERATIONS)
        rows += measured
    return costs, rows


# A pool divided among masters: by formula, and simulated.


class ScaleRow(NamedTuple):
    """A pool of x equal nodes at the load 0.8, on paper.

    Attributes
    ----------
    solver : str
        Scheduler of the windows.
    nodes : int
        x.
    rate_hz : float
        Tasks a second.
    masters : int
        m.
    master_load : float
        Share of the time in which a master schedules; from 1 on its queue grows without end.
    gathering_s, scheduling_s, waiting_s, service_s : float
        Parts of a task's mean delay in s: until its window closes, until the schedule is there, in
        the node's queue (M/M/x), and on the node.
    delay_s : float
        Their sum; infinite where a master is overloaded.
    energy_j : float
        Of all nodes and masters for a task in J.
    masters_energy_j : float
        The masters' part of it in J.
    """

    solver: str
    nodes: int
    rate_hz: float
    masters: int
    master_load: float
    gathering_s: float
    scheduling_s: float
    waiting_s: float
    service_s: float
    delay_s: float
    energy_j: float
    masters_energy_j: float


class SimulatedRow(NamedTuple):
    """Mean delay beyond the work itself in s with MCT masters: simulated, and by formula."""

    nodes: int
    rate_hz: float
    masters: int
    overloaded: bool
    simulated_s: float
    predicted_s: float


def masters_needed(cost: SchedulingCost, nodes: int, rate_hz: float) -> int | None:
    """Return the least number of masters none of which has a load above 0.8, or None.

    Parameters
    ----------
    cost : SchedulingCost
        Of the master's solver.
    nodes : int
        x; a master has at least one.
    rate_hz : float
        Tasks a second of all masters.
    """
    masters = 1
    while masters <= nodes:
        if rate_hz / masters <= MASTER_LOAD * cost.most_hz(WINDOW, nodes / masters):
            return masters
        masters += 1
    return None


def scale_row(
    name: str, cost: SchedulingCost, nodes: int, rate_hz: float, masters: int
) -> ScaleRow:
    """Return delay and energy of a pool divided among masters, by formula.

    Parameters
    ----------
    name, cost
        Solver of the masters and its cost.
    nodes, rate_hz, masters
        x, tasks a second, m.

    Notes
    -----
    A window closes with 64 tasks or after 10 ms, later where the master is still busy with the
    last one. Windows queue at a master as in M/D/1, tasks at the nodes as in M/M/x, which assumes
    single arrivals: the tasks of a window arrive together and wait longer.
    """
    rate, pool = rate_hz / masters, nodes / masters
    tasks = _window_tasks(cost, rate, pool)
    seconds = cost(tasks, pool)
    load = rate * seconds / tasks
    gathering = _gathering_s(rate, tasks)
    scheduling = seconds * (1.0 + load / (2.0 * (1.0 - load))) if load < 1.0 else np.inf
    service = LOAD * nodes / rate_hz
    # Erlang C needs at least one server.
    waiting = float(mmx_wait_s(rate, np.array(service), max(pool, 1.0)))
    own = masters * (STATIC_W + DYNAMIC_W * min(load, 1.0)) / rate_hz
    return ScaleRow(
        name, nodes, rate_hz, masters, load, gathering, float(scheduling), waiting, service,
        float(gathering + scheduling + waiting + service),
        nodes * (STATIC_W + DYNAMIC_W * LOAD) / rate_hz + own, own,
    )  # fmt: skip


def _window_tasks(cost: SchedulingCost, rate: float, pool: float) -> float:
    """Return the mean number of tasks of a window, at most 64."""
    gathered = 1.0 + rate * TIMEOUT_S
    spare = 1.0 - rate * (cost.task_s + cost.pair_s * pool)
    while_busy = rate * cost.fixed_s / spare if spare > 0.0 else np.inf
    return min(float(WINDOW), max(gathered, while_busy))


def _gathering_s(rate: float, tasks: float) -> float:
    """Return how long a task waits for its window to close in s."""
    if tasks < WINDOW:  # the first waits for the time-out, the others half of it
        others = rate * TIMEOUT_S
        return TIMEOUT_S * (1.0 + others / 2.0) / (1.0 + others)
    return (WINDOW - 1) / (2.0 * rate)


def scale_rows(costs: dict[str, SchedulingCost]) -> list[ScaleRow]:
    """Return the rows of one master, and of as many as needed where one is not enough."""
    rows = []
    for name, cost in costs.items():
        for nodes in NODES:
            for rate in RATES_HZ:
                needed = masters_needed(cost, nodes, rate)
                rows += [
                    scale_row(name, cost, nodes, rate, masters)
                    for masters in dict.fromkeys((1, needed or nodes))
                ]
    return rows


def simulate_scale(
    cost: SchedulingCost, nodes: int, rate_hz: float, masters: int, tasks: int, seed: int
) -> SimulatedRow:
    """Simulate a pool of MCT masters whose scheduling takes the fitted time.

    Parameters
    ----------
    cost : SchedulingCost
        Of MCT.
    nodes, rate_hz, masters
        As for `scale_row`.
    tasks, seed : int
        Length of the Poisson stream with exponential sizes, and its seed.
    """
    stream = poisson(
        rate_hz, tasks=tasks, sizes=streams.exponential(LOAD * nodes / rate_hz), rng=seed
    )
    nothing = np.zeros(tasks)
    stages = Stages(stream.size, nothing, nothing, nothing)

    def windows(time: FloatArray, part: Stages, pool: Resources) -> Timeline:
        window = Window(WINDOW, TIMEOUT_S)
        return simulate_windows(time, part, pool, mct, window, scheduling_s=cost).timeline

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OverloadWarning)
        timeline = simulate_masters(
            stream.time, stages, Resources(np.ones(nodes)), masters, windows
        )
    beyond = timeline.finish - stream.time - stream.size
    slow = any("scheduler" in str(warning.message) for warning in caught)
    row = scale_row("mct", cost, nodes, rate_hz, masters)
    # The first fifth is warm-up.
    mean = float(beyond[tasks // 5 :].mean())
    return SimulatedRow(nodes, rate_hz, masters, slow, mean, row.delay_s - row.service_s)


def simulated_rows(
    cost: SchedulingCost, tasks: int, seed: int, rates_hz: Sequence[float] = RATES_HZ[2:]
) -> list[SimulatedRow]:
    """Return simulations with one master, and with as many as needed where one is not enough."""
    rows = []
    for nodes in NODES:
        for rate in rates_hz:
            needed = masters_needed(cost, nodes, rate)
            rows += [
                simulate_scale(cost, nodes, rate, masters, tasks, seed)
                for masters in dict.fromkeys((1, needed or nodes))
            ]
    return rows


# The rows as a CSV file.


def write_rows(path: Path, rows: Sequence[Any]) -> None:
    """Write named tuples of one kind, at least one, with their names above; numbers in 6 digits.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0]._fields)
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_atomically(path, text.getvalue().encode())


def _cell(value: Any) -> str:
    """Return a value as text."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


# The figure.


def scale_figure(
    costs: Mapping[str, SchedulingCost],
    measured: Sequence[CostRow],
    simulated: Sequence[SimulatedRow],
) -> Figure:
    """Return four panels: cost of a window, limit of one master, masters needed, delay.

    Parameters
    ----------
    costs : mapping
        Fits by solver.
    measured, simulated
        Rows to mark; a cross where the master is overloaded, a triangle for several masters.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 5.6))
    panels = figure.subplots(2, 2)
    styles, marks = line_styles(costs), mark_styles(costs)
    nodes = np.geomspace(NODES[0], NODES[-1], 60)
    for name, cost in costs.items():
        panels[0, 0].plot(nodes, [1e3 * cost(WINDOW, x) for x in nodes], label=name, **styles[name])
        own = [row for row in measured if row.solver == name and row.tasks == WINDOW]
        look = {**marks[name], "linestyle": ""}
        panels[0, 0].plot([r.nodes for r in own], [1e3 * r.measured_s for r in own], **look)
        panels[0, 1].plot(nodes, [cost.most_hz(WINDOW, x) for x in nodes], **styles[name])
        needed = [masters_needed(cost, NODES[-1], rate) or np.nan for rate in RATES_HZ]
        panels[1, 0].plot(RATES_HZ, needed, **{**marks[name], **styles[name]})
    panels[0, 0].set(xlabel="nodes", ylabel=f"a window of {WINDOW} (ms)")
    panels[0, 0].legend()
    panels[0, 1].set(xlabel="nodes", ylabel="limit of one master (tasks/s)")
    panels[1, 0].set(xlabel="tasks/s", ylabel=f"masters needed, {NODES[-1]:,} nodes")
    _draw_delays(panels[1, 1], costs["mct"], simulated)
    for panel in panels.flat:
        panel.set_xscale("log")
        panel.set_yscale("log")
    return figure


def _draw_delays(panel: Axes, cost: SchedulingCost, simulated: Sequence[SimulatedRow]) -> None:
    """Draw delays beyond the work: of one master by formula, and all that was simulated."""
    rates = np.geomspace(RATES_HZ[0], RATES_HZ[-1], 200)
    for nodes, colour in zip(NODES, COLOURS, strict=False):
        rows = [scale_row("mct", cost, nodes, rate, 1) for rate in rates]
        beyond = [1e3 * (row.delay_s - row.service_s) for row in rows]
        panel.plot(rates, beyond, color=colour, label=f"{nodes:,}")
        for row in simulated:
            if row.nodes == nodes:
                marker = "x" if row.overloaded else "o" if row.masters == 1 else "^"
                (mark,) = panel.plot(row.rate_hz, 1e3 * row.simulated_s, marker, color=colour)
                mark.set_markerfacecolor("white")
    panel.set(xlabel="tasks/s", ylabel="delay beyond the work (ms)")
    panel.legend(title="MCT, nodes")
