"""A front: the schedules of which none is better in both objectives, and bounds on all others."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.optim.scheduling.bounds.rounding import next_makespan
from edgeopt.optim.scheduling.fronts.goal import Goal, value_of
from edgeopt.optim.scheduling.fronts.hypervolume import (
    hypervolume,
    hypervolume_bound,
    largest_line,
)
from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.optim.scheduling.stop import Status
from edgeopt.problems.errors import FloatArray, IntArray, check_integer
from edgeopt.problems.scheduling.problem import Problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MARGIN = 0.1  # by which the reference lies beyond the front, of its extent


@dataclass(eq=False)
class Archive:
    """The best schedules so far, in order of makespan, and what bounds all others.

    Attributes
    ----------
    problem, goal
        What is scheduled, and the objective beside the makespan.
    makespans, values : list of float
        Of the schedules, rising and falling.
    assignments : list of ndarray, shape (k,)
        The schedules.
    lines : list of tuple
        Bounds, see `hypervolume_bound`.
    least : float
        No schedule has a smaller makespan, in s.

    Examples
    --------
    See `FrontMethod`.
    """

    problem: Problem
    goal: Goal
    least: float
    makespans: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    assignments: list[IntArray] = field(default_factory=list)
    lines: list[tuple[float, float, float]] = field(default_factory=list)

    def is_dominated(self, makespan: float, value: float) -> bool:
        """Whether a schedule is at least as good in both objectives."""
        place = bisect_right(self.makespans, makespan)
        return place > 0 and self.values[place - 1] <= value

    def offer(self, given: ArrayLike) -> bool:
        """Keep the schedule of given nodes unless it is incomplete, does not fit or is dominated.

        Makespan and value are computed here, from the assignment and the problem alone.
        """
        assignment = np.asarray(given)
        if (assignment < 0).any() or not self.problem.fits(assignment):
            return False
        makespan = self.problem.makespan(assignment)
        value = value_of(self.problem, self.goal, assignment)
        if self.is_dominated(makespan, value):
            return False
        first = bisect_right(self.makespans, makespan)
        first -= first > 0 and self.makespans[first - 1] == makespan
        last = first
        while last < len(self.values) and self.values[last] >= value:
            last += 1
        self.makespans[first:last] = [makespan]
        self.values[first:last] = [value]
        self.assignments[first:last] = [np.array(assignment, dtype=np.int64)]
        return True

    def bound(self, intercept: float, slope: float = 0.0, end: float = np.inf) -> None:
        """Keep a bound: what ends by `end` has a value of at least intercept + slope makespan."""
        self.lines.append((intercept, slope, end))

    def bound_within(self, deadline: float, intercept: float, slope: float = 0.0) -> None:
        """Keep a bound on the value of what ends by a deadline; infinite: nothing does."""
        beyond = deadline
        if deadline < np.inf:
            beyond = next_makespan(self.problem, deadline)
        if intercept == np.inf:
            self.least = max(self.least, beyond)
        else:
            # Between the deadline and the next multiple of the unit, no schedule ends.
            self.bound(intercept, slope, max(deadline, math.nextafter(beyond, 0.0)))

    def value_within(self, deadline: float) -> float:
        """Return the least value of the schedules that end by a deadline, else infinity."""
        place = bisect_right(self.makespans, deadline)
        return self.values[place - 1] if place else np.inf

    def within(self, deadline: float) -> IntArray | None:
        """Return the schedule of least value that ends by a deadline, None if there is none."""
        place = bisect_right(self.makespans, deadline)
        return self.assignments[place - 1] if place else None


@dataclass(frozen=True, eq=False)
class Front:
    """Schedules of which none is better than another in both objectives.

    Attributes
    ----------
    objectives : tuple of str
        ``makespan`` and the other one.
    points : ndarray, shape (n, 2)
        Makespan in s, rising, and the other objective (energy in J, or cost), falling.
    assignments : ndarray of int, shape (n, k)
        Node of each task.
    lines : ndarray, shape (m, 3)
        Bounds on all schedules: one of makespan C <= end has a value of at least
        intercept + slope C.
    least : float
        A lower bound on the makespan in s.
    problem : Problem
        What is scheduled.
    status : Status
        Why the search ended; ``finished``: the method has nothing more to do.
    method : str
        Name of the method's class.
    seed : int or None
        Seed that repeats the run with a budget of iterations or evaluations.
    iterations, evaluations : int
        Steps of the method, and schedules whose objectives were computed.
    seconds : float
        Time of the search in s.

    Examples
    --------
    See `front`.
    """

    objectives: tuple[str, str]
    points: FloatArray
    assignments: IntArray
    lines: FloatArray = field(repr=False)
    least: float
    problem: Problem = field(repr=False)
    status: Status
    method: str
    seed: int | None
    iterations: int
    evaluations: int
    seconds: float

    def __len__(self) -> int:
        """Return the number of schedules."""
        return len(self.points)

    @property
    def reference(self) -> FloatArray:
        """A point worse than the front: its worst values, and a tenth of its extent beyond."""
        worst, best = self.points.max(axis=0), self.points.min(axis=0)
        extent = np.where(worst > best, worst - best, np.maximum(np.abs(worst), 1.0))
        return np.asarray(worst + _MARGIN * extent)

    def hypervolume(self, reference: ArrayLike | None = None) -> float:
        """Return the area between the front and a reference point, by default `reference`.

        To compare fronts, give all of them the same point.
        """
        return hypervolume(self.points, self.reference if reference is None else reference)

    def hypervolume_bound(self, reference: ArrayLike | None = None) -> float:
        """Return an area that no front of the problem exceeds, as the bounds prove."""
        corner = self.reference if reference is None else reference
        return hypervolume_bound(self.lines, self.least, corner)

    def bound(self, makespan: float) -> float:
        """Return a lower bound on the other objective of all schedules up to a makespan in s."""
        return float(largest_line(self.lines, self.least, np.array([makespan]))[0])

    def schedule(self, place: int) -> Schedule:
        """Return one of the schedules, numbered from 0 in order of makespan."""
        check_integer("place", place, at_least=0, at_most=len(self) - 1)
        return Schedule.of(self.problem, self.assignments[place])

    def table(self) -> pd.DataFrame:
        """Return a row for each schedule: both objectives, and the node of each task as a list."""
        import pandas as pd  # takes long to import

        table = pd.DataFrame(self.points, columns=list(self.objectives))
        return table.assign(assignment=[row.tolist() for row in self.assignments])

    def plot(self, ax: Axes | None = None, **look: Any) -> Axes:
        """Draw the front as steps, and below it what the bounds leave open, in grey.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.
        **look : object
            Of the line, such as ``color`` and ``label``.
        """
        if ax is None:
            from matplotlib import pyplot  # takes long to import

            _, ax = pyplot.subplots()
        corner = self.reference
        steps = np.vstack([self.points, [corner[0], self.points[-1, 1]]])
        ax.step(*steps.T, where="post", marker="o", markersize=2.5, linewidth=1.0, **look)
        unit = {"energy": "energy (J)", "cost": "cost"}[self.objectives[1]]
        if len(self.lines):
            grid = np.linspace(max(self.least, 1e-300), corner[0], _DRAWN)
            floor = largest_line(self.lines, self.least, grid)
            known = np.searchsorted(self.points[:, 0], grid, side="right") - 1
            ceiling = np.where(known < 0, corner[1], self.points[known, 1])
            ax.fill_between(grid, floor, np.maximum(ceiling, floor), color="#DDDDDD", linewidth=0)
        ax.set(xlabel="makespan (s)", ylabel=unit)
        return ax

    def __str__(self) -> str:
        """Return a summary of a line."""
        ends = ", ".join(f"{value:.6g}" for value in (self.points[0, 0], self.points[-1, 0]))
        return f"{len(self)} schedules of makespans {ends} s by {self.method}: {self.status.value}"


_DRAWN = 200  # places at which the bound is drawn
