"""A schedule as a value: which task runs on which node, how long, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.problems.errors import FloatArray, IntArray, check_integer
from edgeopt.problems.scheduling.problem import Problem, assigned_times

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_BAR_HEIGHT = 0.8


@dataclass(frozen=True, eq=False)
class Schedule:
    """An assignment with the times of its tasks, independent of the problem that it solves.

    Parameters
    ----------
    assignment : ndarray, shape (k,)
        Node of each task.
    times : ndarray, shape (k,)
        Execution time of each task on its node in s.
    ready : ndarray, shape (x,)
        When each node can start in s.
    task_names, node_names : tuple of str, optional
        Names of tasks and nodes, where the problem has some.

    Examples
    --------
    >>> from edgeopt import Schedule, Problem
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> schedule = Schedule.of(problem, [0, 1, 1])
    >>> schedule.loads, schedule.makespan
    (array([3., 5.]), 5.0)
    >>> schedule.tasks_of(1), schedule.finish_times
    (array([1, 2]), array([3., 1., 5.]))
    """

    assignment: IntArray
    times: FloatArray
    ready: FloatArray
    task_names: tuple[str, ...] | None = None
    node_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        # Read-only copies: a schedule does not change with the arrays that it was made from.
        for name in ("assignment", "times", "ready"):
            values = np.array(getattr(self, name))
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @classmethod
    def of(cls, problem: Problem, assignment: ArrayLike) -> Schedule:
        """Return the schedule of an assignment.

        Raises
        ------
        InputError
            If the assignment is not k node indices.
        """
        chosen = problem.check_assignment(assignment)
        ready = np.zeros(problem.nodes) if problem.ready is None else problem.ready
        times = assigned_times(problem.et, chosen)
        return cls(chosen, times, ready, problem.task_names, problem.node_names)

    @property
    def tasks(self) -> int:
        """Number of tasks k."""
        return len(self.assignment)

    @property
    def nodes(self) -> int:
        """Number of nodes x."""
        return len(self.ready)

    @property
    def loads(self) -> FloatArray:
        """Busy time of each node, shape (x,) in s."""
        return np.bincount(self.assignment, self.times, self.nodes).astype(np.float64, copy=False)

    @property
    def makespan(self) -> float:
        """When the last task ends, in s."""
        # A node without tasks does not count, however late it is ready.
        used = np.bincount(self.assignment, minlength=self.nodes) > 0
        return float((self.loads + self.ready)[used].max())

    @property
    def finish_times(self) -> FloatArray:
        """When each task ends, shape (k,) in s, each node running its tasks in order of index."""
        ends = np.empty(self.tasks)
        for node in range(self.nodes):
            tasks = self.tasks_of(node)
            ends[tasks] = self.ready[node] + np.cumsum(self.times[tasks])
        return ends

    def tasks_of(self, node: int) -> IntArray:
        """Return the tasks of a node, in order of index.

        Raises
        ------
        InputError
            If there is no such node.
        """
        check_integer("node", node, at_least=0, at_most=self.nodes - 1)
        return np.flatnonzero(self.assignment == node)

    def gantt(self, ax: Axes | None = None) -> Axes:
        """Draw a bar for each task, a row for each node, and a line at the makespan.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        Axes
            For example for ``ax.figure.savefig("gantt.png")``.
        """
        if ax is None:
            from matplotlib import pyplot  # takes long to import

            _, ax = pyplot.subplots()
        ends = self.finish_times
        for node in range(self.nodes):
            tasks = self.tasks_of(node)
            bars = np.column_stack([ends[tasks] - self.times[tasks], self.times[tasks]])
            place = (node - _BAR_HEIGHT / 2, _BAR_HEIGHT)
            ax.broken_barh(bars.tolist(), place, edgecolor="white", linewidth=0.5)
        ax.axvline(self.makespan, color="black", linestyle="--", linewidth=1.0)
        ax.set(xlabel="time in s", ylabel="node", ylim=(self.nodes - 0.5, -0.5))
        return ax
