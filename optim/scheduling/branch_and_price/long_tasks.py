"""A bound by the longest tasks: each of them runs on one node, the others may be split.

Where few tasks are most of the work, most of what splitting gains is gained by these: programs in
which only they are whole have small trees, and bounds close to the best schedule. The root of
branch and price does not see this, as it uses columns in parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.bounds.rounding import lifted_to_units
from edgeopt.optim.scheduling.branch_and_price.root import Root
from edgeopt.optim.scheduling.integer_program import build_integer_program, solve_program
from edgeopt.optim.scheduling.run_time import time_left
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem

_NODES = 1000  # of HiGHS's tree

_LITTLE = 1 / 64  # of the gap: a program that raises the bound by less was in vain

_IN_VAIN = 2  # such programs, after which others seem in vain, too

_SLOWER = 3  # times the work of a program: that of the next, about

_SHARE = 0.25  # of the time left, which a program may take

_OPEN_S = 1e-5  # time to begin, for each pair of task and node


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
    """

    number: int = 0
    in_vain: int = 0
    work: float = 0.0
    has_ended: bool = False


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
    answer = solve_program(program._replace(longest=programs.number), None, mip_max_nodes=_NODES)
    root.work += answer.work
    programs.work = answer.work
    bound = min(lifted_to_units(problem, answer.bound, met), met)
    gain, gap = bound - root.bound, met - root.bound
    programs.in_vain = 0 if gain > _LITTLE * gap else programs.in_vain + 1
    root.bound = max(root.bound, bound)
    root.deadlines.raise_to(bound)
    programs.has_ended = not answer.ended or programs.in_vain >= _IN_VAIN
    return [] if answer.assignment is None else [answer.assignment]
