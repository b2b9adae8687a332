"""How far one master goes: scheduling cost, delay and energy from 10 to 10,000 nodes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.studies.scheduling_cost import CostRow, SchedulingCost, measure_cost
from optim.online.masters import simulate_masters
from optim.online.overload import OverloadWarning
from optim.online.resources import Resources
from optim.online.timeline import Stages, Timeline
from optim.online.window import Window
from optim.online.windows import simulate_windows
from optim.scheduling import make_solver, mct
from problems.arrivals import poisson, sizes
from problems.errors import FloatArray
from problems.offloading.waiting import mmx_wait_s

LOAD = 0.8  # of the nodes: their tasks are the shorter, the more arrive
SOLVERS = ("mct", "min-min", "atsa-repaired")
ITERATIONS = 5  # of the ants, for a window
WINDOW, TIMEOUT_S = 64, 0.01
MASTER_LOAD = 0.8  # a master with more is not enough
STATIC_W, DYNAMIC_W = 5.0, 5.0  # the preset jetson_nano: idle, and more at full speed
NODES = (10, 100, 1000, 10_000)
RATES_HZ = (10.0, 100.0, 1e3, 1e4, 1e5, 1e6)


class ScaleRow(NamedTuple):
    """A pool of x equal nodes at the load 0.8, on paper.

    Attributes
    ----------
    solver : str
        Who schedules the windows.
    nodes : int
        x.
    rate_hz : float
        Tasks a second.
    masters : int
        m, the masters at hand.
    master_load : float
        Part of the time that a master schedules; from 1 on its windows queue for ever.
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
    """The same, simulated (MCT): the mean delay beyond the work itself in s, and by formula."""

    nodes: int
    rate_hz: float
    masters: int
    overloaded: bool
    simulated_s: float
    predicted_s: float


def scale_costs() -> tuple[dict[str, SchedulingCost], list[CostRow]]:
    """Measure the solvers that the study compares; return their fits and all measurements."""
    costs, rows = {}, []
    for name in SOLVERS:
        costs[name], measured = measure_cost(name, make_solver(name), ITERATIONS)
        rows += measured
    return costs, rows


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
    """Return what the formulae say of a pool divided among masters.

    Parameters
    ----------
    name, cost
        Solver of the masters and what it costs.
    nodes, rate_hz, masters
        x, tasks a second, m.

    Notes
    -----
    A window closes with 64 tasks or after 10 ms, later where the master still schedules the last
    one; windows queue before a master as in M/D/1, tasks before the nodes as in M/M/x, as if they
    came one by one: the tasks of a window come together and wait longer.
    """
    rate, pool = rate_hz / masters, nodes / masters
    tasks = _window_tasks(cost, rate, pool)
    seconds = cost(tasks, pool)
    load = rate * seconds / tasks
    gathering = _gathering_s(rate, tasks)
    scheduling = seconds * (1.0 + load / (2.0 * (1.0 - load))) if load < 1.0 else np.inf
    service = LOAD * nodes / rate_hz
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
    """Simulate a pool of MCT masters whose scheduling takes what the fit says.

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
        rate_hz, tasks=tasks, sizes=sizes.exponential(LOAD * nodes / rate_hz), rng=seed
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
