"""Simulated annealing: one schedule, random shifts and swaps, and a falling temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean, time_of
from edgeopt.optim.scheduling.arrays import whole_power
from edgeopt.optim.scheduling.local_search.iterated import Start, start_assignment
from edgeopt.optim.scheduling.local_search.schedule_arrays import (
    Instance,
    ScheduleArrays,
    empty_schedule,
    instance_of,
    lift,
    read_assignment,
    schedule_makespan,
    settle,
    shift,
)
from edgeopt.optim.scheduling.local_search.search import Best, keep, take_best
from edgeopt.optim.scheduling.pso import find_room
from edgeopt.optim.scheduling.run_time import budget_used
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.stream import RandomStream, next_uniform, open_stream
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

_NEIGHBOURS = 1000  # drawn in a step

_TASKS_AT_ONCE = 10_000_000  # whose times are summed in a step, at most

_FIRST_CYCLE = 64  # steps of the first cooling where there is no budget to plan by


@dataclass(kw_only=True)
class AnnealingState(State):
    """State of the annealing between two steps.

    Attributes
    ----------
    stream : ndarray of uint64, shape (4,)
        Random numbers.
    instance, schedule, best
        The problem, the current schedule and the best.
    first : ndarray, shape (k,), or None
        The first assignment; None if none was found that fits.
    begun : bool
        Whether there is a schedule.
    temperature : ndarray, shape (1,)
        The current temperature in s.
    position, length : int
        Steps done of this cycle, and its length.
    """

    stream: RandomStream
    instance: Instance
    schedule: ScheduleArrays
    best: Best
    first: IntArray | None
    temperature: FloatArray
    begun: bool = False
    position: int = 0
    length: int = _FIRST_CYCLE


@dataclass(frozen=True)
class SimulatedAnnealing:
    """Simulated annealing.

    A neighbour is a random task on another random node, or for a share `swaps` of them, two random
    tasks that change places. Its rise d is that of the energy s / p sum_j (load_j / s) ** p, where
    p is `power` and s the best makespan so far, or with ``power=0`` that of the makespan. It is
    accepted with probability exp(-d / T) (``"metropolis"``), or 1 / (1 + exp(d / T))
    (``"logistic"``). A neighbour with a task on a node that cannot run it, or has no room, is
    passed over.

    With ``cooling="planned"`` the temperature falls geometrically from `hot` to `cold`, in units of
    the best makespan, over the budget of the run; without one, over cycles that double in length
    and begin with the best schedule. With ``cooling="constant-rate"`` it begins with `hot`, in
    units of the first makespan, and is multiplied by `rate` after each neighbour.

    `printed` is the annealing of Braun et al.: the makespan as energy, no swaps, the logistic rule,
    the first temperature the makespan of the random first schedule, a rate of 0.9. They run it
    eight times, also from Min-min's schedule and with a rate of 0.8, take the best, and stop at a
    temperature of 1e-200, or when nothing has changed 150 times; here the run goes on as a descent
    until its budget ends.

    Notes
    -----
    The paper was not before us: the numbers are quoted from memory of its section on annealing.
    The default is ours: Metropolis' rule, swaps, and a norm of the loads. The makespan tells apart
    the moves of the critical node only, and lets all other nodes fill up at no cost; the norm tells
    apart all moves, and is nearly the makespan where p is large.

    References
    ----------
    Braun et al., "A comparison of eleven static heuristics for mapping a class of independent tasks
    onto heterogeneous distributed computing systems", J. Parallel Distrib. Comput. 61, 2001.
    Kirkpatrick, Gelatt, Vecchi, "Optimization by simulated annealing", Science 220, 1983.

    Examples
    --------
    >>> from edgeopt import Evaluations, SimulatedAnnealing, load_problem, min_min, solve
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> result = solve(problem, SimulatedAnnealing(), stop=Evaluations(20_000), rng=1)
    >>> result.makespan < solve(problem, min_min).makespan
    True
    """

    start: Literal["random", Start] = parameter("min-min", "first schedule: a heuristic or random")
    power: int = parameter(
        24, "exponent of the loads in the energy; 0: the makespan", at_least=0, at_most=31,
        search=(0, 31),
    )  # fmt: skip
    swaps: float = parameter(
        0.5, "share of swaps among the neighbours", at_least=0, at_most=1, search=(0, 1)
    )
    acceptance: Literal["metropolis", "logistic"] = parameter(
        "metropolis", "probability of accepting a longer schedule"
    )
    cooling: Literal["planned", "constant-rate"] = parameter("planned", "how temperatures fall")
    hot: float = parameter(
        0.01, "first temperature, as a share of the makespan", above=0, search=(0.001, 1)
    )
    cold: float = parameter(
        0.00003, "last temperature, likewise (planned)", above=0, search=(1e-6, 0.001)
    )
    rate: float = parameter(
        0.9, "factor of the temperature after each neighbour (constant-rate)", above=0, at_most=1,
        search=(0.8, 1),
    )  # fmt: skip

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    @classmethod
    def printed(cls) -> SimulatedAnnealing:
        """Return the annealing of Braun et al. 2001, with a random first schedule."""
        return cls(
            start="random", power=0, swaps=0.0, acceptance="logistic", cooling="constant-rate",
            hot=1.0, rate=0.9,
        )  # fmt: skip

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> AnnealingState:
        """Return the state before the first schedule, which is `start` if given."""
        instance, k = instance_of(problem), problem.tasks
        state = AnnealingState(
            stream=open_stream(rng),
            instance=instance,
            schedule=empty_schedule(instance),
            best=Best(np.zeros(k, dtype=np.int64), np.full(1, np.inf)),
            first=start,
            temperature=np.zeros(1),
        )
        if start is None:
            state.first, state.evaluations = self._first(problem, rng), 1
        state.done = state.first is None
        return state

    def _first(self, problem: Problem, rng: np.random.Generator) -> IntArray | None:
        """Return the first assignment; a random one that has no room is replaced by a heuristic."""
        if self.start != "random":
            return start_assignment(problem, self.start)
        instance = instance_of(problem)
        drawn = rng.integers(problem.nodes, size=problem.tasks)
        used = np.zeros(problem.nodes)
        if find_room(instance.et, instance.memory, instance.capacity, used, drawn):
            return drawn
        return start_assignment(problem, "mct")

    def step(self, problem: Problem, state: AnnealingState) -> AnnealingState:
        """Read the first schedule, or draw neighbours of the current one."""
        best = state.best
        if state.first is None:
            return state
        if not state.begun:
            state.begun = True
            read_and_keep(state.instance, state.schedule, best, state.first)
            state.temperature[0] = self.hot * best.makespan[0]
        rate = self._plan(state)
        rules = (self.power, self.swaps, self.acceptance == "logistic", rate)
        state.evaluations += anneal(
            state.instance, state.schedule, best, state.temperature, rules,
            _neighbours(problem), state.stream,
        )  # fmt: skip
        take_best(state, best)
        return state

    def _plan(self, state: AnnealingState) -> float:
        """Set the temperature of a planned step; return the factor after each neighbour."""
        if self.cooling == "constant-rate":
            return self.rate
        share = budget_used()
        if share is None:
            if state.position == state.length:
                state.position, state.length = 0, 2 * state.length
                read_and_keep(state.instance, state.schedule, state.best, state.best.assignment)
            share = state.position / state.length
            state.position += 1
        state.temperature[0] = self.hot * (self.cold / self.hot) ** share * state.best.makespan[0]
        return 1.0


def _neighbours(problem: Problem) -> int:
    """Return how many to draw in a step: each one accepted sums the loads of two nodes."""
    summed = max(1, 2 * problem.tasks // problem.nodes)
    return max(1, min(_NEIGHBOURS, _TASKS_AT_ONCE // summed))


class Neighbour(NamedTuple):
    """A shift of `task` to `node`, or a swap with task `back` there if that is not -1.

    `here` and `there` are the loads of the two nodes after it in s.
    """

    task: int
    node: int
    back: int
    here: float
    there: float


@jit
def read_and_keep(
    instance: Instance, schedule: ScheduleArrays, best: Best, assignment: IntArray
) -> None:
    """Read an assignment, shape (k,), and keep it if it is the best."""
    read_assignment(instance, schedule, assignment)
    keep(schedule, best)


@jit
def anneal(
    instance: Instance,
    schedule: ScheduleArrays,
    best: Best,
    temperature: FloatArray,
    rules: tuple[int, float, bool, float],
    neighbours: int,
    stream: RandomStream,
) -> int:
    """Draw neighbours, and return how many schedules were evaluated.

    The rules are: power of the energy, share of swaps, whether acceptance is logistic, and the
    factor of the temperature after each neighbour.
    """
    power, swaps, logistic, rate = rules
    evaluated = 0
    for _ in range(neighbours):
        drawn = draw_neighbour(instance, schedule, swaps, stream)
        uniform = next_uniform(stream)
        if drawn.task >= 0:
            evaluated += 1
            rise = rise_of(schedule, drawn, power, best.makespan[0])
            if is_accepted(rise, temperature[0], logistic, uniform):
                accept(instance, schedule, drawn)
                keep(schedule, best)
        temperature[0] *= rate
    return evaluated


@jit_lean
def draw_neighbour(
    instance: Instance,
    schedule: ScheduleArrays,
    swaps: float,
    stream: RandomStream,
) -> Neighbour:
    """Return a random neighbour; its task is -1 if what was drawn is none that fits."""
    nothing = Neighbour(-1, -1, -1, 0.0, 0.0)
    tasks, nodes = len(instance.memory), len(instance.capacity)
    first, second, kind = next_uniform(stream), next_uniform(stream), next_uniform(stream)
    task = int(first * tasks)
    origin, back = schedule.assignment[task], -1
    if kind < swaps:
        back = int(second * tasks)
        node = schedule.assignment[back]
    else:
        node = (origin + 1 + int(second * (nodes - 1))) % nodes
    if node == origin:
        return nothing
    here = schedule.loads[origin] - time_of(instance.et, task, origin)
    there = schedule.loads[node] + time_of(instance.et, task, node)
    used_here = schedule.used[origin] - instance.memory[task]
    used_there = schedule.used[node] + instance.memory[task]
    if back >= 0:
        here += time_of(instance.et, back, origin)
        there -= time_of(instance.et, back, node)
        used_here += instance.memory[back]
        used_there -= instance.memory[back]
    fits = used_here <= instance.capacity[origin] and used_there <= instance.capacity[node]
    if not (fits and here < np.inf and there < np.inf):
        return nothing
    return Neighbour(task, node, back, here, there)


@jit_lean
def rise_of(schedule: ScheduleArrays, drawn: Neighbour, power: int, scale: float) -> float:
    """Return by how much the energy of a neighbour is larger, in s."""
    origin, node = schedule.assignment[drawn.task], drawn.node
    here, there = schedule.loads[origin], schedule.loads[node]
    if power > 0:
        unit = scale if scale > 0.0 else 1.0
        after = whole_power(drawn.here / unit, power) + whole_power(drawn.there / unit, power)
        before = whole_power(here / unit, power) + whole_power(there / unit, power)
        return (after - before) * unit / power
    makespan = schedule_makespan(schedule)
    here, there = schedule.ends[origin], schedule.ends[node]
    alone = schedule.first[origin] == drawn.task and schedule.following[drawn.task] < 0
    _rank(schedule, origin, 0.0 if alone and drawn.back < 0 else drawn.here)
    _rank(schedule, node, drawn.there)
    rise = schedule_makespan(schedule) - makespan
    _rank(schedule, origin, here)
    _rank(schedule, node, there)
    return rise


@jit_lean
def _rank(schedule: ScheduleArrays, node: int, end: float) -> None:
    """Let a node end at another time, and rank it again."""
    schedule.ends[node] = end
    lift(schedule.ranks, schedule.ends, node)


@jit_lean
def accept(instance: Instance, schedule: ScheduleArrays, drawn: Neighbour) -> None:
    """Make a neighbour the current schedule, its loads summed anew."""
    origin = schedule.assignment[drawn.task]
    shift(instance, schedule, drawn.task, drawn.node)
    if drawn.back >= 0:
        shift(instance, schedule, drawn.back, origin)
    settle(instance, schedule, origin)
    settle(instance, schedule, drawn.node)


@jit_lean
def is_accepted(rise: float, temperature: float, logistic: bool, uniform: float) -> bool:
    """Whether a neighbour that is longer by `rise` s is accepted."""
    if rise <= 0.0:
        return True
    if temperature <= 0.0:
        return False
    weight = np.exp(-rise / temperature)
    chance = weight / (1.0 + weight) if logistic else weight
    return bool(uniform < chance)
