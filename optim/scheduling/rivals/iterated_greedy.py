"""Iterated greedy: some tasks are taken out, put back greedily, and a descent follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.jit import jit, jit_lean, time_of
from edgeopt.optim.scheduling.arrays import mean_times
from edgeopt.optim.scheduling.local_search.candidates import Candidates
from edgeopt.optim.scheduling.local_search.iterated import Start, first_assignment
from edgeopt.optim.scheduling.local_search.moves import descend, descend_further
from edgeopt.optim.scheduling.local_search.schedule_arrays import (
    Instance,
    instance_of,
    read_assignment,
    schedule_makespan,
)
from edgeopt.optim.scheduling.local_search.search import (
    Search,
    allow_work,
    empty_search,
    keep_if_best,
    take_best,
)
from edgeopt.optim.scheduling.rivals.annealing import is_accepted, read_and_keep
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.stream import RandomStream, next_uniform, open_stream
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_ROUNDS = 20  # in a step, or fewer: after as many neighbours the step ends

_ENOUGH = 200_000

_PAIRS = 8_000_000  # of a task and a node that a descent may use: 128 MB


@dataclass(kw_only=True)
class IteratedGreedyState(State):
    """State of the iterated greedy between two steps.

    Attributes
    ----------
    stream : ndarray of uint64, shape (4,)
        Random numbers.
    search : Search
        The current schedule and the best.
    current, trial : ndarray of int, shape (k,)
        The schedule to return to if a new one is rejected; scratch.
    order : ndarray of int, shape (k,)
        The tasks, those taken out first.
    temperature : float
        Mean rise of the makespan that is accepted in s.
    start : ndarray of int, shape (k,), optional
        The user's initial assignment.
    descending : bool
        Whether the first descent goes on in the next step.
    """

    stream: RandomStream
    search: Search
    current: IntArray
    trial: IntArray
    order: IntArray
    temperature: float
    start: IntArray | None = None
    descending: bool = True


@dataclass(frozen=True)
class IteratedGreedy:
    """Iterated greedy: `removed` random tasks are taken out and put back, then a descent follows.

    In each round, the tasks taken out go back one by one, in the order in which they were drawn,
    each to the node where it ends first. The descent makes the best shift or swap of a task of the
    critical node, the one with the least larger load, until none makes that load fall. A schedule
    that is longer by d is accepted with probability exp(-d / T), with the constant temperature
    T = `temperature` mean(et) / 10. A task goes only to a node that can run it and has room; a
    round in which a task finds none is undone.

    Notes
    -----
    Ruiz and Stuetzle's algorithm, with their numbers, quoted from memory: four jobs, 0.4, and the
    mean processing time over ten as the unit of temperature. It is for permutations; the moves on
    assignments are those of the iterated greedy methods of Fanjul-Peyro and Ruiz for this problem,
    insertion and interchange. Of their paper we had the abstract only: which tasks they take out,
    and what they accept, may differ. The first schedule is Min-Min's, as that of all rivals here.

    References
    ----------
    Ruiz, Stuetzle, "A simple and effective iterated greedy algorithm for the permutation flowshop
    scheduling problem", European J. Operational Research 177, 2007. Fanjul-Peyro, Ruiz, "Iterated
    greedy local search methods for unrelated parallel machine scheduling", the same, 207, 2010.

    Examples
    --------
    >>> from edgeopt import Evaluations, IteratedGreedy, load_problem, min_min, solve
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> result = solve(problem, IteratedGreedy(), stop=Evaluations(20_000), rng=1)
    >>> result.makespan < solve(problem, min_min).makespan
    True
    """

    start: Start = parameter("min-min", "heuristic of the first schedule")
    removed: int = parameter(4, "tasks taken out in a round", at_least=1, search=(1, 30))
    temperature: float = parameter(
        0.4, "rise of the makespan accepted, in tenths of the mean time", at_least=0, search=(0, 2)
    )

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> IteratedGreedyState:
        """Return the state before the first schedule, which is `start` if given."""
        k = problem.tasks
        return IteratedGreedyState(
            stream=open_stream(rng),
            search=empty_search(instance_of(problem), fastest_nodes(problem), 1, 0.0),
            current=np.zeros(k, dtype=np.int64),
            trial=np.zeros(k, dtype=np.int64),
            order=np.arange(k),
            temperature=self.temperature * float(mean_times(problem)) / 10.0,
            start=start,
        )

    def step(self, problem: Problem, state: IteratedGreedyState) -> IteratedGreedyState:
        """Build the first schedule or descend from it, or do some rounds."""
        search = state.search
        compared = int(search.compared[0])
        if not np.isfinite(search.best.makespan[0]):
            self._begin(problem, state)
        elif state.descending:
            search.limit[0] = search.compared[0] + _ENOUGH
            state.descending = descend_further(search)
            state.current[:] = search.schedule.assignment
        else:
            rebuild_often(
                search, state.current, state.trial, state.order, min(self.removed, problem.tasks),
                state.temperature, state.stream,
            )  # fmt: skip
        state.evaluations += int(search.compared[0]) - compared
        take_best(state, search.best)
        return state

    def _begin(self, problem: Problem, state: IteratedGreedyState) -> None:
        """Read the first schedule; the run is over if none is found that fits."""
        search, first = state.search, first_assignment(problem, state, state.start, self.start)
        if first is not None:
            read_and_keep(search.instance, search.schedule, search.best, first)


def fastest_nodes(problem: Problem) -> Candidates:
    """Return the nodes of each task, the fastest first, as candidates of a descent without prices.

    All nodes, unless there are more than `_PAIRS` pairs.
    """
    k, x = problem.tasks, problem.nodes
    width = max(1, min(x, _PAIRS // k))
    node = np.empty((k, width), dtype=np.int64)
    if isinstance(problem.et, UniformTimes):
        node[:] = (-problem.et.speed).argsort(kind="stable")[:width]
    else:
        rows = max(1, _PAIRS // x)  # in one block, for memory
        for begin in range(0, k, rows):
            tasks = slice(begin, min(begin + rows, k))
            node[tasks] = problem.et[tasks].argsort(axis=1, kind="stable")[:, :width]
    # Moves to a node that cannot run a task, or has no room for it, never are improvements.
    return Candidates(node, np.zeros((k, width)), np.ones(x), np.zeros(x))


@jit
def rebuild_often(
    search: Search,
    current: IntArray,
    trial: IntArray,
    order: IntArray,
    removed: int,
    temperature: float,
    stream: RandomStream,
) -> None:
    """Do some rounds from the schedule `current`, which is also that of the search."""
    schedule, instance = search.schedule, search.instance
    enough = search.compared[0] + _ENOUGH
    allow_work(search)
    for _ in range(_ROUNDS):
        if search.compared[0] >= enough:
            break
        before = schedule_makespan(schedule)
        for task in range(len(current)):
            trial[task] = current[task]
        draw_tasks(order, removed, stream)
        found = put_back(search, trial, order, removed)
        if found:
            read_assignment(instance, schedule, trial)
            descend(search)
            keep_if_best(search)
        rise = schedule_makespan(schedule) - before
        uniform = next_uniform(stream)
        if found and is_accepted(rise, temperature, False, uniform):
            for task in range(len(current)):
                current[task] = schedule.assignment[task]
        else:
            read_assignment(instance, schedule, current)


@jit_lean
def draw_tasks(order: IntArray, number: int, stream: RandomStream) -> None:
    """Draw `number` different tasks to the head of `order`."""
    for place in range(number):
        other = place + int(next_uniform(stream) * (len(order) - place))
        order[place], order[other] = order[other], order[place]


@jit_lean
def put_back(search: Search, trial: IntArray, order: IntArray, number: int) -> bool:
    """Take tasks out and put them back one by one; return whether each has found a node.

    The new nodes are written to `trial` only; the loads of the schedule are spoilt.
    """
    instance, schedule = search.instance, search.schedule
    for place in range(number):
        task = order[place]
        schedule.loads[trial[task]] -= time_of(instance.et, task, trial[task])
        schedule.used[trial[task]] -= instance.memory[task]
    for place in range(number):
        task = order[place]
        best, least = -1, np.inf
        for node in range(len(schedule.loads)):
            if schedule.used[node] + instance.memory[task] <= instance.capacity[node]:
                search.compared[0] += 1
                end = end_there(instance, schedule.loads, task, node)
                if end < least:
                    best, least = node, end
        if best < 0:
            return False
        trial[task] = best
        schedule.loads[best] = least
        schedule.used[best] += instance.memory[task]
    return True


@jit_lean
def end_there(instance: Instance, loads: FloatArray, task: int, node: int) -> float:
    """Return when a task ends that is put last on a node, in s; infinite if it cannot run it."""
    end: float = loads[node] + time_of(instance.et, task, node)
    return end
