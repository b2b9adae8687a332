"""A schedule as a value: which task runs on which node, how long, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.problems.errors import FloatArray, IntArray, check_integer
from edgeopt.problems.html import html_table
from edgeopt.problems.scheduling.problem import Problem, assigned_times

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_BAR_HEIGHT = 0.8

_SHADES = ["#0072B2", "#004C78"]  # of neighbouring tasks

_SHOWN = 12  # nodes, and tasks of a node, in a notebook

_NAMED_NODES = 40  # more names would overlap


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

    def _repr_html_(self) -> str:
        """Return which tasks run on each node, and when it finishes, for notebooks."""
        tasks = self.task_names or [str(task) for task in range(self.tasks)]
        nodes = self.node_names or [str(node) for node in range(self.nodes)]
        rows = []
        for node, end in enumerate((self.loads + self.ready)[:_SHOWN]):
            own = [tasks[task] for task in self.tasks_of(node)]
            text = ", ".join(own if len(own) <= _SHOWN else [*own[:_SHOWN], "..."])
            rows.append((nodes[node], f"{end:.4g}", str(len(own)), text))
        if self.nodes > _SHOWN:
            rows.append((f"... {self.nodes - _SHOWN} more nodes",) + 3 * ("",))
        table = html_table(("node", "finishes at (s)", "number of tasks", "tasks"), rows)
        return f"<p>makespan {self.makespan:.10g} s</p>{table}"

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
            For example for ``ax.figure.savefig("gantt.png")``. Tasks have their names, or else
            their numbers, where these fit; a node that starts late has a grey bar before.
        """
        ax = _axes(ax)
        ends = self.finish_times
        for node in range(self.nodes):
            tasks = self.tasks_of(node)
            bars = np.column_stack([ends[tasks] - self.times[tasks], self.times[tasks]])
            place = (node - _BAR_HEIGHT / 2, _BAR_HEIGHT)
            # neighbours in two shades: a white edge would hide the shortest tasks
            shades = (_SHADES * len(tasks))[: len(tasks)]
            ax.broken_barh(bars.tolist(), place, facecolors=shades or None, linewidth=0)
        self._finish(ax)
        self._name_tasks(ax, ends)
        return ax

    def load_chart(self, ax: Axes | None = None) -> Axes:
        """Draw when each node finishes, with its number of tasks, and a line at the makespan.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        Axes
            A chart for schedules of more tasks than `gantt` can show; a node that starts late has
            a grey bar before.
        """
        ax = _axes(ax)
        ax.barh(range(self.nodes), self.loads, _BAR_HEIGHT, self.ready, color=_SHADES[0])
        counts = np.bincount(self.assignment, minlength=self.nodes)
        small: Any = {"fontsize": "x-small", "va": "center"}
        if self.nodes <= _NAMED_NODES:
            for node in range(self.nodes):
                end = self.ready[node] + self.loads[node]
                ax.text(end, node, f" {counts[node]}", clip_on=True, **small)
        self._finish(ax)
        ax.set_xlabel(f"{ax.get_xlabel()}; beside the bars: tasks")
        return ax

    def _finish(self, ax: Axes) -> None:
        """Draw what both charts share: late starts, the makespan, the names of the nodes."""
        from matplotlib.ticker import MaxNLocator

        late = np.flatnonzero(self.ready > 0)
        ax.barh(late, self.ready[late], _BAR_HEIGHT, color="#DDDDDD")
        end = self.makespan
        ax.axvline(end, color="black", linestyle="--", linewidth=1.0)
        ax.grid(visible=False, axis="y")
        xlabel = f"time (s), makespan {end:.4g} s"
        ax.set(xlabel=xlabel, ylabel="node", ylim=(self.nodes - 0.5, -0.5), xlim=(0, None))
        names = self.node_names
        if names and self.nodes <= _NAMED_NODES:
            ax.set_yticks(range(self.nodes), names, parse_math=False)
        else:
            ax.yaxis.set_major_locator(MaxNLocator(integer=True))

    def _name_tasks(self, ax: Axes, ends: FloatArray) -> None:
        """Write the names of tasks, or their numbers, into the bars that have room for them."""
        names = self.task_names or [str(task) for task in range(self.tasks)]
        size = 6
        points = ax.bbox.width / ax.figure.dpi * 72
        room = self.times / ax.get_xlim()[1] * points / (0.65 * size)
        look: Any = {"ha": "center", "va": "center", "fontsize": size, "color": "white"}
        for task in np.flatnonzero(room > [len(name) for name in names]):
            middle = ends[task] - self.times[task] / 2
            ax.text(middle, self.assignment[task], names[task], parse_math=False, **look)


def _axes(ax: Axes | None) -> Axes:
    """Return the axes to draw in."""
    if ax is None:
        from matplotlib import pyplot  # takes long to import

        _, ax = pyplot.subplots()
    return ax
