"""A proof that grows while a solver searches: prices and trees refute deadlines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeopt.optim.scheduling.bounds.quick_bounds import LP_ENTRIES
from edgeopt.optim.scheduling.branch_and_price.deadlines import Deadlines
from edgeopt.optim.scheduling.branch_and_price.fixing import refuted_pairs
from edgeopt.optim.scheduling.branch_and_price.lp_tree import plant_lp, visit_lp
from edgeopt.optim.scheduling.branch_and_price.prices import improve, open_prices
from edgeopt.optim.scheduling.branch_and_price.projection import approach
from edgeopt.optim.scheduling.branch_and_price.proof import (
    Proof,
    close_gap,
    gains_by_dives,
    in_reach_of_trees,
    open_proof,
    work_on_deadline,
)
from edgeopt.optim.scheduling.branch_and_price.root import Root, raise_deadline
from edgeopt.optim.scheduling.branch_and_price.tree import descent_visits
from edgeopt.optim.scheduling.branch_and_price.whole import propagate, whole_problem
from edgeopt.optim.scheduling.certificate import Certificate
from edgeopt.optim.scheduling.exact_search import search_better
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.scheduling.solver import State, is_own, keep_if_better
from edgeopt.optim.scheduling.stop import Progress
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.tally import counting

_STEP_S, _EVALUATION_S = 5e-4, 1e-9  # of the proof's work, for a step and an evaluation in it

_STALLED = 16  # steps without a better schedule, and half of all, after which a search stalls

_AS_LONG, _LONGER = 4, 40  # times the work: beside a step, or where the proof seems near; in dives

_MOST_PRICES = 5_000_000  # in trees, one for each task and visit; they would take much memory

_EXACT_NODES, _EXACT_S = 1_000_000, 0.1  # of the search of all schedules, and its time


@dataclass
class Lifting:
    """The proof of a run.

    Attributes
    ----------
    allowed : float
        Work allowed so far, as `Root.work`.
    evaluations : int
        Of the solver so far.
    proof : Proof or None
        Deadlines, prices and trees, once there was work for them.
    best : State
        The best schedule that the proof has come upon; its evaluations are those of all.
    met : float
        Makespan in s of the best schedule of the last step.
    improved : int
        The step in which the search itself has found a better schedule last.
    turn : int
        How often a tree was worked in.
    seen : float
        Makespan in s beyond whose deadlines nothing but the search of all schedules was left.
    """

    allowed: float = 0.0
    evaluations: int = 0
    proof: Proof | None = None
    best: State = field(default_factory=State)
    met: float = np.inf
    improved: int = 0
    turn: int = 0
    seen: float = np.inf

    @property
    def bound(self) -> float:
        """The bound proved so far in s, 0 before the first."""
        return self.proof.root.bound if self.proof else 0.0

    @property
    def certificate(self) -> Certificate | None:
        """The proof for the largest deadline refuted."""
        return self.proof.certificate if self.proof else None


def lifts_bound(problem: Problem, solver: Any) -> bool:
    """Whether the bound rises while a solver searches: it asks for that and the LP is not large."""
    wanted = is_own(solver) and bool(getattr(solver, "lifts_bound", False))
    return wanted and problem.tasks * problem.nodes <= LP_ENTRIES


def lift(problem: Problem, lifting: Lifting, now: Progress, beside: bool = False) -> bool:
    """Work at the proof after a step, or beside it; return whether any was done.

    After a step, it takes a sixth to a quarter of the time of a step of `Frontier`; beside one, and
    where the proof or a better schedule seems near, up to as long; with few units left, as long as
    there are dives, up to ten times as long. The work is counted, not timed: the same run proves
    the same, whatever else the machine does.

    Parameters
    ----------
    problem : Problem
        What the solver works on.
    lifting : Lifting
        Is changed.
    now : Progress
        After the step: its evaluations tell how much was done, and beyond its makespan no bound is
        needed.
    beside : bool
        Whether the next step is done at the same time, on another core.
    """
    share = max(_STEP_S, _EVALUATION_S * (now.evaluations - lifting.evaluations))
    lifting.evaluations = now.evaluations
    if now.makespan < min(lifting.met, lifting.best.makespan):
        lifting.improved = now.iterations
    lifting.met = now.makespan
    proof = lifting.proof = lifting.proof or open_proof(problem)
    root = proof.root
    near = beside or _is_near(problem, lifting, now)
    if root.deadlines.is_few_units and proof.is_diving:
        share *= _LONGER
    elif near:
        share *= _AS_LONG
    lifting.allowed += share
    root.deadlines.met = min(now.makespan, lifting.best.makespan)
    before = root.work
    while root.work < lifting.allowed and not is_over():
        if not _prove(problem, lifting, proof, near):
            lifting.allowed = root.work  # not saved up for a later time
    return root.work > before


def _prove(problem: Problem, lifting: Lifting, proof: Proof, near: bool) -> bool:
    """Do a piece of work at the proof; return whether there was any worth doing."""
    deadlines = proof.root.deadlines
    schedules: list[IntArray] | None = None
    if not deadlines.root_is_done:
        schedules = raise_deadline(problem, proof.root, 1)
    elif not deadlines.is_settled and not in_reach_of_trees(problem, deadlines):
        before = proof.long_tasks.evaluations
        schedules = close_gap(problem, proof, 1, dives=near)
        lifting.best.evaluations += proof.long_tasks.evaluations - before
        if schedules is None:
            return False
    elif not deadlines.is_settled and proof.visited * problem.tasks <= _MOST_PRICES:
        lifting.turn += 1
        schedules = work_on_deadline(problem, proof, lifting.turn, 1)
    for assignment in schedules or []:
        _offer(problem, lifting, deadlines, assignment)
    return schedules is not None or _look_at_all(problem, lifting, proof.root)


def _is_near(problem: Problem, lifting: Lifting, now: Progress) -> bool:
    """Whether the proof is worth as much time as the search.

    That is with few units left, as long as trees have not visited as many nodes as a descent takes;
    with more, if the problem is not too large, until dives find nothing and the longest tasks have
    raised the bound; or while the search stalls, if few units are left or the root is done.
    """
    assert lifting.proof is not None
    deadlines = lifting.proof.root.deadlines
    few = deadlines.is_few_units
    if few and lifting.proof.visited < descent_visits(problem.tasks):
        return True
    many = deadlines.met < math.inf and not in_reach_of_trees(problem, deadlines)
    if many and gains_by_dives(problem) and lifting.proof.may_close_gap:
        return True
    stalled = now.iterations - lifting.improved >= max(_STALLED, now.iterations / 2)
    return stalled and (few or deadlines.root_is_done)


def _offer(problem: Problem, lifting: Lifting, deadlines: Deadlines, assignment: IntArray) -> None:
    """Keep a schedule of the proof if it is complete, fits and is the best so far."""
    best = lifting.best
    with counting(None):  # it is part of the work of the run, not of the solver
        best.evaluations += keep_if_better(problem, best, assignment, deadlines.met)
    deadlines.met = min(deadlines.met, best.makespan)


def _look_at_all(problem: Problem, lifting: Lifting, root: Root) -> bool:
    """Try to prove by looking at all schedules what the rounding of times leaves open, once."""
    met = root.deadlines.met
    if not met < lifting.seen or root.bound >= met:
        return False
    lifting.seen = met
    root.work += _EXACT_S
    found, complete = search_better(problem, None, met, _EXACT_NODES)
    if found is not None:
        _offer(problem, lifting, root.deadlines, found)
    if complete:
        root.bound = root.deadlines.met
    return True


def load_kernels(problem: Problem) -> None:
    """Do what compiles all that a proof needs, on a small problem."""
    root = open_proof(problem).root
    whole = whole_problem(problem, root.deadlines.latest, root.deadlines.unit)
    left = propagate(whole, np.ones_like(whole.alive))
    search = open_prices(whole, left, root.prices, root.columns)
    approach(search)
    improve(search)
    refuted_pairs(whole, left, search.prices, search.worth)
    visit_lp(plant_lp(problem, whole))
    search_better(problem, None, math.inf, 0)
