"""The one loop that runs every solver, and the warm-up."""

from __future__ import annotations

import contextlib
import logging
import math
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.rounding import is_met, sum_rounding
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice, BranchAndPriceState
from edgeopt.optim.scheduling.certificate import Certificate
from edgeopt.optim.scheduling.checker import check_schedule
from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.optim.scheduling.display import Display
from edgeopt.optim.scheduling.heuristics.list_rules import complete
from edgeopt.optim.scheduling.interrupt import Interrupts, ending_at_interrupt
from edgeopt.optim.scheduling.lifting import Lifting, lifts_bound, load_kernels
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch
from edgeopt.optim.scheduling.local_search.priced_start import priced_start
from edgeopt.optim.scheduling.measures import measure
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.portfolio import Portfolio, hand_over
from edgeopt.optim.scheduling.rivals.iterated_greedy import IteratedGreedy
from edgeopt.optim.scheduling.run_time import Deadline, spending, time_left, within
from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.optim.scheduling.seeds import seeded
from edgeopt.optim.scheduling.solver import (
    Result,
    Scheduler,
    Solver,
    State,
    Trace,
    as_solver,
    initial_state,
    is_own,
    solver_name,
)
from edgeopt.optim.scheduling.stop import (
    Criterion,
    Evaluations,
    Iterations,
    Progress,
    Seconds,
    Status,
    TargetGap,
    as_criteria,
    counted_share,
    first_met,
    settled_bound,
)
from edgeopt.optim.scheduling.tempering.opening import QuickState
from edgeopt.optim.scheduling.tempering.solver import Frontier, load_settling
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.tally import Tally, count_evaluations, counting

Callback = Callable[[Progress], bool | None]

OnBest = Callable[[Progress, IntArray], object]

OnEnd = Callable[[Result], object]

_BOUND_SHARE = 1 / 3  # of a budget of seconds: the most that the bound may take

_BOUND_FREE_S = 0.1  # that the bound may take in any case, and that is not part of the budget

_SHORTEST_S = 1e-9  # by which a budget of seconds is divided

_log = logging.getLogger(__name__)

_LARGE_PAIRS = 100_000  # of task and node

_MANY_NODES = 400  # on which ants do not walk in lockstep

_WARM_UP_ITERATIONS = 20  # some kernels are first called after several iterations


def solve(
    problem: Problem,
    solver: Solver[Any] | Scheduler,
    *,
    stop: Criterion | Iterable[Criterion] = Iterations(100),
    rng: int | str | np.random.Generator | np.random.SeedSequence | None = None,
    start: ArrayLike | None = None,
    callback: Callback | None = None,
    on_best: OnBest | None = None,
    on_end: OnEnd | None = None,
    display: bool = False,
    bound: Callable[[Problem], float] = deadline_bound,
    catch_interrupt: bool = True,
) -> Result:
    """Run `solver` on `problem` until a criterion is met, and check what it returns.

    Parameters
    ----------
    problem : Problem
        What to solve.
    solver : Solver or callable
        An object with ``init`` and ``step``, or a function ``f(problem, rng) -> assignment``.
    stop : Criterion or iterable of Criterion
        The first one met ends the run. They are asked after each iteration, and before the first
        one if there is a schedule by then.
    rng : int, str, Generator or SeedSequence, optional
        Seed or source of randomness; without one, a fresh seed that the result records. A text
        is the stream of a row of a sweep, see `read_stream`.
    start : array_like of int, shape (k,), optional
        An initial assignment. It is the first incumbent, at the cost of one evaluation, and the
        result is no worse. `MILP`, `LocalSearch`, `Frontier` and all solvers whose
        ``init`` has a keyword ``start`` also begin from it.
    callback : callable, optional
        Called with the `Progress` after each iteration; a true return value ends the run.
    on_best : callable, optional
        Called with the `Progress` and the assignment at each improvement, including the initial
        state.
    on_end : callable, optional
        Called with the `Result`, once it is checked.
    display : bool
        Whether to print a table to standard error: a line for each improvement, at most four a
        second, and one at the end.
    bound : callable
        Returns a lower bound on the makespan in s. The default solves a linear program or a few,
        which for many small problems may take longer than the solver.
    catch_interrupt : bool
        Whether Ctrl-C (in a notebook: interrupt) ends the run with the best schedule so far, the
        status ``interrupted`` and a warning. A second Ctrl-C within two seconds, or the first one
        where there is no schedule yet, raises `KeyboardInterrupt`, as all do with False.

    Returns
    -------
    Result
        With the trace and a lower bound. Equal seeds and a budget of iterations or evaluations
        give equal bits.

    Raises
    ------
    InputError
        If `problem`, `solver`, `stop` or `start` is illegal.
    CheckError
        If the solver's makespan, memory or bound does not hold for its assignment.

    Notes
    -----
    An evaluation is one schedule, or one neighbour of a schedule, whose loads or makespan are
    computed. `solve` counts the assignments given to the problem's `loads`, `makespan` and
    `total_time`; the same array asked about again, unchanged, counts once. Solvers report in
    ``State.evaluations`` what they compute without these methods, as compiled kernels do. The
    evaluations of an iteration are the larger of both numbers, so that schedules of a kernel that
    are checked by `makespan` do not count twice. If neither is seen, each iteration counts one
    from the solver's first schedule on; a function counts at least one for the schedule that it
    returns. Evaluations in threads, or by arithmetic on the problem's arrays, are seen only if they
    are reported.

    Examples
    --------
    >>> from edgeopt import ATSA, Evaluations, Frontier, Problem, Seconds, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> result = solve(problem, ATSA.repaired(), stop=Evaluations(1000), rng=1)
    >>> result.assignment, result.makespan
    (array([0, 0, 1]), 5.0)
    >>> better = solve(problem, Frontier(), start=result.assignment, stop=Seconds(1.0))
    """
    _check_problem(problem)
    runner, criteria = as_solver(solver), as_criteria(stop)
    seed, generator = seeded(rng)
    tally, table = Tally(), Display(_allowed(criteria)) if display else None
    limit = min((each.limit for each in criteria if isinstance(each, Seconds)), default=math.inf)
    # Nothing outside the solver counts, not even where another solver's step calls `solve`.
    with (
        counting(None),
        within(math.inf) as deadline,
        ending_at_interrupt(deadline, catch_interrupt) as interrupts,
    ):
        first = _incumbent(problem, start, tally)
        used = first.evaluations
        proved, left = _timed_bound(problem, bound, limit)
        run = _Run(
            problem=problem,
            solver=runner,
            criteria=criteria,
            first=first,
            callback=callback,
            on_best=on_best,
            display=table,
            progress=Progress(-1, used, lower_bound=proved, stalled=-1),
            interrupts=interrupts,
            tally=tally,
            portfolio=Portfolio(
                problem, runner, Lifting() if lifts_bound(problem, runner) else None
            ),
            counted=used,
        )
        result = _checked(run, run.go(generator, left), seed)
        for end in (table.on_end if table else None, on_end):
            if end is not None:
                end(result)
    count_evaluations(result.evaluations)
    if result.status is Status.INTERRUPTED and catch_interrupt:
        warnings.warn("interrupted: the result is the best schedule so far", stacklevel=2)
    return result


def _is_ours(solver: Any) -> bool:
    """Whether a solver is of this package, and thus asks for the time."""
    # Functions and methods for fronts are wrapped.
    made = getattr(solver, "scheduler", solver)
    package = str(getattr(made, "__module__", "")).partition(".")[0]
    return package == __name__.partition(".")[0]


def _timed_bound(
    problem: Problem, bound: Callable[[Problem], float], limit: float
) -> tuple[float, float]:
    """Return the lower bound in s, and what it leaves of a limit on the time in s."""
    begin, most = time.perf_counter(), max(_BOUND_SHARE * limit, _BOUND_FREE_S)
    with within(most) as own:
        proved = bound(problem)
    if own.cut and not own.was_interrupted:
        _log.warning("the lower bound is a weaker one: its time was up after %.2f s", most)
    spent = time.perf_counter() - begin
    return proved, limit - max(0.0, spent - _BOUND_FREE_S)


def _allowed(criteria: tuple[Criterion, ...]) -> int | None:
    """Return the budget of evaluations, if there is one."""
    limits = [criterion.limit for criterion in criteria if isinstance(criterion, Evaluations)]
    return min(limits, default=None)


@dataclass
class _Run:
    """A run under way: the incumbent is the better of the user's (`first`) and the solver's."""

    problem: Problem
    solver: Solver[Any]
    criteria: tuple[Criterion, ...]
    first: State
    callback: Callback | None
    on_best: OnBest | None
    display: Display | None
    progress: Progress
    interrupts: Interrupts
    tally: Tally
    portfolio: Portfolio
    trace: Trace = field(default_factory=Trace)
    state: State = field(default_factory=State)
    reported: int = 0
    counted: int = 0
    beside: int = 0

    @property
    def best(self) -> State:
        """The state that holds the incumbent."""
        first, state = self.first, self.state
        # An assignment of infinite makespan, to a node that cannot run a task, is for the checker.
        keeps = first.assignment is not None and first.makespan <= state.makespan
        return first if keeps else state

    @property
    def certificate(self) -> Certificate | None:
        """The proof of the run or of its solver, if there is one."""
        if isinstance(self.state, BranchAndPriceState):
            return self.state.certificate
        return self.portfolio.certificate

    @property
    def is_optimal(self) -> bool:
        """Whether the bound proves the incumbent optimal, and the solver seeks nothing more."""
        now = self.progress
        if getattr(self.solver, "seeks_more", False):
            return False
        return now.gap < np.inf and is_met(self.problem, now.makespan, now.lower_bound)

    def go(self, rng: np.random.Generator, seconds: float) -> Status:
        """Step until there is a reason to stop, at most for `seconds`; return it."""
        begin = time.perf_counter()
        with (
            within(seconds) as deadline,
            spending(self._share(seconds, deadline), self._is_timed_only(seconds)),
            self.portfolio.started(rng),
        ):
            status = self._next(
                begin, lambda: initial_state(self.problem, self.solver, rng, self.first.assignment)
            )
            while status is None:
                status = self._next(begin, lambda: self.solver.step(self.problem, self.state))
                if self.callback is not None and self.callback(self.progress):
                    status = status or Status.CALLBACK
        if not self.trace.iterations or self.trace.iterations[-1] < self.progress.iterations:
            self.trace.record(self.progress)
        return status

    def _is_timed_only(self, seconds: float) -> bool:
        """Whether no criterion but the time counts steps or evaluations."""
        return seconds < math.inf and all(
            isinstance(each, Seconds | TargetGap) for each in self.criteria
        )

    def _share(self, seconds: float, deadline: Deadline) -> Callable[[], float] | None:
        """Return the function that tells the share of the budget used, if there is a budget."""
        timed = seconds < math.inf
        if not timed and counted_share(self.criteria, self.progress) is None:
            return None

        def share() -> float:
            counted = counted_share(self.criteria, self.progress) or 0.0
            timely = 1.0 - deadline.left / max(seconds, _SHORTEST_S) if timed else 0.0
            return max(counted, timely)

        return share

    def _next(self, begin: float, work: Callable[[], State]) -> Status | None:
        """Let the solver work, and record its progress; return why to stop, or None."""
        before = State(self.best.assignment, self.best.makespan, self.state.evaluations)
        try:
            self.interrupts.at_once = not _is_ours(self.solver)
            self._work(work, before)
            self.interrupts.at_once = False
        except KeyboardInterrupt:
            self.interrupts.at_once = False
            if not self.interrupts.is_caught or before.assignment is None:
                raise
            self.state = before  # not what the solver was about to change
        return self._note(time.perf_counter() - begin)

    def _work(self, work: Callable[[], State], known: State) -> None:
        """Let the solver work, and whatever works beside it; the solver gets what that finds."""
        portfolio = self.portfolio
        with portfolio.beside(self.progress, known), counting(self.tally):
            self.state = work()
        # A run without replicas yet has no time for a proof.
        quick = isinstance(self.state, QuickState)
        if self.progress.iterations >= 0 and not (self.state.done or quick):
            portfolio.after(
                self.progress._replace(
                    evaluations=self.state.evaluations, makespan=self.best.makespan
                )
            )
        found = portfolio.best
        if found.makespan < self.best.makespan:
            self.first = replace(self.first, assignment=found.assignment, makespan=found.makespan)
            hand_over(self.state, found)

    def _spent(self) -> int:
        """Return the evaluations of the last iteration: the more of those reported and counted."""
        reported, counted = int(self.state.evaluations), self.tally.count
        spent = max(reported - self.reported, counted - self.counted)
        self.reported, self.counted = reported, counted
        beside = self.portfolio.best.evaluations
        spent, self.beside = spent + beside - self.beside, beside
        # A schedule has been evaluated, even if neither says so.
        unseen = not reported and counted == self.first.evaluations
        known = self.state.assignment is not None and self.progress.iterations >= 0
        return max(spent, 1) if unseen and known else spent

    def _note(self, seconds: float) -> Status | None:
        """Record the solver's progress and report it; return why to stop, or None."""
        before, best = self.progress, self.best
        bound = self.state.lower_bound if is_own(self.solver) else 0.0
        bound = max(before.lower_bound, bound, self.portfolio.bound)
        bound = settled_bound(bound, best.makespan, sum_rounding(self.problem))
        self.progress = now = _advance(before, bound, best.makespan, self._spent(), seconds)
        if now.makespan < before.makespan and best.assignment is not None:
            self.trace.record(now)
            if self.on_best is not None:
                self.on_best(now, best.assignment)
        if self.display is not None:
            self.display.look(now)
        if self.is_optimal:
            return Status.OPTIMAL
        if self.interrupts.deadline.was_interrupted:
            if best.assignment is None:
                raise KeyboardInterrupt  # there is nothing to return
            return Status.INTERRUPTED
        if self.state.done:
            return Status.FINISHED
        if now.iterations == 0 and best.assignment is None:
            # Without a schedule a result would be worthless: the first iteration always runs.
            return None
        return first_met(self.criteria, now) or (None if time_left() else Status.SECONDS)


def _advance(
    before: Progress, bound: float, makespan: float, spent: int, seconds: float
) -> Progress:
    """Return the progress after `init` (iteration 0), or after one more iteration."""
    return Progress(
        iterations=before.iterations + 1,
        evaluations=before.evaluations + spent,
        seconds=seconds,
        makespan=makespan,
        lower_bound=bound,
        stalled=0 if makespan < before.makespan else before.stalled + 1,
        step_evaluations=0 if before.iterations < 0 else spent,
    )


def _checked(run: _Run, status: Status, seed: int | None) -> Result:
    """Return the result of a run, with makespan and memory recomputed."""
    best, progress, schedule, measures = run.best, run.progress, None, None
    makespan = float("inf")
    if best.assignment is None:
        status = Status.INFEASIBLE
    else:
        bound = max(progress.lower_bound, run.state.lower_bound)
        makespan = check_schedule(run.problem, best.assignment, best.makespan, bound)
        schedule = Schedule.of(run.problem, best.assignment)
        measures = measure(run.problem, best.assignment)
    return Result(
        assignment=best.assignment,
        makespan=makespan,
        lower_bound=progress.lower_bound,
        trace=run.trace,
        iterations=progress.iterations,
        evaluations=progress.evaluations,
        seconds=progress.seconds,
        status=status,
        solver=solver_name(run.solver),
        problem=run.problem.name,
        seed=seed,
        schedule=schedule,
        measures=measures,
        state=run.state,
        certificate=run.certificate,
    )


def _check_problem(problem: Any) -> None:
    """Raise `InputError` for a table or a name instead of a problem."""
    if not isinstance(problem, Problem):
        rule = "a Problem: Problem(table) of times, or load_problem(file or name)"
        raise InputError("problem", type(problem).__name__, rule)


def _incumbent(problem: Problem, start: ArrayLike | None, tally: Tally) -> State:
    """Return the user's initial assignment as a state; an empty one if there is none."""
    if start is None:
        return State()
    assignment = problem.check_assignment(start)
    if not problem.fits(assignment):
        raise InputError(
            "start", assignment.tolist(), "on nodes that can run the tasks, within their memory"
        )
    with counting(tally):  # a solver that evaluates it again does not count it twice
        makespan = problem.makespan(assignment)
    return State(assignment=assignment, makespan=makespan, evaluations=tally.count)


# Kernels are compiled before the clock starts.


def warm_up(problem: Problem, solver: Any) -> None:
    """Run up to 20 iterations on a problem of two tasks in the form of `problem`, untimed.

    This compiles the kernels, including those of the bounds, or reads them from numba's cache,
    before a run is measured. An exception of a user's own solver is ignored: the run itself will
    show it.

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
    deadline_bound(tiny)
    if lifts_bound(problem, runner) or isinstance(runner, MILP | BranchAndPrice):
        load_kernels(tiny)  # two tasks do not reach all of them
    tempers = isinstance(runner, Frontier | BranchAndPrice)
    if tempers and not isinstance(tiny.et, UniformTimes):
        priced_start(tiny)  # only large problems need these
        load_settling(tiny)
    if _is_large(problem):  # what a run does instead of what it has no time for
        complete(tiny, np.full(2, -1))
    if tempers:  # within seconds it begins with these
        _run_shortly(tiny, IteratedGreedy())
        _run_shortly(tiny, LocalSearch())
    with contextlib.suppress(Exception):
        _run_shortly(tiny, runner)
        if isinstance(runner, ATSA):  # ants walk otherwise on many nodes, and where one has no room
            _run_shortly(_tiny(problem, _MANY_NODES), runner)


def _run_shortly(tiny: Problem, solver: Solver[Any]) -> None:
    """Run some iterations, without `solve`."""
    state = solver.init(tiny, np.random.default_rng(0))
    for _ in range(_WARM_UP_ITERATIONS):
        state = solver.step(tiny, state)
        if state.done:
            break


def _is_large(problem: Problem) -> bool:
    """Whether a solver may have no time for all that it does on smaller problems."""
    return problem.tasks * problem.nodes >= _LARGE_PAIRS


def form_of(problem: Problem) -> tuple[bool, ...]:
    """Return whether a problem has times as work and speed, memory, ready times, and many pairs.

    Kernels are compiled for types, and large problems need other ones: a solver that has been
    warmed up for a problem is so for all problems of the same form.
    """
    uniform = isinstance(problem.et, UniformTimes)
    limited, late = problem.task_memory is not None, problem.ready is not None
    return uniform, limited, late, _is_large(problem)


def _tiny(problem: Problem, nodes: int = 2) -> Problem:
    """Return two tasks on a few nodes in the form of `problem`."""
    uniform, limited, late, _ = form_of(problem)
    et = UniformTimes(np.ones(2), np.ones(nodes)) if uniform else np.ones((2, nodes))
    tiny = Problem(et)
    if limited:
        tiny = replace(tiny, task_memory=np.ones(2), node_capacity=np.ones(nodes))
    return replace(tiny, ready=np.ones(nodes)) if late else tiny
