"""A bound by the longest tasks, of which none is split, and a walk with these in their places.

Where few tasks are most of the work, most of what splitting gains is gained by these: programs in
which only they are whole have small trees, and bounds close to the best schedule. The root of
branch and price does not see this, as it uses columns in parts. Nor does a walk find the places of
these tasks, as it moves them only while it is too hot to tell what a place is worth.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.bounds.rounding import lifted_to_units
from edgeopt.optim.scheduling.branch_and_price.root import Root
from edgeopt.optim.scheduling.integer_program import (
    IntegerProgram,
    build_integer_program,
    solve_program,
    whole_tasks,
)
from edgeopt.optim.scheduling.run_time import spending, time_left
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.scheduling.problem import Problem

_NODES = 1000  # of HiGHS's tree

_LITTLE = 1 / 64  # of the gap: a program that raises the bound by less was in vain

_IN_VAIN = 2  # such programs, after which others seem in vain, too

_SLOWER = 2  # times the work of a program: that of the next, about

_SHARE = 0.25  # of the time left, which a program may take

_OPEN_S = 1e-5  # time to begin, for each pair of task and node

_WALK = 4  # times the work of its program: so long is a walk

_STEP_S, _EVALUATION_S = 1e-3, 5e-9  # of its work, for a step and an evaluation


@dataclass
class LongTasks:
    """Programs in which ever more of the longest tasks are whole.

    Attributes
    ----------
    number : int
        Of whole tasks in the last program; 0 before the first.
    in_vain : int
        Programs since the last that has raised the bound by more than little.
    work : float
        Of the last program, as `Root.work`.
    has_ended : bool
        Whether more programs seem not worth their time.
    places : ndarray, shape (x,), or None
        The nodes of the longest x tasks in the last program that has raised the bound.
    placed : Problem or None
        The problem with these tasks on these nodes, until the walk ends.
    walk : State or None
        State of the walk, None before its first step.
    left : float
        Work that the walk may still take, as `Root.work`.
    evaluations : int
        Of all walks so far.
    """

    number: int = 0
    in_vain: int = 0
    work: float = 0.0
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


def raise_by_long_tasks(problem: Problem, root: Root, programs: LongTasks) -> list[IntArray]:
    """Solve a program with twice as many whole tasks; return its schedule, with no task split.

    The bound has no certificate: HiGHS proves it, within its tolerances, which are subtracted.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.
    root : Root
        Its bound is raised.
    programs : LongTasks
        Is changed.
    """
    programs.number = 2 * programs.number or max(1, problem.nodes // 2)
    expected = max(_SLOWER * programs.work, _OPEN_S * problem.matrix.size)
    if programs.number >= problem.tasks or expected > _SHARE * time_left():
        programs.has_ended = True
        return []
    met = root.deadlines.met
    program = build_integer_program(problem, np.isfinite(problem.matrix), met)
    program = program._replace(longest=programs.number)
    answer = solve_program(program, None, mip_max_nodes=_NODES)
    root.work += answer.work
    programs.work = answer.work
    bound = min(lifted_to_units(problem, answer.bound, met), met)
    gain, gap = bound - root.bound, met - root.bound
    programs.in_vain = 0 if gain > _LITTLE * gap else programs.in_vain + 1
    root.bound = max(root.bound, bound)
    root.deadlines.raise_to(bound)
    programs.has_ended = not answer.ended or programs.in_vain >= _IN_VAIN
    if answer.assignment is None:
        return []
    if programs.in_vain == 0 and programs.number >= problem.nodes:
        _place(problem, programs, program, answer.assignment)
    return [answer.assignment]


def _place(
    problem: Problem, programs: LongTasks, program: IntegerProgram, assignment: IntArray
) -> None:
    """Have a walk with as many of the longest tasks as nodes in their places, if these are new."""
    longest = whole_tasks(program)[: problem.nodes]
    places = assignment[longest]
    if programs.places is not None and np.array_equal(places, programs.places):
        return
    times = problem.matrix.copy()
    times[longest] = np.inf
    times[longest, places] = problem.matrix[longest, places]
    memory, capacity = problem.task_memory, problem.node_capacity
    with suppress(InputError):  # the program's memory is not exact: it may not fit
        programs.placed = Problem(times, memory, capacity, ready=problem.ready)
        programs.places, programs.walk, programs.left = places, None, _WALK * programs.work


def walk_on(root: Root, programs: LongTasks) -> list[IntArray]:
    """Do a step of the walk; return its best schedule.

    Parameters
    ----------
    root : Root
        Its work is counted.
    programs : LongTasks
        Is changed; a walk is under way.
    """
    problem, solver, state = programs.placed, Frontier(), programs.walk
    assert problem is not None
    before = 0 if state is None else state.evaluations
    with spending(None):  # a part of the steps cannot tell when the budget ends
        if state is None:
            state = solver.init(problem, np.random.default_rng(programs.number))
        else:
            state = solver.step(problem, state)
    programs.walk, spent = state, state.evaluations - before
    programs.evaluations += spent
    work = _STEP_S + _EVALUATION_S * spent
    root.work += work
    programs.left -= work
    if programs.left <= 0.0 or state.done:
        programs.placed = None
    return [] if state.assignment is None else [state.assignment]
