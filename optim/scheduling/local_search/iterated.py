"""Iterated local search: descent, then kicks and ejection chains under a saw of temperatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays
from edgeopt.optim.scheduling.heuristics.list_rules import lpt, mct
from edgeopt.optim.scheduling.heuristics.min_min import min_min
from edgeopt.optim.scheduling.heuristics.two_best import max_min, sufferage
from edgeopt.optim.scheduling.local_search.moves import (
    COLD,
    DEFAULT_AMBITION,
    DEFAULT_OVERLOAD,
    HOT,
    KickSettings,
    kick_often,
    restart_from,
)
from edgeopt.optim.scheduling.local_search.search import DEPTH, WIDTH, Search, open_search
from edgeopt.optim.scheduling.solver import Scheduler, State
from edgeopt.optim.stream import RandomStream, open_stream
from edgeopt.problems.errors import IntArray
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.memory import best_fit_decreasing
from edgeopt.problems.scheduling.problem import SchedulingProblem


@dataclass(kw_only=True)
class LocalSearchState(State):
    """State of the local search between two iterations.

    Attributes
    ----------
    stream : ndarray of uint64, shape (4,)
        Random numbers.
    search : Search
        The schedule at hand and the best.
    start : ndarray, shape (k,), optional
        The user's initial assignment.
    position, length : int
        Iterations done of this cycle, and how many it has; 0 before the first schedule.
    """

    stream: RandomStream
    search: Search
    start: IntArray | None = None
    position: int = 0
    length: int = 0


@dataclass(frozen=True)
class LocalSearch:
    """Descent from a heuristic's schedule, then ejection chains that start from random kicks.

    The first iteration makes the schedule and descends from it (shifts and swaps of the critical
    node). Every other one kicks the schedule `kicks` times: a random task is forced to one of its
    candidate nodes, and a chain of ejections repairs the damage or is undone. Cost is the price of
    all loads by the LP's multipliers, with a surcharge on what exceeds a target below the best
    makespan, so that there is no plateau: a swap between two nodes that are not critical counts as
    far as it saves priced time. A rise of cost is let through at random, as in annealing; the
    temperature falls within a cycle from `hot` to `cold`, in units of the gap to the LP bound over
    the number of nodes. Cycles start from the best schedule and double in length.

    Notes
    -----
    Prices and candidates come from the LP that also gives the bound; where `solve` has not
    computed it before, its time counts.

    References
    ----------
    Lourenco, Martin, Stuetzle, "Iterated local search", in Handbook of Metaheuristics, 2003; for
    the parts see `edgeopt.optim.scheduling.local_search`.

    Examples
    --------
    >>> from edgeopt import Evaluations, LocalSearch, load_problem, lpt, solve
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> result = solve(problem, LocalSearch(), stop=Evaluations(20_000), rng=1)
    >>> result.makespan < solve(problem, lpt).makespan
    True
    """

    start: Start = parameter("lpt", "heuristic that makes the first schedule")
    width: int = parameter(WIDTH, "candidate nodes of a task", at_least=1, search=(2, 32))
    depth: int = parameter(DEPTH, "longest ejection chain", at_least=1, search=(1, 8))
    kicks: int = parameter(500, "kicks an iteration", at_least=1)
    cycle: int = parameter(16, "iterations of the first cycle", at_least=1, search=(4, 256))
    hot: float = parameter(HOT, "first temperature of a cycle", above=0, search=(0.05, 10))
    cold: float = parameter(COLD, "last temperature of a cycle", above=0, search=(0.001, 0.5))
    ambition: float = parameter(
        DEFAULT_AMBITION, "how far below the best makespan the target lies, as a share of the gap",
        at_least=0, at_most=1, search=(0.05, 0.5),
    )  # fmt: skip
    overload: float = parameter(
        DEFAULT_OVERLOAD, "price of a second beyond the target", at_least=0, search=(0.1, 10)
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self,
        problem: SchedulingProblem,
        rng: np.random.Generator,
        start: IntArray | None = None,
    ) -> LocalSearchState:
        """Return the state before the first schedule, which `start` is if given."""
        search = open_search(problem, self.width, self.depth)
        return LocalSearchState(stream=open_stream(rng), search=search, start=start)

    def step(self, problem: SchedulingProblem, state: LocalSearchState) -> LocalSearchState:
        """Make the first schedule, or kick the one at hand."""
        best = state.search.best
        before = best.makespan[0]
        if state.length == 0:
            self._begin(problem, state)
        else:
            self._go_on(state)
        if best.makespan[0] < before:
            state.assignment = best.assignment.copy()
            state.makespan = float(best.makespan[0])
        return state

    def _begin(self, problem: SchedulingProblem, state: LocalSearchState) -> None:
        """Descend from the first schedule; give up where none is found that fits."""
        first, state.length = state.start, self.cycle
        if first is None:
            first, state.evaluations = start_assignment(problem, self.start), 1
        state.done = first is None
        if first is not None:
            restart_from(state.search, first)

    def _go_on(self, state: LocalSearchState) -> None:
        """Kick at the temperature of the moment; after a cycle return to the best schedule."""
        if state.position == state.length:
            state.position, state.length = 0, 2 * state.length
            restart_from(state.search, state.search.best.assignment.copy())
        share = state.position / state.length
        temperature = self.hot * (self.cold / self.hot) ** share
        urge = KickSettings(self.ambition, self.overload, temperature)
        kick_often(state.search, urge, self.kicks, state.stream)
        state.position += 1
        state.evaluations += self.kicks


# First schedules of the local search.

Start = Literal["mct", "lpt", "min-min", "max-min", "sufferage"]

HEURISTICS: dict[str, Scheduler] = {
    "mct": mct,
    "lpt": lpt,
    "min-min": min_min,
    "max-min": max_min,
    "sufferage": sufferage,
}


def start_assignment(problem: SchedulingProblem, start: Start) -> IntArray | None:
    """Return the heuristic's assignment, shape (k,), or where it fails one that fits.

    A heuristic that finds no room for a task is replaced by best-fit decreasing, which looks at
    memory alone; None if that fails too.
    """
    assignment = np.asarray(HEURISTICS[start](problem, np.random.default_rng(0)))
    if not (assignment == -1).any():
        return assignment
    return best_fit_decreasing(*memory_arrays(problem))


def start_assignments(problem: SchedulingProblem) -> list[IntArray]:
    """Return `start_assignment` of all the heuristics, but for those that find none."""
    found = [start_assignment(problem, name) for name in get_args(Start)]
    return [assignment for assignment in found if assignment is not None]
