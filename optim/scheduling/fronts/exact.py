"""Exact points of a front by HiGHS: a deadline, or a weighted sum of both objectives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from edgeopt.optim.scheduling.bounds.lp import silent_highs
from edgeopt.optim.scheduling.bounds.rounding import makespan_unit
from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.goal import Goal
from edgeopt.optim.scheduling.heuristics.list_rules import lpt
from edgeopt.optim.scheduling.heuristics.lp_rounding import check_pairs
from edgeopt.optim.scheduling.integer_program import (
    Cover,
    IntegerProgram,
    build_integer_program,
    cover_of,
    model_of,
    run_program,
    work_of,
)
from edgeopt.optim.scheduling.run_time import is_over, time_left, within
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import BoolArray, Problem

_WHOLE = 0.5  # a variable above is 1

_TOLERANCE = 1e-9  # of HiGHS, the smallest that it allows

_STEP = 1e-8  # relative: makespans that are closer are one point of the front

_LONGER = 8.0  # times the step, where the last one was within the tolerance of HiGHS

_SAME = 1e-7  # relative: a weighted sum that is smaller by less finds nothing new


class Wanted(NamedTuple):
    """What is minimised: `makespan` times the makespan, plus `value` times the other objective."""

    makespan: float
    value: float
    deadline: float = math.inf


class Answer(NamedTuple):
    """HiGHS's best schedule, if any, a bound, whether it has ended, and the work in about s."""

    assignment: IntArray | None
    bound: float
    ended: bool
    work: float = 0.0


@dataclass(frozen=True)
class EpsilonConstraint:
    """The least energy or cost for each deadline, by HiGHS: the whole front, or some points of it.

    The deadline falls from infinity to just below the makespan of each schedule found, until no
    schedule is left. Makespans that differ by less than 1e-8 of it are one point. With `points`,
    the deadlines halve the largest box between two neighbouring points instead.

    HiGHS works within absolute tolerances of 1e-9, after scaling: bounds hold up to these.

    References
    ----------
    Haimes, Lasdon, Wismer, "On a bicriterion formulation of the problems of integrated system
    identification and system optimization", IEEE Trans. Systems, Man, and Cybernetics 1, 1971.

    Examples
    --------
    See `front`.
    """

    points: int = parameter(0, "integer programs to solve; 0: the whole front", at_least=0)
    gap: float = parameter(0.0, "relative gap at which HiGHS ends", at_least=0.0)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def search(self, archive: Archive, rng: np.random.Generator) -> Iterator[bool]:
        """Yield after each integer program whether it was solved to the end."""
        check_pairs(archive.problem, "epsilon")
        exact = Exact(archive, self.gap, rng)
        yield exact.cheapest(math.inf, share=1 / max(self.points, 1))
        if not self.points:
            yield from self._downwards(exact)
            return
        archive.offer(lpt(archive.problem, rng))
        tried = set[float]()
        for done in range(1, self.points):
            boxes = [box for box in _boxes(archive) if box[1] not in tried]
            if not boxes:
                return
            _, deadline = max(boxes)
            tried.add(deadline)
            yield exact.cheapest(deadline, share=1 / (self.points - done))

    def _downwards(self, exact: Exact) -> Iterator[bool]:
        """Solve for each deadline below a known makespan."""
        archive, unit = exact.archive, makespan_unit(exact.archive.problem)
        deadline, longer = math.inf, 1.0
        while archive.makespans:
            # The tolerance of HiGHS may return a schedule that ends just after the deadline.
            longer = longer * _LONGER if archive.makespans[0] > deadline else 1.0
            known = min(archive.makespans[0], deadline)
            deadline = known - (unit or longer * _STEP * known)
            if deadline < archive.least:
                return
            ended = exact.cheapest(deadline)
            yield ended
            if not ended:
                return


@dataclass(frozen=True)
class WeightedSum:
    """The schedules that are best for some weights of both objectives, by HiGHS.

    They span the convex hull of the front. Between two neighbours, the weights are those for which
    both are equally good; if no schedule is better, there is none between them on the hull.

    References
    ----------
    Aneja, Nair, "Bicriteria transportation problem", Management Science 25, 1979.

    Examples
    --------
    See `front`.
    """

    points: int = parameter(0, "integer programs to solve; 0: the whole hull", at_least=0)
    gap: float = parameter(0.0, "relative gap at which HiGHS ends", at_least=0.0)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def search(self, archive: Archive, rng: np.random.Generator) -> Iterator[bool]:
        """Yield after each integer program whether it was solved to the end."""
        check_pairs(archive.problem, "weighted")
        exact, most = Exact(archive, self.gap, rng), self.points or math.inf
        archive.offer(lpt(archive.problem, rng))
        share = 1 / max(self.points, 4)
        yield exact.cheapest(math.inf, share=share)
        yield exact.weighted(Wanted(1.0, 0.0), share=share)
        if archive.makespans:  # the cheapest of the shortest
            yield exact.cheapest(archive.makespans[0], share=share)
        done, open_pairs = 3, [_ends(archive)] if len(archive.makespans) > 1 else []
        while open_pairs and done < most:
            (c, e), (longer, cheaper) = open_pairs.pop(0)
            weights = Wanted(e - cheaper, longer - c)
            known = weights.makespan * c + weights.value * e
            before = {*archive.makespans}
            yield exact.weighted(weights, share=1 / min(most - done, 8))
            done += 1
            found = [
                (weights.makespan * m + weights.value * v, m, v)
                for m, v in zip(archive.makespans, archive.values, strict=True)
                if m not in before and c < m < longer
            ]
            if found and min(found)[0] < known - _SAME * abs(known):
                middle = min(found)[1:]
                open_pairs += [((c, e), middle), (middle, (longer, cheaper))]


class Exact:
    """Solves integer programs, and keeps schedules and bounds in an archive.

    Parameters
    ----------
    archive : Archive
        Gets what is found.
    gap : float
        Relative gap at which HiGHS ends.
    rng : Generator
        Source of HiGHS's seed.
    """

    def __init__(self, archive: Archive, gap: float, rng: np.random.Generator) -> None:
        self.archive, self.gap, self.covers = archive, gap, set[Cover]()
        self.seed = int(rng.integers(2**31))

    def cheapest(self, deadline: float, share: float = 1.0) -> bool:
        """Look for the least value up to a deadline, in a share of the time left."""
        answer = self._solve(Wanted(0.0, 1.0, deadline), share)
        self.archive.bound_within(deadline, answer.bound)
        return answer.ended

    def improve(self, deadline: float, pairs: BoolArray, checks: float, *, proves: bool) -> float:
        """Look for a better schedule up to a deadline, with counted work; return that in about s.

        Parameters
        ----------
        deadline : float
            In s.
        pairs : ndarray of bool, shape (k, x)
            Those that count.
        checks : float
            See `solve_program`.
        proves : bool
            Whether every better schedule than the archive's uses these pairs only.
        """
        known = self.archive.value_within(deadline)
        answer = self._solve(Wanted(0.0, 1.0, deadline), 1.0, pairs, checks)
        if proves:
            self.archive.bound_within(deadline, min(answer.bound, known))
        return answer.work

    def weighted(self, wanted: Wanted, share: float = 1.0) -> bool:
        """Look for the least weighted sum, in a share of the time left."""
        answer = self._solve(wanted, share)
        if wanted.value > 0.0:
            slope = -wanted.makespan / wanted.value
            self.archive.bound(answer.bound / wanted.value, slope)
        else:
            self.archive.least = max(self.archive.least, answer.bound / wanted.makespan)
        return answer.ended

    def _solve(
        self,
        wanted: Wanted,
        share: float,
        pairs: BoolArray | None = None,
        checks: float = math.inf,
    ) -> Answer:
        """Solve until HiGHS packs no node beyond its memory."""
        archive = self.archive
        with within(share * time_left()):
            while True:
                answer = minimise(
                    archive.problem, archive.goal, wanted, sorted(self.covers),
                    pairs, checks, mip_rel_gap=self.gap, random_seed=self.seed,
                )  # fmt: skip
                cover = None
                if answer.assignment is not None:
                    cover = cover_of(archive.problem, answer.assignment)
                    archive.offer(answer.assignment)
                if cover is None or cover in self.covers or is_over():
                    return answer._replace(ended=answer.ended and cover is None)
                self.covers.add(cover)


def _boxes(archive: Archive) -> list[tuple[float, float]]:
    """Return size and middle of the boxes in which points may lie between neighbours."""
    makespans, values = archive.makespans, archive.values
    boxes = []
    for place in range(1, len(makespans)):
        left, right = makespans[place - 1], makespans[place]
        if right - left > 2 * _STEP * right:
            area = (right - left) * (values[place - 1] - values[place])
            boxes.append((area, (left + right) / 2))
    first = makespans[0] - archive.least if makespans else 0.0
    if first > 2 * _STEP * makespans[0]:
        extent = max(values[0] - values[-1], 0.0)
        boxes.append((first * extent, makespans[0] - first / 2))
    return boxes


def _ends(archive: Archive) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the first and the last point."""
    points = list(zip(archive.makespans, archive.values, strict=True))
    return points[0], points[-1]


# The integer program.


def minimise(
    problem: Problem,
    goal: Goal,
    wanted: Wanted,
    covers: list[Cover],
    pairs: BoolArray | None = None,
    checks: float = math.inf,
    **options: Any,
) -> Answer:
    """Minimise a weighted sum of makespan and value, up to a deadline.

    Parameters
    ----------
    problem, goal, wanted
        What is scheduled, and what is minimised.
    covers : list of tuple of int
        Sets of tasks that were packed on a node beyond its capacity.
    pairs : ndarray of bool, shape (k, x), optional
        Those that count; by default all.
    checks : float
        See `solve_program`.
    **options : object
        Of HiGHS; the time left to the run is its time limit.

    Returns
    -------
    Answer
        Its bound is infinite if no schedule ends by the deadline.
    """
    from highspy import HighsModelStatus

    # Without a schedule to start from: where presolve leaves a constant in the objective, HiGHS
    # 1.16 takes the start for better than it is, and ends there.
    legal = np.isfinite(problem.matrix)
    pairs = legal if pairs is None else legal & pairs
    if wanted.deadline < math.inf:
        ready = 0.0 if problem.ready is None else problem.ready
        pairs = pairs & (ready + problem.matrix <= wanted.deadline * (1 + _STEP))
    program = build_integer_program(problem, pairs, math.inf, covers, wanted.deadline)
    if (np.bincount(program.task, minlength=program.tasks) == 0).any():
        return Answer(None, math.inf, True)
    highs = silent_highs(
        mip_abs_gap=0.0,
        mip_feasibility_tolerance=_TOLERANCE,
        primal_feasibility_tolerance=_TOLERANCE,
        dual_feasibility_tolerance=_TOLERANCE,
        **options,
    )
    model, size, offset = _priced(program, goal, wanted)
    highs.passModel(model)
    _add_late_nodes(highs, program, problem, goal, wanted.value / size)
    if not run_program(highs, checks):
        return Answer(None, 0.0, False)
    work = work_of(highs)
    info, status = highs.getInfo(), highs.getModelStatus()
    if status == HighsModelStatus.kInfeasible:
        return Answer(None, math.inf, True, work)
    found = None
    if np.isfinite(info.objective_function_value) and info.primal_solution_status:
        chosen = np.array(highs.getSolution().col_value)[: len(program.task)] > _WHOLE
        found = np.full(program.tasks, -1)
        found[program.task[chosen]] = program.node[chosen]
    least = info.mip_dual_bound - program.lost
    bound = least * size + offset if math.isfinite(least) else -math.inf
    return Answer(found, max(bound, 0.0), status == HighsModelStatus.kOptimal, work)


def _priced(program: IntegerProgram, goal: Goal, wanted: Wanted) -> tuple[Any, float, float]:
    """Return the model with its costs, and size and offset of its objective."""
    per_second = wanted.makespan + wanted.value * goal.rate
    pairs = wanted.value * goal.pairs[program.task, program.node]
    of_makespan = per_second * program.scale
    size = max(float(np.abs(pairs).max()), of_makespan) or 1.0
    model = model_of(program)
    costs = np.concatenate([pairs, np.zeros(program.switches), [of_makespan]])
    model.col_cost_ = costs / size
    return model, size, per_second * program.origin + wanted.value * goal.constant


def _add_late_nodes(
    highs: Any, program: IntegerProgram, problem: Problem, goal: Goal, weight: float
) -> None:
    """Add what nodes that are ready only after the makespan would else gain by not waiting."""
    if problem.ready is None or not weight:
        return
    late = np.flatnonzero((problem.ready > 0.0) & (goal.idle > 0.0))
    makespan = len(program.task) + program.switches
    for extra, node in enumerate(late.tolist(), makespan + 1):
        cost = weight * float(goal.idle[node]) * program.scale
        highs.addCol(cost, 0.0, math.inf, 0, np.empty(0, np.int32), np.empty(0))
        own = np.flatnonzero(program.node == node)
        columns = np.concatenate([own, [makespan, extra]]).astype(np.int32)
        values = np.concatenate([program.times[own], [-1.0, -1.0]])
        begins = (float(problem.ready[node]) - program.origin) / program.scale
        highs.addRow(-math.inf, -begins, len(columns), columns, values)
