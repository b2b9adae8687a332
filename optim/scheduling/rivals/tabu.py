"""Tabu search: the best shift or swap of the critical node, though it may lengthen the schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean, time_of
from edgeopt.optim.scheduling.local_search.iterated import Start, first_assignment
from edgeopt.optim.scheduling.local_search.schedule_arrays import (
    Instance,
    ScheduleArrays,
    empty_schedule,
    instance_of,
)
from edgeopt.optim.scheduling.local_search.search import WORK, Best, keep, take_best
from edgeopt.optim.scheduling.rivals.annealing import Neighbour, accept, read_and_keep
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.stream import RandomStream, next_uniform, open_stream
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

_MOVES = 20  # in a step, or fewer: after as many neighbours the step ends

_ENOUGH = 200_000

_ROUNDING = 1e-12  # a relative gain of no more is rounding, and breaks no tabu


class Memory(NamedTuple):
    """What the search remembers.

    Attributes
    ----------
    until : ndarray of int, shape (k,)
        The last move in which a task may not move again.
    moves : ndarray of int, shape (1,)
        Number of moves made.
    """

    until: IntArray
    moves: IntArray


class Choice(NamedTuple):
    """The best neighbour so far.

    Attributes
    ----------
    makespan, peak : float
        Its makespan, and the larger load of its two nodes in s.
    neighbour : Neighbour
        The shift or swap; its task is -1 if there is none yet.
    """

    makespan: float
    peak: float
    neighbour: Neighbour


@dataclass(kw_only=True)
class TabuState(State):
    """State of the tabu search between two steps.

    Attributes
    ----------
    stream : ndarray of uint64, shape (4,)
        Random numbers.
    instance, schedule, best
        The problem, the current schedule and the best.
    memory : Memory
        Which tasks may not move.
    start : ndarray of int, shape (k,), optional
        The user's initial assignment.
    begun : bool
        Whether there is a schedule.
    """

    stream: RandomStream
    instance: Instance
    schedule: ScheduleArrays
    best: Best
    memory: Memory
    start: IntArray | None = None
    begun: bool = False


@dataclass(frozen=True)
class TabuSearch:
    """Tabu search over the shifts and swaps of the critical node.

    Each move is the best of all: a task of the critical node goes to another node, or changes
    places with a task there. The best has the least makespan, and of several such, the smaller
    larger load of the two nodes; it may be worse than the present schedule. Tasks that have moved
    are tabu, that is they stay, for the next `tenure` to 2 `tenure` moves, drawn uniformly, unless
    the schedule becomes the best of all (aspiration). Where every move is tabu, one move passes.
    A task goes only to a node that can run it and has room.

    Notes
    -----
    The tabu list by attributes of moves, and aspiration, are Glover's, from memory. Reassignment
    and interchange as neighbourhoods of this problem are those of Glass, Potts and Shade, of whose
    paper we had the abstract only: taking moves of the critical node, the whole task as the
    attribute, and the drawn tenure are our reading. What Braun et al. 2001 call tabu search is
    another method, descents from random schedules that differ from the earlier ones.

    References
    ----------
    Glover, "Tabu search, part I", ORSA J. Computing 1, 1989. Glass, Potts, Shade, "Unrelated
    parallel machine scheduling using local search", Mathematical and Computer Modelling 20, 1994.

    Examples
    --------
    >>> from edgeopt import Evaluations, TabuSearch, load_problem, min_min, solve
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> result = solve(problem, TabuSearch(), stop=Evaluations(20_000), rng=1)
    >>> result.makespan < solve(problem, min_min).makespan
    True
    """

    start: Start = parameter("min-min", "heuristic of the first schedule")
    tenure: int = parameter(
        10, "moves for which a moved task stays, at least", at_least=1, search=(1, 100)
    )

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> TabuState:
        """Return the state before the first schedule, which is `start` if given."""
        instance, k = instance_of(problem), problem.tasks
        return TabuState(
            stream=open_stream(rng),
            instance=instance,
            schedule=empty_schedule(instance),
            best=Best(np.zeros(k, dtype=np.int64), np.full(1, np.inf)),
            memory=Memory(np.zeros(k, dtype=np.int64), np.zeros(1, dtype=np.int64)),
            start=start,
        )

    def step(self, problem: Problem, state: TabuState) -> TabuState:
        """Read the first schedule, or make some moves."""
        if state.begun:
            state.evaluations += move_often(
                state.instance, state.schedule, state.best, state.memory, self.tenure, state.stream
            )
        else:
            self._begin(problem, state)
        take_best(state, state.best)
        return state

    def _begin(self, problem: Problem, state: TabuState) -> None:
        """Read the first schedule; the run is over if none is found that fits."""
        first, state.begun = first_assignment(problem, state, state.start, self.start), True
        if first is not None:
            read_and_keep(state.instance, state.schedule, state.best, first)


@jit
def move_often(
    instance: Instance,
    schedule: ScheduleArrays,
    best: Best,
    memory: Memory,
    tenure: int,
    stream: RandomStream,
) -> int:
    """Make some moves, and return how many neighbours were evaluated."""
    evaluated = 0
    for _ in range(_MOVES):
        memory.moves[0] += 1
        choice, compared = best_neighbour(instance, schedule, best, memory)
        evaluated += compared
        chosen = choice.neighbour
        if chosen.task >= 0:
            memory.until[chosen.task] = _draw_end(memory, tenure, stream)
            if chosen.back >= 0:
                memory.until[chosen.back] = _draw_end(memory, tenure, stream)
            accept(instance, schedule, chosen)
            keep(schedule, best)
        if evaluated >= _ENOUGH:
            break
    return evaluated


@jit_lean
def _draw_end(memory: Memory, tenure: int, stream: RandomStream) -> int:
    """Return the last move in which a task that moves now may not move again."""
    end: int = memory.moves[0] + tenure + int(next_uniform(stream) * (tenure + 1))
    return end


@jit_lean
def best_neighbour(
    instance: Instance, schedule: ScheduleArrays, best: Best, memory: Memory
) -> tuple[Choice, int]:
    """Return the best neighbour that is not tabu, or becomes the best, and how many were compared.

    The first of equals, by number of the node and the order in the nodes' lists, is the best. Of
    more than `WORK` neighbours, the first so many are enough.
    """
    origin = schedule.ranks[1]
    choice = Choice(np.inf, np.inf, Neighbour(-1, -1, -1, 0.0, 0.0))
    compared = 0
    for node in range(len(schedule.loads)):
        if node == origin:
            continue
        others = _longest_of_others(schedule, origin, node)
        task = schedule.first[origin]
        while task >= 0 and compared < WORK:
            choice, seen = _best_with(
                instance, schedule, best.makespan[0], memory, others, task, node, choice
            )
            compared += seen
            task = schedule.following[task]
    return choice, compared


@jit_lean
def _longest_of_others(schedule: ScheduleArrays, first: int, second: int) -> float:
    """Return when the last of all nodes but two ends, in s."""
    longest = 0.0
    for node in range(len(schedule.ends)):
        if node not in (first, second):
            longest = max(longest, schedule.ends[node])
    return longest


@jit_lean
def _best_with(
    instance: Instance,
    schedule: ScheduleArrays,
    record: float,
    memory: Memory,
    others: float,
    task: int,
    node: int,
    choice: Choice,
) -> tuple[Choice, int]:
    """Return the best of `choice`, the shift of `task` to `node` and its swaps with tasks there."""
    origin, now = schedule.assignment[task], memory.moves[0]
    tabu = memory.until[task] >= now
    here = schedule.loads[origin] - time_of(instance.et, task, origin)
    there = schedule.loads[node] + time_of(instance.et, task, node)
    if there == np.inf:
        return choice, 0
    room = instance.capacity[origin] - (schedule.used[origin] - instance.memory[task])
    lack = schedule.used[node] + instance.memory[task] - instance.capacity[node]
    compared = 0
    if lack <= 0.0:
        compared += 1
        shifted = Neighbour(task, node, -1, here, there)
        choice = better(choice, shifted, others, record, tabu)
    back = schedule.first[node]
    while back >= 0:
        after = here + time_of(instance.et, back, origin)
        if lack <= instance.memory[back] <= room and after < np.inf:
            compared += 1
            left = there - time_of(instance.et, back, node)
            swapped = Neighbour(task, node, back, after, left)
            choice = better(choice, swapped, others, record, tabu or memory.until[back] >= now)
        back = schedule.following[back]
    return choice, compared


@jit_lean
def better(
    choice: Choice, neighbour: Neighbour, others: float, record: float, tabu: bool
) -> Choice:
    """Return a neighbour if it is better than the choice, and allowed, else the choice."""
    peak = max(neighbour.here, neighbour.there)
    makespan = max(peak, others)
    if makespan > choice.makespan or (makespan == choice.makespan and peak >= choice.peak):
        return choice
    if tabu and makespan >= record * (1.0 - _ROUNDING):
        return choice
    return Choice(makespan, peak, neighbour)
