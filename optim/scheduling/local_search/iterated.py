"""The solver `local-search`: descent, then kicks and ejection chains under a saw of temperatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from optim.jit import jit
from optim.parameters import check_parameters, parameter
from optim.scheduling.bounds import lp_bound
from optim.scheduling.local_search.candidates import Candidates, find_candidates
from optim.scheduling.local_search.chain import Chain, empty_chain
from optim.scheduling.local_search.descent import descend
from optim.scheduling.local_search.kicks import Best, Urge, keep_if_best, kick_often
from optim.scheduling.local_search.schedule import (
    Instance,
    Schedule,
    empty_schedule,
    instance_of,
    read_assignment,
)
from optim.scheduling.local_search.start import Start, start_assignment
from optim.solver import IntArray, State
from optim.stream import Stream, open_stream
from problems.scheduling import SchedulingProblem


@dataclass(kw_only=True)
class LocalSearchState(State):
    stream: Stream
    instance: Instance
    schedule: Schedule
    candidates: Candidates
    chain: Chain
    best: Best
    bound: float
    position: int = 0
    length: int = 0


@dataclass(frozen=True)
class LocalSearch:
    start: Start = parameter("min-min", "heuristic that makes the first schedule")
    width: int = parameter(8, "candidate nodes of a task", at_least=1, search=(2, 32))
    depth: int = parameter(4, "longest ejection chain", at_least=1, search=(2, 8))
    kicks: int = parameter(500, "kicks an iteration", at_least=1)
    cycle: int = parameter(16, "iterations of the first cycle; each is twice as long as the last", at_least=1, search=(4, 256))
    hot: float = parameter(0.1, "first temperature of a cycle", above=0, search=(0.01, 1.0))
    cold: float = parameter(0.005, "last temperature", above=0, search=(0.0001, 0.1))
    ambition: float = parameter(0.2, "how far below the best makespan the target lies", at_least=0, at_most=1)
    overload: float = parameter(1.0, "price of a second beyond the target", at_least=0, search=(0.1, 10))
    critical: float = parameter(0.0, "prob", at_least=0, at_most=1)
    reload: bool = parameter(True, "prob")

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> LocalSearchState:
        instance = instance_of(problem)
        k = problem.tasks
        return LocalSearchState(
            stream=open_stream(rng),
            instance=instance,
            schedule=empty_schedule(instance),
            candidates=find_candidates(problem, self.width),
            chain=empty_chain(k, self.depth),
            best=Best(np.zeros(k, dtype=np.int64), np.full(1, np.inf), np.zeros(1, dtype=np.int64)),
            bound=lp_bound(problem),
        )

    def step(self, problem: SchedulingProblem, state: LocalSearchState) -> LocalSearchState:
        before = state.best.makespan[0]
        if state.length == 0:
            first = start_assignment(problem, self.start)
            state.length = self.cycle
            state.evaluations += 1
            if first is None:
                state.done = True
                return state
            _open(state.instance, state.schedule, state.candidates, state.best, first)
        else:
            if state.position >= state.length:
                state.position, state.length = 0, 2 * state.length
                if self.reload:
                    _open(state.instance, state.schedule, state.candidates, state.best, state.best.assignment)
            t = self.hot * (self.cold / self.hot) ** (state.position / state.length)
            state.position += 1
            urge = Urge(state.bound, self.ambition, self.overload, t, self.critical)
            kick_often(state.instance, state.schedule, state.candidates, state.chain, state.best, urge, self.kicks, state.stream)
            state.evaluations += self.kicks
        if state.best.makespan[0] < before:
            state.assignment = state.best.assignment.copy()
            state.makespan = problem.makespan(state.assignment)
        return state


@jit
def _open(instance: Instance, schedule: Schedule, candidates: Candidates, best: Best, first: IntArray) -> None:
    read_assignment(instance, schedule, first)
    descend(instance, schedule, candidates)
    keep_if_best(schedule, best)
