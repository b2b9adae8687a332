"""The integer program over the pairs of task and node that may still help, and HiGHS's answer.

HiGHS works within absolute tolerances of 1e-9. The program is therefore scaled such that its
numbers are at most about 1, and its bound is lowered by what all tolerances together can add.
Memory comes in grains, with half of the least to spare on each node: where sums differ by little
more than the tolerance, HiGHS takes schedules that fit for ones that do not. Sets of tasks that it
packs beyond a capacity are excluded one by one (`cover_of`). Its work is counted by how often it
asks whether to go on, which depends on the program alone.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable
from contextvars import copy_context
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.lp import silent_highs
from edgeopt.optim.scheduling.bounds.rounding import (
    ROUNDING,
    largest_multiple,
    makespan_unit,
    rounded_down,
    unit_of,
    whole_memory,
)
from edgeopt.optim.scheduling.run_time import is_over, time_left
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

_TOLERANCE = 1e-9  # of HiGHS, the smallest that it allows

_GRAIN = 2.0**-23  # least unit of memory, of a node's capacity: far above the tolerance

_WHOLE = 0.5  # a variable above is 1

_PIVOT_S = 3e-7  # time of a pivot of HiGHS in s, for each row and column

_GAP = 0.75  # share of a unit by which HiGHS may be wrong

_GRACE_S = 2.0  # that HiGHS gets to end once its time is up

_LOOK_S = 0.1  # between looks at what HiGHS's thread does

_log = logging.getLogger(__name__)

Cover = tuple[int, ...]
"""Tasks of which a node cannot hold all."""


class IntegerProgram(NamedTuple):
    """Minimise C <= most subject to sum_j z_ij = 1, sum_i et_ij z_ij <= C, memory rows, z binary.

    If nodes have ready times, a binary y_j says whether node j gets a task: its load begins with
    ready_j y_j, and sum_i z_ij <= n_j y_j for its n_j pairs.

    Attributes
    ----------
    task, node : ndarray, shape (n,)
        The pairs of the variables z, which are followed by the y, if any, and C.
    times : ndarray, shape (n,)
        Their execution times in units of `scale`.
    held : ndarray, shape (n,)
        Their memory in capacities of their node, in whole grains; zeros where the problem has none.
    room : ndarray, shape (x,)
        What nodes hold in that unit, and 2**-24 more; infinite where the problem has none.
    ready : ndarray, shape (x,)
        Ready times after `origin`, in units of `scale`; 0 for nodes without pairs.
    origin, scale : float
        In s; C stands for the makespan ``origin + scale C``.
    tasks : int
        k.
    deadline : float
        In s: no schedule that ends later is wanted; infinite for none.
    unit : float
        Of all makespans, in units of `scale`; 0 where they have none, or there is no deadline.
    covers : tuple of (node, tasks)
        Sets of tasks that a node cannot hold.
    """

    task: IntArray
    node: IntArray
    times: FloatArray
    held: FloatArray
    room: FloatArray
    ready: FloatArray
    origin: float
    scale: float
    tasks: int
    deadline: float = math.inf
    unit: float = 0.0
    covers: tuple[tuple[int, Cover], ...] = ()

    @property
    def most(self) -> float:
        """The largest C: far enough above the deadline, and below the next multiple of the unit."""
        return (self.deadline - self.origin) / self.scale + max(self.unit / 2, self.lost)

    @property
    def gap(self) -> float:
        """How close to the optimum a schedule is good enough, in units of `scale`."""
        return max(_TOLERANCE, _GAP * self.unit)

    @property
    def switches(self) -> int:
        """Number of variables y: x, or none if all nodes are ready at once."""
        return len(self.ready) if self.ready.any() else 0

    @property
    def lost(self) -> float:
        """What tolerances can add to a bound on C: those of all variables and all rows."""
        rows = self.tasks + 4 * len(self.room) + len(self.covers)
        return _TOLERANCE * (len(self.task) + self.switches + rows + 1)


class IntegerSolution(NamedTuple):
    """HiGHS's answer.

    Attributes
    ----------
    assignment : ndarray, shape (k,), or None
        Its best schedule; it may exceed a capacity by the tolerance.
    bound : float
        In s: no schedule over the given pairs has a smaller makespan. The tolerances are
        subtracted; infinite if HiGHS finds that there is no schedule.
    ended : bool
        Whether HiGHS has nothing more to search.
    """

    assignment: IntArray | None
    bound: float
    ended: bool


def build_integer_program(
    problem: Problem,
    pairs: NDArray[np.bool_],
    makespan: float = math.inf,
    covers: Iterable[Cover] = (),
    deadline: float = math.inf,
) -> IntegerProgram:
    """Return the program over the pairs that a schedule of at most `makespan` may use.

    Parameters
    ----------
    problem : Problem
        What to solve.
    pairs : ndarray of bool, shape (k, x)
        Candidates.
    makespan : float
        Of a known schedule, in s; it scales the program.
    covers : iterable of tuple of int
        Sets of tasks that were packed on a node beyond its capacity.
    deadline : float
        In s: schedules that end later are left out, if only by as much as the tolerances allow.
    """
    ready, (memory, capacity) = ready_times(problem), whole_memory(problem)
    within = ready + problem.matrix <= makespan * (1 + ROUNDING)
    within &= memory[:, None] <= capacity * (1 + ROUNDING)
    task, node = np.nonzero(pairs & within & np.isfinite(problem.matrix))
    times, used = problem.matrix[task, node], np.isin(np.arange(problem.nodes), node)
    # HiGHS's tolerances are absolute: a late node would hide the times of all others.
    origin = float(ready[used].min(initial=math.inf)) if used.any() else 0.0
    late = np.where(used, ready - origin, 0.0)
    longest = max(float(times.max(initial=0.0)), float(late.max()))
    scale = (makespan - origin if math.isfinite(makespan) else longest) or 1.0
    held, room = np.zeros(len(task)), np.full(problem.nodes, np.inf)
    if problem.task_memory is not None:
        size = np.where(capacity > 0.0, capacity, 1.0)
        grain = np.maximum(unit_of(memory) / size, _GRAIN)
        held = largest_multiple(memory[task] / size[node], grain[node])
        room = largest_multiple(capacity / size, grain) + _GRAIN / 2
    return IntegerProgram(
        task, node, times / scale, held, room, late / scale, origin, scale, problem.tasks, deadline,
        makespan_unit(problem) / scale if deadline < math.inf else 0.0,
        tuple(_cover_rows(problem, covers)),
    )  # fmt: skip


def solve_program(
    program: IntegerProgram, start: IntArray | None, checks: float = math.inf, **options: float
) -> IntegerSolution:
    """Return HiGHS's answer.

    Parameters
    ----------
    program : IntegerProgram
        What to solve.
    start : ndarray, shape (k,), or None
        A schedule to start from.
    checks : float
        How often HiGHS may ask whether to go on, which measures its work.
    **options : float
        Of HiGHS. The time left to the run is its time limit.
    """
    from highspy import HighsModelStatus

    if (np.bincount(program.task, minlength=program.tasks) == 0).any():
        return IntegerSolution(None, math.inf, True)
    highs = silent_highs(
        mip_rel_gap=0.0,
        mip_abs_gap=program.gap,
        mip_feasibility_tolerance=_TOLERANCE,
        primal_feasibility_tolerance=_TOLERANCE,
        dual_feasibility_tolerance=_TOLERANCE,
        **options,
    )
    highs.passModel(model_of(program))
    if start is not None:
        highs.setSolution(solution_of(program, start))
    if not run_program(highs, checks):
        return IntegerSolution(None, 0.0, False)
    info, status = highs.getInfo(), highs.getModelStatus()
    if status == HighsModelStatus.kInfeasible:
        return IntegerSolution(None, math.inf, True)
    found, least = None, info.mip_dual_bound
    if np.isfinite(info.objective_function_value) and info.primal_solution_status:
        values = np.array(highs.getSolution().col_value)[: len(program.task)]
        chosen = values > _WHOLE
        found = np.full(program.tasks, -1)
        found[program.task[chosen]] = program.node[chosen]
        # What is not better by the gap has not been looked at.
        least = min(least, info.objective_function_value - program.gap)
    least = max(0.0, least - program.lost)
    bound = program.origin + least * program.scale if math.isfinite(least) else 0.0
    ended = status == HighsModelStatus.kOptimal
    return IntegerSolution(found, rounded_down(bound, 2), ended)


def run_program(highs: Any, checks: float) -> bool:
    """Run HiGHS, which asks now and then whether to go on; return whether it has ended.

    It has been seen to pass its time limit by minutes without asking. It therefore runs in a thread
    of its own, which is left behind `_GRACE_S` after the limit; HiGHS is not to be used then.
    """
    asked, called_off, limit = 0, threading.Event(), time_left()

    def ask(event: Any) -> None:
        nonlocal asked
        asked += 1
        event.interrupt(called_off.is_set() or is_over() or asked > checks)

    highs.cbMipInterrupt += ask
    highs.setOptionValue("time_limit", limit)  # its parts look at that more often
    # In this context, so that `is_over` is that of the run.
    thread = threading.Thread(target=copy_context().run, args=(highs.run,), daemon=True)
    thread.start()
    patience = limit + _GRACE_S
    try:
        while thread.is_alive() and patience > 0.0:
            thread.join(min(patience, _LOOK_S))  # signals are handled in between
            patience -= _LOOK_S
    except KeyboardInterrupt:  # HiGHS would go on
        called_off.set()
        thread.join(_GRACE_S)
        raise
    if thread.is_alive():
        called_off.set()
        _log.warning("HiGHS does not end at its time limit: the run goes on without it")
    return not thread.is_alive()


def work_of(highs: Any) -> float:
    """Return about the seconds of HiGHS's work: counted by the pivots of all LPs, not timed."""
    pivots = max(int(highs.getInfo().simplex_iteration_count), 0)  # -1 before the first
    return _PIVOT_S * pivots * (int(highs.getNumRow()) + int(highs.getNumCol()))


# Memory: HiGHS may pack a node beyond its capacity by a grain for each task.


def cover_of(problem: Problem, assignment: IntArray) -> Cover | None:
    """Return tasks that an assignment packs on a node beyond its capacity; None if all fit.

    The set is minimal: without any one of its tasks, the others fit.
    """
    for node in range(problem.nodes):
        tasks = np.flatnonzero(assignment == node)
        if _exceeds(problem, node, tasks):
            assert problem.task_memory is not None
            for task in tasks[np.argsort(problem.task_memory[tasks], kind="stable")]:
                rest = tasks[tasks != task]
                if _exceeds(problem, node, rest):
                    tasks = rest
            return tuple(tasks.tolist())
    return None


def _exceeds(problem: Problem, node: int, tasks: Any) -> bool:
    """Whether a node cannot hold the tasks, whatever the order of the sum."""
    if problem.task_memory is None or problem.node_capacity is None:
        return False
    total = math.fsum(problem.task_memory[list(tasks)])
    slack = 3 * problem.tasks * np.finfo(np.float64).eps  # `Problem.fits` allows for rounding
    return bool(total > problem.node_capacity[node] * (1 + slack))


def _cover_rows(problem: Problem, covers: Iterable[Cover]) -> list[tuple[int, Cover]]:
    """Return the covers with each node that cannot hold them."""
    return [
        (node, cover)
        for cover in covers
        for node in range(problem.nodes)
        if _exceeds(problem, node, cover)
    ]


def model_of(program: IntegerProgram) -> Any:
    """Return the program as a model of HiGHS: tasks, loads, memory, ready times and covers."""
    from highspy import HighsLp, HighsVarType, MatrixFormat
    from scipy.sparse import coo_array

    # Rows: each task once; loads at most C; memory, if limited; no task on a node switched off.
    n, k, x, y = len(program.task), program.tasks, len(program.room), program.switches
    limited = np.isfinite(program.room).all()
    rows = [program.task, k + program.node, k + np.arange(x)]
    columns = [np.arange(n), np.arange(n), np.full(x, n + y)]
    values = [np.ones(n), program.times, np.full(x, -1.0)]
    upper = [np.ones(k), np.zeros(x)]
    if limited:
        rows, columns = [*rows, k + x + program.node], [*columns, np.arange(n)]
        values, upper = [*values, program.held], [*upper, program.room]
    if y:
        first, pairs = sum(map(len, upper)), np.bincount(program.node, minlength=x)
        rows = [*rows, k + np.arange(x), first + program.node, first + np.arange(x)]
        columns = [*columns, n + np.arange(x), np.arange(n), n + np.arange(x)]
        values = [*values, program.ready, np.ones(n), -pairs.astype(np.float64)]
        upper = [*upper, np.zeros(x)]
    for node, cover in program.covers:
        covered = np.flatnonzero((program.node == node) & np.isin(program.task, cover))
        rows = [*rows, np.full(len(covered), sum(map(len, upper)))]
        columns, values = [*columns, covered], [*values, np.ones(len(covered))]
        upper = [*upper, np.array([len(cover) - 1.0])]
    most = np.concatenate(upper)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    matrix = coo_array(entries, shape=(len(most), n + y + 1)).tocsc()
    model = HighsLp()
    model.num_col_, model.num_row_ = n + y + 1, len(most)
    model.col_cost_ = np.append(np.zeros(n + y), 1.0)
    model.col_lower_ = np.zeros(n + y + 1)
    model.col_upper_ = np.append(np.ones(n + y), program.most)
    model.row_lower_ = np.where(np.arange(len(most)) < k, 1.0, -np.inf)
    model.row_upper_ = most
    model.a_matrix_.format_ = MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    model.integrality_ = [HighsVarType.kInteger] * (n + y) + [HighsVarType.kContinuous]
    return model


def solution_of(program: IntegerProgram, assignment: IntArray) -> Any:
    """Return the values of the variables for a schedule."""
    from highspy import HighsSolution

    chosen = assignment[program.task] == program.node
    x = len(program.room)
    used = np.bincount(assignment, minlength=x) > 0
    loads = np.bincount(program.node, program.times * chosen, x) + used * program.ready
    solution = HighsSolution()
    switches = used[: program.switches]
    solution.col_value = [*chosen.astype(float), *switches.astype(float), float(loads.max())]
    return solution
