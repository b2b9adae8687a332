"""A bound by the longest tasks, of which none is split, and a walk with these in their places.

Trees that branch on the longest tasks refute ever larger deadlines. A walk does not find the places
of these tasks by itself, as it moves them only while it is too hot to tell what a place is worth.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.branch_and_price.lp_tree import (
    LpTree,
    longest_tasks,
    plant_lp,
    visit_lp,
)
from edgeopt.optim.scheduling.branch_and_price.root import Root, note_refuted
from edgeopt.optim.scheduling.branch_and_price.whole import whole_problem
from edgeopt.optim.scheduling.run_time import is_over, spending, time_left
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.scheduling.problem import Problem

_FIRST_S, _LAST_S = 0.5, 40.0  # work of a tree, after which it is given up, as `Root.work`

_PART, _LEAST_PART = 0.25, 0.06  # of the gap, by which a tree is to raise the bound; at first

_IN_VAIN = 2  # times that trees may take longer and none refutes its deadline: then others do not

_SHARE = 0.25  # of the time left, which a tree may take

_WALK = 2  # times the work of its tree: so long is a walk

_STEP_S, _EVALUATION_S = 1e-3, 5e-9  # of its work, for a step and an evaluation

_OPEN_S = 1e-5  # time to begin a tree, for each pair of task and node

_VISITS = 20  # of a tree, at a time


@dataclass
class LongTasks:
    """Trees to ever larger deadlines.

    Attributes
    ----------
    tree : LpTree or None
        Under way.
    part : float
        Of the gap, by which the next tree is to raise the bound.
    most : float
        Work that a tree may take, as `Root.work`.
    in_vain : int
        Times that `most` was doubled since a tree has refuted its deadline.
    has_ended : bool
        Whether more trees seem not worth their time.
    places : ndarray, shape (x,), or None
        The nodes of the longest x tasks in the last walk.
    placed : Problem or None
        The problem with these tasks on these nodes, until the walk ends.
    walk : State or None
        State of the walk, None before its first step.
    left : float
        Work that the walk may still take, as `Root.work`.
    evaluations : int
        Of all walks so far.
    """

    tree: LpTree | None = None
    part: float = _PART
    most: float = _FIRST_S
    in_vain: int = 0
    has_ended: bool = False
    places: IntArray | None = None
    placed: Problem | None = None
    walk: State | None = None
    left: float = 0.0
    evaluations: int = 0

    @property
    def has_walk(self) -> bool:
        """Whether a walk is to begin, or goes on."""
        return self.placed is not None


def raise_by_long_tasks(problem: Problem, root: Root, long_tasks: LongTasks) -> list[IntArray]:
    """Work in the tree of a deadline; return a schedule found, or a guess from its last prices.

    The deadline is above the largest refuted by a quarter of the gap; by twice that part after one
    that was refuted, up to half of the gap; by half of it after a tree that was given up. From a
    sixteenth on, trees begin with a quarter again, and may take twice as long.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.
    root : Root
        Its bound is raised.
    long_tasks : LongTasks
        Is changed.
    """
    deadlines, search = root.deadlines, long_tasks.tree
    if search is None or not deadlines.refuted < search.tree.whole.deadline < deadlines.highest:
        search = long_tasks.tree = _planted(problem, root, long_tasks)
        if search is None:
            long_tasks.has_ended = True
            return []
    tree, before = search.tree, search.tree.work
    tree.rounded = None
    for _ in range(_VISITS):
        if not tree.open or tree.found is not None or is_over():
            break
        visit_lp(search)
    root.work += tree.work - before
    if tree.is_refuted:
        note_refuted(problem, root, tree.whole, tree.certified)
    if tree.is_refuted or tree.found is not None:
        long_tasks.tree, long_tasks.part = None, min(2 * long_tasks.part, 0.5)
        long_tasks.in_vain = 0
    elif tree.work > long_tasks.most:
        _give_up(problem, long_tasks, search)
    guess = tree.rounded if tree.found is None else tree.found
    return [] if guess is None else [guess]


def _planted(problem: Problem, root: Root, long_tasks: LongTasks) -> LpTree | None:
    """Return the tree of the next deadline, None if none seems worth its time."""
    deadlines = root.deadlines
    deadline = deadlines.between(long_tasks.part)
    is_late = long_tasks.most > min(_LAST_S, _SHARE * time_left())
    if (
        is_late
        or long_tasks.in_vain >= _IN_VAIN
        or not deadlines.refuted < deadline < deadlines.highest
    ):
        return None
    root.work += _OPEN_S * problem.matrix.size
    return plant_lp(problem, whole_problem(problem, deadline, deadlines.unit))


def _give_up(problem: Problem, long_tasks: LongTasks, search: LpTree) -> None:
    """Leave a tree, and have a walk with the longest tasks in its places, if these are new."""
    long_tasks.tree, long_tasks.part = None, long_tasks.part / 2
    if long_tasks.part < _LEAST_PART:
        long_tasks.part, long_tasks.most = _PART, 2 * long_tasks.most
        long_tasks.in_vain += 1
    places, longest = search.places, longest_tasks(search)
    known = long_tasks.places
    if places is None or (known is not None and np.array_equal(places, known)):
        return
    times = problem.matrix.copy()
    times[longest] = np.inf
    times[longest, places] = problem.matrix[longest, places]
    memory, capacity = problem.task_memory, problem.node_capacity
    with suppress(InputError):  # the tree's memory is rounded down: it may not fit
        long_tasks.placed = Problem(times, memory, capacity, ready=problem.ready)
        long_tasks.places, long_tasks.walk = places, None
        long_tasks.left = _WALK * search.tree.work


def walk_on(root: Root, long_tasks: LongTasks) -> list[IntArray]:
    """Do a step of the walk; return its best schedule if it is new.

    Parameters
    ----------
    root : Root
        Its work is counted.
    long_tasks : LongTasks
        Is changed; a walk is under way.
    """
    problem, solver, state = long_tasks.placed, Frontier(), long_tasks.walk
    assert problem is not None
    before, best = (0, np.inf) if state is None else (state.evaluations, state.makespan)
    with spending(None):  # a part of the steps cannot tell when the budget ends
        if state is None:
            state = solver.init(problem, np.random.default_rng(long_tasks.evaluations))
        else:
            state = solver.step(problem, state)
    long_tasks.walk, spent = state, state.evaluations - before
    long_tasks.evaluations += spent
    work = _STEP_S + _EVALUATION_S * spent
    root.work += work
    long_tasks.left -= work
    if long_tasks.left <= 0.0 or state.done:
        long_tasks.placed = None
    return [state.assignment] if state.assignment is not None and state.makespan < best else []
