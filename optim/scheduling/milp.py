"""The exact solver: the integer program by HiGHS, over the pairs that may still help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.knapsack_bound import (
    Bundle,
    improve_prices,
    open_bundle,
    useful_pairs_of,
)
from edgeopt.optim.scheduling.bounds.lp import silent_highs
from edgeopt.optim.scheduling.bounds.rounding import whole_memory
from edgeopt.optim.scheduling.heuristics.lp_rounding import check_pairs, lp_rounding
from edgeopt.optim.scheduling.local_search.iterated import start_assignments
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import OPTIMALITY
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

_TOLERANCE = 1e-9  # of HiGHS, the smallest that it allows

_WHOLE = 0.5  # a variable above is 1


@dataclass(kw_only=True)
class MILPState(State):
    """State of `MILP` between two steps.

    Attributes
    ----------
    seed : int
        Seed of HiGHS.
    bundle : Bundle
        Prices of the knapsack bound.
    iterations, slices : int
        Iterations done of the bound, and slices of the integer program.
    """

    seed: int
    bundle: Bundle
    iterations: int = 0
    slices: int = 0


@dataclass(frozen=True)
class MILP:
    """The best heuristic schedule, then the knapsack bound, then HiGHS on the pairs it leaves.

    A step is one iteration of the bound, until that has converged, or else a slice of the integer
    program: a new tree with twice the nodes of the last one, from the best schedule so far. Before
    each slice, pairs that no better schedule uses are dropped (`useful_pairs`). Memory capacities
    are rows of the program.

    Notes
    -----
    Under a budget of iterations, equal seeds give equal bits unless a slice reaches its time limit,
    as on problems where 100 nodes of the tree take longer than a second. A slice is always
    finished, and may thus exceed a time budget, at most to about its double. If a schedule is
    proved optimal within HiGHS's tolerance (1e-9), its makespan is the bound.

    References
    ----------
    Huangfu, Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
    Computation 10, 2018 (HiGHS).

    Examples
    --------
    >>> from edgeopt import MILP, Problem, Seconds, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> result = solve(problem, MILP(), stop=Seconds(600.0), rng=1)
    >>> result.makespan, result.lower_bound, result.status.value
    (5.0, 5.0, 'optimal')
    """

    bound_iterations: int = parameter(300, "most iterations of the knapsack bound", at_least=0)
    nodes: int = parameter(100, "nodes of the tree in the first slice", at_least=1)
    slice_seconds: float = parameter(1.0, "time limit of the first slice in s", above=0)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> MILPState:
        """Return the best of the heuristic schedules and `start`, and the LP's prices.

        Raises
        ------
        InputError
            If the problem has more than 2,000,000 pairs of task and node.
        """
        check_pairs(problem, "milp")
        state = MILPState(seed=int(rng.integers(2**31)), bundle=open_bundle(problem))
        if start is not None:
            state.assignment, state.makespan = start, problem.makespan(start)
        for assignment in (*start_assignments(problem), lp_rounding(problem, rng)):
            _offer(problem, state, assignment)
        _settle(state)
        return state

    def step(self, problem: Problem, state: MILPState) -> MILPState:
        """Improve the bound, or solve a slice."""
        if state.iterations < self.bound_iterations and not state.bundle.converged:
            improve_prices(state.bundle)
            state.iterations += 1
        else:
            self._solve_slice(problem, state)
        _settle(state)
        return state

    def _solve_slice(self, problem: Problem, state: MILPState) -> None:
        """Run HiGHS on the pairs left; keep its schedule and its bound if they are better."""
        # HiGHS cannot resume a tree. Doubled trees cost at most twice what a single one would.
        factor = 2.0**state.slices
        program = build_integer_program(problem, useful_pairs_of(state.bundle, state.makespan))
        answer = solve_program(
            program,
            state.assignment,
            random_seed=state.seed,
            mip_max_nodes=int(min(self.nodes * factor, 2**31 - 1)),
            time_limit=self.slice_seconds * factor,
        )
        if answer.assignment is not None:
            _offer(problem, state, answer.assignment)
        state.slices += 1
        state.done = answer.ended
        state.lower_bound = max(state.lower_bound, answer.bound)


def _settle(state: MILPState) -> None:
    """Keep the best bound; if it proves the schedule optimal, end, with the makespan as bound."""
    proved = max(state.lower_bound, state.bundle.bound)
    state.done = state.done or proved >= state.makespan * (1 - OPTIMALITY)
    state.lower_bound = state.makespan if state.done else proved


def _offer(problem: Problem, state: MILPState, assignment: IntArray) -> None:
    """Keep the assignment if it is complete, fits and is the best so far."""
    state.evaluations += 1
    if (assignment < 0).any() or not problem.fits(assignment):
        return
    makespan = problem.makespan(assignment)
    if makespan < state.makespan:
        state.assignment, state.makespan = assignment, makespan


# The integer program over given pairs, as HiGHS takes it.


class IntegerProgram(NamedTuple):
    """Minimise C subject to sum_j z_ij = 1, sum_i et_ij z_ij <= C, memory rows, z binary.

    If nodes have ready times, a binary y_j says whether node j gets a task: its load begins with
    ready_j y_j, and sum_i z_ij <= n_j y_j for its n_j pairs.

    Attributes
    ----------
    task, node : ndarray, shape (n,)
        The pairs of the variables z, which are followed by the y, if any, and C.
    times : ndarray, shape (n,)
        Their execution times in units of `scale`.
    held : ndarray, shape (n,)
        Their memory in units of the largest capacity; zeros where the problem has none.
    room : ndarray, shape (x,)
        Capacities in that unit, infinite where the problem has none.
    ready : ndarray, shape (x,)
        Ready times of the nodes, in units of `scale`.
    scale : float
        In s.
    tasks : int
        k.
    """

    task: IntArray
    node: IntArray
    times: FloatArray
    held: FloatArray
    room: FloatArray
    ready: FloatArray
    scale: float
    tasks: int

    @property
    def switches(self) -> int:
        """Number of variables y: x, or none if all nodes are ready at once."""
        return len(self.ready) if self.ready.any() else 0


class IntegerSolution(NamedTuple):
    """HiGHS's answer.

    Attributes
    ----------
    assignment : ndarray, shape (k,), or None
        Its best schedule.
    bound : float
        In s: no schedule over the given pairs has a smaller makespan. HiGHS's tolerances are
        subtracted.
    ended : bool
        Whether this proves the best known schedule optimal, within these tolerances.
    """

    assignment: IntArray | None
    bound: float
    ended: bool


def build_integer_program(problem: Problem, pairs: NDArray[np.bool_]) -> IntegerProgram:
    """Return the program over the pairs, a bool array of shape (k, x)."""
    task, node = np.nonzero(pairs)
    times = problem.matrix[task, node]
    ready = ready_times(problem)
    # HiGHS's tolerances are absolute: times and memory are scaled to at most 1.
    scale = max(float(times.max()), float(ready.max())) or 1.0
    held, room = np.zeros(len(task)), np.full(problem.nodes, np.inf)
    if problem.task_memory is not None:
        memory, capacity = whole_memory(problem)
        size = float(capacity.max()) or 1.0
        held, room = memory[task] / size, capacity / size
    ready = ready / scale
    return IntegerProgram(task, node, times / scale, held, room, ready, scale, problem.tasks)


def solve_program(
    program: IntegerProgram, start: IntArray | None, **options: float
) -> IntegerSolution:
    """Return HiGHS's answer under its `options`, from the schedule `start` if there is one."""
    from highspy import HighsModelStatus

    highs = silent_highs(
        mip_rel_gap=0.0,
        mip_abs_gap=_TOLERANCE,
        mip_feasibility_tolerance=_TOLERANCE,
        primal_feasibility_tolerance=_TOLERANCE,
        dual_feasibility_tolerance=_TOLERANCE,
        **options,
    )
    highs.passModel(_model(program))
    if start is not None:
        highs.setSolution(_solution(program, start))
    highs.run()
    info, status = highs.getInfo(), highs.getModelStatus()
    if status == HighsModelStatus.kInfeasible:
        # Only pairs of no better schedule are missing: the known one is optimal.
        return IntegerSolution(None, 0.0, start is not None)
    # The dual bound holds within the tolerances only.
    lost = _TOLERANCE * (1.0 + abs(info.mip_dual_bound))
    bound = max(0.0, (info.mip_dual_bound - lost) * program.scale)
    found = None
    if np.isfinite(info.objective_function_value) and info.primal_solution_status:
        values = np.array(highs.getSolution().col_value)[: len(program.task)]
        chosen = values > _WHOLE
        found = np.full(program.tasks, -1)
        found[program.task[chosen]] = program.node[chosen]
    return IntegerSolution(found, bound, status == HighsModelStatus.kOptimal)


def _model(program: IntegerProgram) -> Any:
    """Return the program as a model of HiGHS: rows of tasks, loads, memory and ready times."""
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
    most = np.concatenate(upper)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    matrix = coo_array(entries, shape=(len(most), n + y + 1)).tocsc()
    model = HighsLp()
    model.num_col_, model.num_row_ = n + y + 1, len(most)
    model.col_cost_ = np.append(np.zeros(n + y), 1.0)
    model.col_lower_, model.col_upper_ = np.zeros(n + y + 1), np.append(np.ones(n + y), np.inf)
    model.row_lower_ = np.where(np.arange(len(most)) < k, 1.0, -np.inf)
    model.row_upper_ = most
    model.a_matrix_.format_ = MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    model.integrality_ = [HighsVarType.kInteger] * (n + y) + [HighsVarType.kContinuous]
    return model


def _solution(program: IntegerProgram, assignment: IntArray) -> Any:
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
