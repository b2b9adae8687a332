"""The one loop that runs every iterative solver."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from edgeopt.optim.scheduling.bounds.bounds import lower_bound
from edgeopt.optim.scheduling.solver import (
    IntArray,
    Result,
    Solver,
    State,
    Trace,
    as_solver,
    solver_name,
)
from edgeopt.optim.scheduling.stop import OPTIMALITY, Criterion, Iterations, Progress, as_criteria
from edgeopt.problems.scheduling.problem import SchedulingProblem, UniformTimes

Callback = Callable[[Progress], bool | None]


def solve(
    problem: SchedulingProblem,
    solver: Any,
    *,
    stop: Criterion | Iterable[Criterion] = Iterations(100),
    rng: int | np.random.Generator | np.random.SeedSequence | None = None,
    callback: Callback | None = None,
    bound: Callable[[SchedulingProblem], float] = lower_bound,
) -> Result:
    """Run `solver` on `problem` until a criterion is met, and check what it returns.

    Parameters
    ----------
    problem : SchedulingProblem
        What to solve.
    solver : Solver or callable
        An object with ``init`` and ``step``, or a function ``f(problem, rng) -> assignment``.
    stop : Criterion or iterable of Criterion
        The first met ends the run.
    rng : int, Generator or SeedSequence, optional
        Seed or source of randomness; without one, a fresh seed that the result records.
    callback : callable, optional
        Called with the `Progress` after each iteration; a true return value ends the run.
    bound : callable
        Returns a lower bound on the makespan in s. The default solves a linear program, which
        for many small problems may take longer than the solver.

    Returns
    -------
    Result
        With the trace and a lower bound. Equal seeds and a budget of iterations or evaluations
        give equal bits.

    Raises
    ------
    InputError
        If `solver` or `stop` is not what it must be.
    CheckError
        If the solver returns what it does not hold.

    Examples
    --------
    >>> from edgeopt import ATSA, Evaluations, SchedulingProblem, solve
    >>> problem = SchedulingProblem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> result = solve(problem, ATSA.repaired(), stop=Evaluations(1000), rng=1)
    >>> result.assignment, result.makespan, result.lower_bound
    (array([0, 0, 1]), 5.0, 4.0)
    """
    runner, criteria = as_solver(solver), as_criteria(stop)
    seed, generator = _seeded(rng)
    least = bound(problem)
    state, progress, trace, status = _run(problem, runner, criteria, generator, least, callback)
    assignment, makespan = state.assignment, float("inf")
    if assignment is None:
        status = "infeasible"
    else:
        makespan = check_schedule(problem, assignment, state.makespan, progress.lower_bound)
    return Result(
        assignment=assignment,
        makespan=makespan,
        lower_bound=progress.lower_bound,
        trace=trace,
        iterations=progress.iterations,
        evaluations=progress.evaluations,
        seconds=progress.seconds,
        status=status,
        solver=solver_name(runner),
        problem=problem.name,
        seed=seed,
    )


def _run(
    problem: SchedulingProblem,
    solver: Solver,
    criteria: tuple[Criterion, ...],
    rng: np.random.Generator,
    bound: float,
    callback: Callback | None,
) -> tuple[State, Progress, Trace, str]:
    """Step until something says stop; return the last state and why."""
    trace, progress, status = Trace(), Progress(lower_bound=bound), ""
    start = time.perf_counter()
    state = solver.init(problem, rng)
    while not status:
        state = solver.step(problem, state)
        before, progress = progress, _advance(progress, state, time.perf_counter() - start)
        if progress.makespan < before.makespan:
            trace.record(progress)
        status = _status(state, progress, criteria)
        if callback is not None and callback(progress):
            status = status or "callback"
    if not trace.iterations or trace.iterations[-1] < progress.iterations:
        trace.record(progress)
    return state, progress, trace, status


def _advance(before: Progress, state: State, seconds: float) -> Progress:
    """Return the progress after one more iteration."""
    return Progress(
        iterations=before.iterations + 1,
        evaluations=state.evaluations,
        seconds=seconds,
        makespan=state.makespan,
        lower_bound=max(before.lower_bound, state.lower_bound),
        stalled=0 if state.makespan < before.makespan else before.stalled + 1,
        step_evaluations=state.evaluations - before.evaluations,
    )


def _status(state: State, progress: Progress, criteria: tuple[Criterion, ...]) -> str:
    """Return why to stop, or an empty string."""
    if progress.gap <= OPTIMALITY:
        return "optimal"
    if state.done:
        return "finished"
    return next((type(c).__name__.lower() for c in criteria if c(progress)), "")


def _seeded(
    rng: int | np.random.Generator | np.random.SeedSequence | None,
) -> tuple[int | None, np.random.Generator]:
    """Return the seed, where there is one, and the generator."""
    if isinstance(rng, np.random.Generator | np.random.SeedSequence):
        return None, np.random.default_rng(rng)
    if rng is None:
        rng = np.random.SeedSequence().generate_state(1, np.uint64).item()
    return int(rng), np.random.default_rng(int(rng))


# The independent checker: no result leaves `solve` on a solver's word alone.

TOLERANCE = 1e-9


class CheckError(RuntimeError):
    """A solver's claim does not hold for its assignment.

    Examples
    --------
    See `check_schedule`.
    """


def check_schedule(
    problem: SchedulingProblem, assignment: IntArray, claimed: float, lower_bound: float
) -> float:
    """Return the makespan recomputed from the assignment alone.

    Parameters
    ----------
    problem : SchedulingProblem
        The problem solved.
    assignment : ndarray, shape (k,)
        Node of each task.
    claimed : float
        The solver's makespan in s.
    lower_bound : float
        Bound on every makespan in s.

    Raises
    ------
    InputError
        If the assignment is not k node indices.
    CheckError
        If memory capacities are exceeded, the claim differs from the recomputed makespan by more
        than 1e-9 of it, or the makespan is below the bound by more than that.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import SchedulingProblem
    >>> from edgeopt.optim import check_schedule
    >>> problem = SchedulingProblem([[3.0, 5.0], [2.0, 1.0]])
    >>> check_schedule(problem, np.array([0, 1]), 3.0, 3.0)
    3.0
    >>> check_schedule(problem, np.array([0, 1]), 2.0, 2.0)
    Traceback (most recent call last):
        ...
    edgeopt.optim.scheduling.solve.CheckError: the solver claims a makespan of 2.0 s, it is 3.0 s
    """
    makespan = problem.makespan(assignment)
    if not problem.fits(assignment):
        raise CheckError("the assignment exceeds the memory capacity of a node")
    if not math.isclose(makespan, claimed, rel_tol=TOLERANCE):
        raise CheckError(f"the solver claims a makespan of {claimed!r} s, it is {makespan!r} s")
    if makespan < lower_bound * (1 - TOLERANCE):
        raise CheckError(f"the makespan {makespan!r} s is below the bound {lower_bound!r} s")
    return makespan


# Compile before the clock starts.

ITERATIONS = 20


def warm_up(problem: SchedulingProblem, solver: Any) -> None:
    """Run up to 20 iterations on a problem of two tasks in the form of `problem`, untimed.

    Kernels, those of the bounds as well, are so compiled, or read from numba's cache, before a run
    is measured; some are first called after several iterations. What a user's own solver raises
    here is left for the run itself to show.

    Examples
    --------
    >>> from edgeopt import PSO, Seconds, load_problem, solve
    >>> from edgeopt.optim import warm_up
    >>> problem = load_problem("paper:20x4:seed=1")
    >>> warm_up(problem, PSO())  # kernels are compiled before the clock starts
    >>> solve(problem, PSO(), stop=Seconds(0.01), rng=1).gap < 0.1
    True
    """
    tiny = _tiny(problem)
    runner = as_solver(solver)
    lower_bound(tiny)
    with contextlib.suppress(Exception):
        state = runner.init(tiny, np.random.default_rng(0))
        for _ in range(ITERATIONS):
            state = runner.step(tiny, state)
            if state.done:
                break


def _tiny(problem: SchedulingProblem) -> SchedulingProblem:
    """Return two tasks on two nodes, with memory and ready times if `problem` has them."""
    work_speed = isinstance(problem.et, UniformTimes)
    et = UniformTimes(np.ones(2), np.ones(2)) if work_speed else np.ones((2, 2))
    tiny = SchedulingProblem(et)
    if problem.task_memory is not None:
        tiny = replace(tiny, task_memory=np.ones(2), node_capacity=np.ones(2))
    return tiny if problem.ready is None else replace(tiny, ready=np.ones(2))
