"""Iterated local search: descent, then kicks and ejection chains as a temperature falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays
from edgeopt.optim.scheduling.heuristics.batch_rules import max_min, min_min, sufferage
from edgeopt.optim.scheduling.heuristics.list_rules import lpt, mct
from edgeopt.optim.scheduling.local_search.moves import (
    COLD,
    DEFAULT_AMBITION,
    DEFAULT_OVERLOAD,
    HOT,
    KickSettings,
    descend_further,
    kick_often,
    kicks_at_once,
    restart_from,
)
from edgeopt.optim.scheduling.local_search.search import (
    DEFAULT_DEPTH,
    DEFAULT_WIDTH,
    Search,
    allow_work,
    open_search,
    take_best,
)
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.scheduling.solver import Scheduler, State
from edgeopt.optim.stream import RandomStream, open_stream
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.memory import best_fit_decreasing
from edgeopt.problems.scheduling.problem import Problem

_QUADRATIC, _MOST_TASKS = ("max-min", "sufferage"), 5000  # rules that compare all open tasks

Start = Literal["mct", "lpt", "min-min", "max-min", "sufferage"]

HEURISTICS: dict[str, Scheduler] = {
    "mct": mct,
    "lpt": lpt,
    "min-min": min_min,
    "max-min": max_min,
    "sufferage": sufferage,
}


@dataclass(kw_only=True)
class LocalSearchState(State):
    """State of the local search between two iterations.

    Attributes
    ----------
    stream : ndarray of uint64, shape (4,)
        Random numbers.
    search : Search
        The current schedule and the best.
    start : ndarray, shape (k,), optional
        The user's initial assignment.
    position, length : int
        Iterations done of this cycle, and its length; 0 before the first schedule.
    descending : bool
        Whether a descent goes on in the next iteration.
    """

    stream: RandomStream
    search: Search
    start: IntArray | None = None
    position: int = 0
    length: int = 0
    descending: bool = False


@dataclass(frozen=True)
class LocalSearch:
    """Descent from a heuristic's schedule, then ejection chains that start from random kicks.

    The first iteration builds the schedule and descends from it (shifts and swaps of the critical
    node). Each further one kicks the schedule `kicks` times: a random task is moved to one of its
    candidate nodes, and an ejection chain repairs the damage or is undone. The cost is the price
    of all loads at the LP's multipliers, with a surcharge on loads above a target below the best
    makespan. It has no plateaus: a swap between two nodes that are not critical counts if it saves
    priced time. A rise of cost is accepted at random, as in annealing; within a cycle the
    temperature falls from `hot` to `cold`, in units of the gap to the LP bound over the number of
    nodes. Cycles start from the best schedule and double in length.

    On thousands of tasks a descent takes several iterations, and an iteration has fewer kicks: none
    compares many more than 20 million neighbours, whatever the size of the problem.

    Notes
    -----
    Prices and candidates come from the LP that also gives the bound. If `solve` has not computed
    it before, its time counts as the solver's.

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

    start: Start = parameter("lpt", "heuristic of the first schedule")
    width: int = parameter(DEFAULT_WIDTH, "candidate nodes of a task", at_least=1, search=(2, 32))
    depth: int = parameter(DEFAULT_DEPTH, "longest ejection chain", at_least=1, search=(1, 8))
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

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> LocalSearchState:
        """Return the state before the first schedule, which is `start` if given."""
        search = open_search(problem, self.width, self.depth)
        return LocalSearchState(stream=open_stream(rng), search=search, start=start)

    def step(self, problem: Problem, state: LocalSearchState) -> LocalSearchState:
        """Build the first schedule, or kick the current one."""
        compared = int(state.search.compared[0])
        allow_work(state.search)
        if state.length == 0:
            self._begin(problem, state)
        elif state.descending:
            state.descending = descend_further(state.search)
        else:
            self._kick(state)
        state.evaluations += int(state.search.compared[0]) - compared
        take_best(state, state.search.best)
        return state

    def _begin(self, problem: Problem, state: LocalSearchState) -> None:
        """Descend from the first schedule; the run is over if none is found that fits."""
        first = first_assignment(problem, state, state.start, self.start)
        state.length = self.cycle
        if first is not None:
            state.descending = restart_from(state.search, first)

    def _kick(self, state: LocalSearchState) -> None:
        """Kick at the current temperature; after a cycle return to the best schedule first."""
        if state.position == state.length:
            # Longer cycles find better schedules; doubling works without knowing the budget.
            state.position, state.length = 0, 2 * state.length
            first = state.search.best.assignment.copy()
            state.descending = restart_from(state.search, first)
        share = state.position / state.length
        temperature = self.hot * (self.cold / self.hot) ** share
        settings = KickSettings(self.ambition, self.overload, temperature)
        assignments = state.search.schedule.assignment[None]
        at_once = kicks_at_once(state.search, assignments, self.kicks)
        for done in range(0, self.kicks, at_once):
            kick_often(state.search, settings, min(at_once, self.kicks - done), state.stream)
            if is_over():
                break
        state.position += 1


def first_assignment(
    problem: Problem, state: State, given: IntArray | None, start: Start
) -> IntArray | None:
    """Return the user's assignment or the heuristic's; without one that fits, the run is over."""
    if given is None:
        # The user's assignment is counted by `solve`.
        given, state.evaluations = start_assignment(problem, start), 1
    state.done = given is None
    return given


def start_assignment(problem: Problem, start: Start) -> IntArray | None:
    """Return the heuristic's assignment, shape (k,), or if it fails, another one that fits.

    A heuristic that finds no room for a task is replaced by best-fit decreasing, which considers
    memory and which nodes can run a task; None if that fails too.
    """
    # These heuristics draw no random numbers; the generator only completes the signature.
    assignment = np.asarray(HEURISTICS[start](problem, np.random.default_rng(0)))
    if not (assignment == -1).any():
        return assignment
    return best_fit_decreasing(*memory_arrays(problem), problem.allowed)


def start_assignments(problem: Problem) -> list[IntArray]:
    """Return `start_assignment` of all heuristics that have one, and are quick at this size.

    When the time of the run is up, the first is enough.
    """
    found: list[IntArray] = []
    small = problem.tasks <= _MOST_TASKS
    for name in get_args(Start):
        if found and is_over():
            break
        if small or name not in _QUADRATIC:
            assignment = start_assignment(problem, name)
            found += [] if assignment is None else [assignment]
    return found
