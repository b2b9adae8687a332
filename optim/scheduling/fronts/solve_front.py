"""Methods for fronts as solvers, so that `solve` runs them, and what they find as a front."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.fronts.archive import Archive, Front
from edgeopt.optim.scheduling.fronts.exact import EpsilonConstraint, WeightedSum
from edgeopt.optim.scheduling.fronts.goal import goal_of
from edgeopt.optim.scheduling.fronts.search import FrontSearch
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import Result, State
from edgeopt.optim.scheduling.stop import (
    Criterion,
    Evaluations,
    Iterations,
    Seconds,
    as_criteria,
)
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.scheduling.problem import Problem

DEFAULT = Seconds(10.0)
"""The budget of a front."""

_WARM_TASKS, _WARM_STEPS = 12, 8  # of a problem that is too large to be solved at once

METHODS: dict[str, Callable[[], FrontMethod]] = {
    "frontier": FrontSearch,
    "epsilon": EpsilonConstraint,
    "weighted": WeightedSum,
}
"""Methods of this package by name."""


class FrontMethod(Protocol):
    """A frozen dataclass of validated parameters with a search that offers schedules.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import Iterations, Problem, front
    >>> class RandomSearch:
    ...     def search(self, archive, rng):
    ...         while True:
    ...             archive.offer(rng.integers(archive.problem.nodes, size=archive.problem.tasks))
    ...             yield False
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]], active_power=[1.0, 3.0])
    >>> front(problem, RandomSearch(), stop=Iterations(500), rng=1).points.tolist()
    [[5.0, 17.0], [7.0, 10.0], [9.0, 9.0]]
    """

    def search(self, archive: Archive, rng: np.random.Generator) -> Iterator[bool]:
        """Offer schedules and bounds to the archive; yield now and then if all so far is exact."""


def front(
    problem: Problem,
    method: str | FrontMethod = "frontier",
    *,
    objectives: Iterable[str] = ("makespan", "energy"),
    stop: Criterion | Iterable[Criterion] = DEFAULT,
    rng: int | np.random.Generator | None = None,
) -> Front:
    """Return schedules of which none is better than another in makespan and energy, or cost.

    Parameters
    ----------
    problem : Problem
        It has to state energy (`energy`, or `active_power`) or `cost`.
    method : str or FrontMethod
        ``frontier`` (`FrontSearch`), ``epsilon`` (`EpsilonConstraint`, exact), ``weighted``
        (`WeightedSum`, exact on the convex hull), one of these objects with other parameters, or
        your own.
    objectives : iterable of str
        ``makespan`` and ``energy`` or ``cost``, in any order; all are minimised.
    stop : Criterion or iterable of Criterion
        `Seconds`, `Iterations` (steps of the method) or `Evaluations`; the first met ends the run.
    rng : int or Generator, optional
        Seed or source of randomness; without one, a fresh seed that the front records.

    Returns
    -------
    Front
        Makespans and values are recomputed from the assignments alone.

    Raises
    ------
    InputError
        If an argument is illegal, the problem does not state the objective, or it has more than
        2,000,000 pairs of task and node.

    Examples
    --------
    >>> from edgeopt import Problem, front
    >>> times = [[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]]
    >>> problem = Problem(times, active_power=[1.0, 3.0], idle_power=[0.5, 0.5])
    >>> exact = front(problem, "epsilon", rng=1)
    >>> exact.points.round(6).tolist(), exact.status.value
    ([[5.0, 17.5], [7.0, 13.0]], 'finished')
    >>> exact.assignments.tolist()
    [[0, 0, 1], [0, 1, 0]]
    >>> hull = front(problem, "weighted", rng=1)
    >>> hull.hypervolume([10.0, 20.0])  # 5 x 2.5 + 3 x 4.5
    26.0
    """
    chosen = (
        METHODS[check_choice("method", method, METHODS)]() if isinstance(method, str) else method
    )
    if not hasattr(chosen, "search"):
        raise InputError("method", method, f"one of {', '.join(METHODS)}, or an object with search")
    goal, criteria = goal_of(problem, tuple(objectives)), as_criteria(stop)
    for criterion in criteria:
        if not isinstance(criterion, Seconds | Iterations | Evaluations):
            raise InputError("stop", criterion, "Seconds, Iterations or Evaluations")
    archive = Archive(problem, goal, least=0.0)
    found = solve(problem, FrontSolver(chosen, archive), stop=criteria, rng=rng)
    return _front(archive, found, chosen)


@dataclass(kw_only=True)
class FrontState(State):
    """State of `FrontSolver`: the shortest schedule, and the method at work.

    Attributes
    ----------
    search : iterator
        Of the method.
    steps : int
        Pieces of work done.
    """

    search: Iterator[bool]
    steps: int = 0


@dataclass(frozen=True)
class FrontSolver:
    """A method for fronts as a solver: a step is what the method does before it yields.

    Attributes
    ----------
    scheduler : FrontMethod
        The method.
    archive : Archive
        Gets what it finds.
    """

    scheduler: FrontMethod
    archive: Archive
    seeks_more = True  # a shortest schedule is only one end of a front

    def init(self, problem: Problem, rng: np.random.Generator) -> FrontState:
        """Return the state before the method begins."""
        self.archive.least = deadline_bound(problem)
        return FrontState(search=self.scheduler.search(self.archive, rng))

    def step(self, problem: Problem, state: FrontState) -> FrontState:
        """Let the method work until it yields or ends."""
        ended = next(state.search, None) is None
        state.steps += not ended
        # A method that ends when its time is up has not finished.
        state.done = ended and not is_over()
        archive = self.archive
        if archive.makespans and archive.makespans[0] < state.makespan:
            state.assignment, state.makespan = archive.assignments[0], archive.makespans[0]
        return state


def _front(archive: Archive, result: Result, method: FrontMethod) -> Front:
    """Return what the archive of a run holds as a front."""
    state = result.state  # of a run that was interrupted within a step, a plain one
    steps = state.steps if isinstance(state, FrontState) else result.iterations
    count, tasks = len(archive.makespans), archive.problem.tasks
    points = np.column_stack([archive.makespans, archive.values]).reshape(count, 2)
    return Front(
        objectives=("makespan", archive.goal.name),
        points=points,
        assignments=np.array(archive.assignments, dtype=np.int64).reshape(count, tasks),
        lines=np.array(archive.lines).reshape(-1, 3),
        least=archive.least,
        problem=archive.problem,
        status=result.status,
        method=type(method).__name__,
        seed=result.seed,
        iterations=steps,
        evaluations=result.evaluations,
        seconds=result.seconds,
    )


def warm_up_front(method: str | FrontMethod) -> None:
    """Run a method on a small problem, so that its kernels are compiled.

    Examples
    --------
    >>> from edgeopt import Iterations, front, load_problem
    >>> from edgeopt.optim.scheduling.fronts import warm_up_front
    >>> warm_up_front("frontier")  # kernels are compiled before the clock starts
    >>> found = front(load_problem("paper:20x4:power=2:seed=1"), stop=Iterations(20), rng=1)
    >>> len(found) > 1
    True
    """
    rng = np.random.default_rng(0)
    small = Problem(1.0 + rng.random((_WARM_TASKS, 3)), active_power=np.array([1.0, 2.0, 4.0]))
    front(small, method, stop=Iterations(_WARM_STEPS), rng=0)
