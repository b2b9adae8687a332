"""The scheduling problem: execution times, memory, ready times, and what a schedule uses."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeopt.problems.errors import FloatArray, InputError, check_array, check_integer
from edgeopt.problems.files import printable
from edgeopt.problems.html import escaped
from edgeopt.problems.scheduling.consumption import Axes, check_consumption
from edgeopt.problems.scheduling.frames import aligned, labelled_times
from edgeopt.problems.scheduling.headings import UNITS, check_names, unit_in_heading
from edgeopt.problems.scheduling.html import (
    SHOWN_COLUMNS,
    SHOWN_ROWS,
    memory_text,
    times_html,
)
from edgeopt.problems.scheduling.memory import check_capacity
from edgeopt.problems.scheduling.tally import count_evaluation

BoolArray = NDArray[np.bool_]

CONSUMPTION = ("energy", "cost", "active_power", "idle_power", "deadlines")
"""Fields of a problem that say what a schedule uses, or when tasks are due."""


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """Assign k tasks to x nodes such that the makespan, the end of the last task, is minimal.

    Parameters
    ----------
    et : array_like or DataFrame, shape (k, x), or UniformTimes
        Execution time of each task on each node in s (1). Entries of 0 are legal; infinity, a
        masked entry or a missing one of a DataFrame means that the node cannot run the task. Index
        and columns of a DataFrame name the tasks and nodes, unless they are 0, 1, 2, ...
    task_memory : array_like, shape (k,), optional
        Memory that each task holds on its node in byte.
    node_capacity : array_like, shape (x,), optional
        Memory of each node in byte; given together with `task_memory`.
    name : str
        Name in tables and plots.
    ready : array_like, shape (x,), optional
        Time at which each node can start in s, >= 0; by default all start at 0. It stands for
        work left over from earlier tasks, and counts only for nodes that get a task.
    task_names, node_names : sequence of str, optional
        Names of the k tasks and of the x nodes in output and figures; by default the labels of a
        DataFrame.
    energy, cost : array_like or DataFrame, shape (k, x), optional
        Energy in J, and cost in any currency, of each task on each node.
    active_power, idle_power : array_like, shape (x,), optional
        Power of each node in W while it runs a task (in place of `energy`), and while it waits,
        from when it is ready to the end of the last task; 0 if not given.
    deadlines : array_like, shape (k,), optional
        When each task is due, in s. A task that ends later is counted, not forbidden.

    Raises
    ------
    InputError
        If times, memory, ready times or any other number is not a number, negative or of the wrong
        shape, if all times are zero, if a task can run nowhere, if no assignment meets the
        capacities, if energy is stated twice or in part, or if a Series or DataFrame has other
        labels than the execution times.

    Notes
    -----
    All arrays are read-only: solvers share them. Solvers minimise the makespan; energy, cost and
    deadlines are measured of every schedule (`measure`), and `front` trades the makespan for them.

    Examples
    --------
    >>> from edgeopt import Problem
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> problem.tasks, problem.nodes
    (3, 2)
    >>> problem.makespan([0, 1, 1])
    5.0
    """

    et: FloatArray | UniformTimes
    task_memory: FloatArray | None = None
    node_capacity: FloatArray | None = None
    name: str = "problem"
    ready: FloatArray | None = None
    task_names: tuple[str, ...] | None = None
    node_names: tuple[str, ...] | None = None
    energy: FloatArray | None = None
    cost: FloatArray | None = None
    active_power: FloatArray | None = None
    idle_power: FloatArray | None = None
    deadlines: FloatArray | None = None

    def __post_init__(self) -> None:
        # The fields of a frozen dataclass are set once here, to checked copies that nobody shares.
        times = labelled_times(self.et)
        _check_headings(times.tasks or (), times.nodes or ())
        object.__setattr__(self, "et", check_times(times.et))
        shown = {"task_names": (times.tasks, self.tasks), "node_names": (times.nodes, self.nodes)}
        for field, (labels, length) in shown.items():
            names = _check_labels(field, getattr(self, field), length)
            object.__setattr__(self, field, labels if names is None else names)
        tasks, nodes = times.tasks or self.task_names, times.nodes or self.node_names
        if (self.task_memory is None) != (self.node_capacity is None):
            missing = "task_memory" if self.task_memory is None else "node_capacity"
            raise InputError(missing, None, "given, like the other memory field")
        if self.task_memory is not None and self.node_capacity is not None:
            held = aligned("task_memory", self.task_memory, tasks)
            memory = check_array("task_memory", held, ndim=1, at_least=0)
            room = aligned("node_capacity", self.node_capacity, nodes)
            capacity = check_array("node_capacity", room, ndim=1, at_least=0)
            _check_length("task_memory", memory, self.tasks)
            _check_length("node_capacity", capacity, self.nodes)
            check_capacity(memory, capacity, self.allowed)
            object.__setattr__(self, "task_memory", memory)
            object.__setattr__(self, "node_capacity", capacity)
        if self.ready is not None:
            ready = aligned("ready", self.ready, nodes)
            ready = check_array("ready", ready, ndim=1, at_least=0)
            _check_length("ready", ready, self.nodes)
            object.__setattr__(self, "ready", ready)
        given = {field: getattr(self, field) for field in CONSUMPTION}
        if any(value is not None for value in given.values()):
            axes = Axes((self.tasks, self.nodes), tasks, nodes, self.allowed)
            for field, values in check_consumption(given, axes).items():
                object.__setattr__(self, field, values)
        self._set_printable_names()

    def _set_printable_names(self) -> None:
        """Escape what UTF-8 cannot hold, as of a file's name that is not UTF-8."""
        if isinstance(self.name, str):
            object.__setattr__(self, "name", printable(self.name))
        for field in ("task_names", "node_names"):
            names = getattr(self, field)
            if names is not None:
                object.__setattr__(self, field, tuple(map(printable, names)))

    @property
    def tasks(self) -> int:
        """Number of tasks k."""
        return times_shape(self.et)[0]

    @property
    def nodes(self) -> int:
        """Number of nodes x."""
        return times_shape(self.et)[1]

    @cached_property
    def matrix(self) -> FloatArray:
        """Execution times as a read-only matrix, shape (k, x) in s, built on first use."""
        return times_matrix(self.et)

    @cached_property
    def allowed(self) -> BoolArray | None:
        """Which nodes can run which task, shape (k, x), read-only; None: every node can."""
        if isinstance(self.et, UniformTimes) or np.isfinite(self.et).all():
            return None
        allowed = np.isfinite(self.et)
        allowed.flags.writeable = False
        return allowed

    @cached_property
    def pair_energy(self) -> FloatArray | None:
        """Energy of each task on each node in J, shape (k, x), read-only; None if not stated.

        Infinite where the node cannot run the task. What nodes use while they wait is not in it.
        """
        if self.energy is not None or self.active_power is None:
            return self.energy
        energy = np.where(np.isfinite(self.matrix), self.active_power, 1.0) * self.matrix
        energy.flags.writeable = False
        return energy

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all numbers, but not of the name, in hexadecimal."""
        arrays = [*self.et] if isinstance(self.et, UniformTimes) else [self.et]
        optional = (self.task_memory, self.node_capacity, self.ready)
        arrays += [array for array in optional if array is not None]
        content = hashlib.sha256()
        for array in arrays:
            # Times of 2 x 3 and of 3 x 2 tasks and nodes may have the same bytes.
            content.update(str(array.shape).encode())
            content.update(array.tobytes())
        for field in CONSUMPTION:
            if (values := getattr(self, field)) is not None:
                # By name: the same numbers may be energy or cost.
                content.update(field.encode() + str(values.shape).encode() + values.tobytes())
        return content.hexdigest()

    def check_assignment(self, assignment: ArrayLike) -> NDArray[np.int64]:
        """Return `assignment` as int64, or raise `InputError` if it is not k node indices."""
        array = np.asarray(assignment)
        if array.shape != (self.tasks,):
            raise InputError("assignment.shape", array.shape, f"({self.tasks},)")
        if not np.issubdtype(array.dtype, np.integer):
            raise InputError("assignment.dtype", str(array.dtype), "an integer type")
        bad = np.flatnonzero((array < 0) | (array >= self.nodes))
        if bad.size:
            field = f"assignment[{bad[0]}]"
            raise InputError(field, array[bad[0]], f"a node index in 0..{self.nodes - 1}")
        return array.astype(np.int64)

    def loads(self, assignment: ArrayLike) -> FloatArray:
        """Return the busy time of each node, shape (x,) in s; infinite with a forbidden task."""
        chosen = self.check_assignment(assignment)
        count_evaluation(assignment, chosen)
        times = assigned_times(self.et, chosen)
        return _sum_by_node(chosen, times, self.nodes)

    def makespan(self, assignment: ArrayLike) -> float:
        """Return the time at which the last task ends, max_j (ready_j + load_j), in s.

        Only nodes with tasks count.
        """
        loads = self.loads(assignment)
        if self.ready is None:
            return float(loads.max())
        # A node that is ready late does not matter unless it has a task.
        used = np.bincount(np.asarray(assignment), minlength=self.nodes) > 0
        return float((loads + self.ready)[used].max())

    def total_time(self, assignment: ArrayLike) -> float:
        """Return Z_y, the sum of all execution times in s (the text below (3))."""
        return float(self.loads(assignment).sum())

    def memory_used(self, assignment: ArrayLike) -> FloatArray:
        """Return the memory that each node's tasks hold, shape (x,) in byte."""
        chosen = self.check_assignment(assignment)
        if self.task_memory is None:
            return np.zeros(self.nodes)
        return _sum_by_node(chosen, self.task_memory, self.nodes)

    def runs(self, assignment: ArrayLike) -> BoolArray:
        """Return for each task whether its node can run it, shape (k,)."""
        chosen = self.check_assignment(assignment)
        if self.allowed is None:
            return np.ones(self.tasks, dtype=np.bool_)
        return np.take_along_axis(self.allowed, chosen[:, None], axis=1)[:, 0]

    def fits(self, assignment: ArrayLike) -> bool:
        """Return whether every node can run its tasks and has memory for all of them."""
        used = self.memory_used(assignment)
        if self.allowed is not None and not self.runs(assignment).all():
            return False
        if self.node_capacity is None:
            return True
        # The rounding of a sum depends on the order of its k terms: allow for its largest error.
        slack = self.tasks * np.finfo(np.float64).eps * self.node_capacity
        return bool((used <= self.node_capacity + slack).all())

    def __repr__(self) -> str:
        return f"<Problem {self.name!r}: {self.tasks} tasks on {self.nodes} nodes>"

    def _repr_html_(self) -> str:
        """Return size, memory, names and the first times, for notebooks."""
        facts = [f"{self.name}: {self.tasks} tasks on {self.nodes} nodes"]
        if self.task_memory is not None and self.node_capacity is not None:
            facts.append(memory_text(self.task_memory, self.node_capacity))
        if self.ready is not None:
            facts.append(
                f"nodes are ready after {self.ready.min():.4g} to {self.ready.max():.4g} s"
            )
        if self.allowed is not None:
            facts.append(f"pairs of task and node that cannot run: {int((~self.allowed).sum())}")
        size = (self.tasks, self.nodes)
        stated = [field for field in CONSUMPTION if getattr(self, field) is not None]
        if stated:
            facts.append(f"states {', '.join(stated).replace('_', ' ')}")
        table = times_html(_corner(self.et), self.task_names, self.node_names, size)
        return f"<p>{escaped('; '.join(facts))}</p>{table}"


def _sum_by_node(assignment: NDArray[np.int64], values: FloatArray, nodes: int) -> FloatArray:
    """Sum the values of the tasks by node, in the order of the tasks."""
    return np.bincount(assignment, weights=values, minlength=nodes).astype(np.float64, copy=False)


def _check_length(field: str, array: FloatArray, length: int) -> None:
    """Raise `InputError` for an array whose length does not match the execution times."""
    if len(array) != length:
        raise InputError(f"{field}.shape", array.shape, f"({length},) to match et")


def _check_headings(tasks: Iterable[str], nodes: Iterable[str]) -> None:
    """Raise `InputError` for labels of a frame that are no tasks, no nodes, or not in s."""
    check_names("row", tasks, "task")
    check_names("column", nodes, "node")
    for heading in nodes:
        if unit := unit_in_heading(heading):
            rule = f"renamed, with its times in s: {1 / UNITS[unit]:g} s in each {unit}"
            raise InputError("column", heading, rule)


def _check_labels(field: str, names: Any, length: int) -> tuple[str, ...] | None:
    """Return names as a tuple of texts, None if there are none."""
    if names is None:
        return None
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InputError(field, names, f"a sequence of {length} names")
    found = tuple(str(name) for name in names)
    if len(found) != length:
        raise InputError(field, found, f"{length} names, not {len(found)}")
    return found


# Execution times in their two forms: a matrix, or the work of tasks and the speed of nodes.

_MOST_TASKS, _MOST_PAIRS = 10**7, 2**28


class UniformTimes(NamedTuple):
    """Execution times of uniform machines, et_ij = work_i / speed_j (1).

    Parameters
    ----------
    work : ndarray, shape (k,)
        Work of each task in FLOP.
    speed : ndarray, shape (x,)
        Speed of each node in FLOP/s.

    Notes
    -----
    The paper prints Zt^i / F_i, with the speed indexed by the task; a speed belongs to a node.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import Problem, UniformTimes
    >>> times = UniformTimes(np.array([6.0, 4.0]), np.array([1.0, 2.0]))
    >>> Problem(times).makespan([1, 0])
    4.0
    """

    work: FloatArray
    speed: FloatArray


def check_times(et: object) -> FloatArray | UniformTimes:
    """Return `et` as read-only arrays: >= 0, an entry > 0, finite loads; speeds > 0.

    In a matrix, infinity stands for a node that cannot run the task; each task has another node.

    Raises
    ------
    InputError
        If a rule is broken; the message names the entry.
    """
    if isinstance(et, UniformTimes):
        # Never multiplied out here: with many tasks and nodes the matrix would fill the memory.
        work = check_array("work", et.work, ndim=1, at_least=0)
        speed = check_array("speed", et.speed, ndim=1, above=0)
        _check_some_positive("work", work)
        _check_loads("work", work, len(work) / float(speed.min()))
        return UniformTimes(work, speed)
    matrix = check_array("et", et, ndim=2, at_least=0, infinite=True)  # type: ignore[arg-type]
    runs = np.isfinite(matrix)
    nowhere = np.flatnonzero(~runs.any(axis=1))
    if nowhere.size:
        task = int(nowhere[0])
        raise InputError(f"et[{task}]", matrix[task], "finite for a node that can run the task")
    _check_some_positive("et", matrix[runs])
    _check_loads("et", matrix[runs], len(matrix))
    return matrix


def check_size(tasks: int, nodes: int) -> tuple[int, int]:
    """Return (k, x), both at least 1, for a generator; at most 10**7, and 2 GiB of times."""
    k = check_integer("tasks", tasks, at_least=1, at_most=_MOST_TASKS)
    x = check_integer("nodes", nodes, at_least=1, at_most=_MOST_TASKS)
    check_integer("tasks * nodes", k * x, at_most=_MOST_PAIRS)
    return k, x


def times_matrix(et: FloatArray | UniformTimes) -> FloatArray:
    """Return the read-only (k, x) matrix in s; a new one for `UniformTimes`."""
    if not isinstance(et, UniformTimes):
        return et
    matrix = et.work[:, None] / et.speed  # (1)
    matrix.flags.writeable = False
    return matrix


def _corner(et: FloatArray | UniformTimes) -> FloatArray:
    """Return the upper left part of the matrix that is shown."""
    if isinstance(et, UniformTimes):
        return et.work[:SHOWN_ROWS, None] / et.speed[:SHOWN_COLUMNS]  # (1)
    return et[:SHOWN_ROWS, :SHOWN_COLUMNS]


def times_shape(et: FloatArray | UniformTimes) -> tuple[int, int]:
    """Return (k, x), the numbers of tasks and nodes."""
    if isinstance(et, UniformTimes):
        return len(et.work), len(et.speed)
    return et.shape[0], et.shape[1]


def assigned_times(et: FloatArray | UniformTimes, assignment: NDArray[np.int64]) -> FloatArray:
    """Return the execution time of each task on its node, shape (k,) in s."""
    if isinstance(et, UniformTimes):
        return et.work / et.speed[assignment]  # (1)
    return np.take_along_axis(et, assignment[:, None], axis=1)[:, 0]


def _check_loads(field: str, values: FloatArray, most: float) -> None:
    """Raise `InputError` if the largest value times `most`, a bound on loads, is infinite."""
    if not math.isfinite(float(values.max()) * most):
        raise InputError(field, values.max(), "so small that sums of times are finite")


def _check_some_positive(field: str, values: FloatArray) -> None:
    """Raise `InputError` if all times are zero: every schedule would be optimal."""
    if not values.any():
        raise InputError(field, "all entries 0", "positive in at least one entry")
