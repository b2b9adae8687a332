"""The one loop that runs every method for fronts, and keeps what it finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.fronts.archive import Archive, Front
from edgeopt.optim.scheduling.fronts.exact import EpsilonConstraint, WeightedSum
from edgeopt.optim.scheduling.fronts.goal import goal_of
from edgeopt.optim.scheduling.fronts.search import FrontSearch
from edgeopt.optim.scheduling.run_time import is_over, within
from edgeopt.optim.scheduling.seeds import seeded
from edgeopt.optim.scheduling.stop import (
    Criterion,
    Evaluations,
    Iterations,
    Progress,
    Seconds,
    Status,
    as_criteria,
    first_met,
)
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.tally import Tally, counting

DEFAULT = Seconds(10.0)
"""The budget of a front."""

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
    seed, generator = seeded(rng)
    limit = min((each.limit for each in criteria if isinstance(each, Seconds)), default=np.inf)
    begin, tally, now = time.perf_counter(), Tally(), Progress()
    with within(limit), counting(tally):
        archive = Archive(problem, goal, deadline_bound(problem))
        status = Status.FINISHED
        try:
            for _ in chosen.search(archive, generator):
                now = Progress(
                    iterations=now.iterations + 1,
                    evaluations=tally.count,
                    seconds=time.perf_counter() - begin,
                    step_evaluations=tally.count - now.evaluations,
                )
                met = first_met(criteria, now)
                if met is not None and archive.makespans:
                    status = met
                    break
        except KeyboardInterrupt:
            if not archive.makespans:
                raise
            status = Status.INTERRUPTED
        if status is Status.FINISHED and is_over():
            status = Status.SECONDS
    return _front(archive, status, chosen, seed, now, tally.count, time.perf_counter() - begin)


def _front(
    archive: Archive,
    status: Status,
    method: FrontMethod,
    seed: int | None,
    now: Progress,
    evaluations: int,
    seconds: float,
) -> Front:
    """Return what the archive holds as a front."""
    count, tasks = len(archive.makespans), archive.problem.tasks
    points = np.column_stack([archive.makespans, archive.values]).reshape(count, 2)
    return Front(
        objectives=("makespan", archive.goal.name),
        points=points,
        assignments=np.array(archive.assignments, dtype=np.int64).reshape(count, tasks),
        lines=np.array(archive.lines).reshape(-1, 3),
        least=archive.least,
        problem=archive.problem,
        status=status if count else Status.INFEASIBLE,
        method=type(method).__name__,
        seed=seed,
        iterations=now.iterations,
        evaluations=evaluations,
        seconds=seconds,
    )


def warm_up_front(method: str | FrontMethod) -> None:
    """Run a method on a problem of two tasks, so that its kernels are compiled.

    Examples
    --------
    >>> from edgeopt import Iterations, front, load_problem
    >>> from edgeopt.optim.scheduling.fronts import warm_up_front
    >>> warm_up_front("frontier")  # kernels are compiled before the clock starts
    >>> found = front(load_problem("paper:20x4:power=2:seed=1"), stop=Iterations(20), rng=1)
    >>> len(found) > 1
    True
    """
    tiny = Problem(np.array([[1.0, 2.0], [2.0, 3.0]]), active_power=np.array([1.0, 2.0]))
    front(tiny, method, stop=Iterations(4), rng=0)
