"""Populations of assignments: the first one, repair and makespans of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.scheduling.local_search.iterated import Start, start_assignment
from edgeopt.optim.scheduling.local_search.schedule_arrays import Instance, instance_of
from edgeopt.optim.scheduling.pso import find_room, row_makespan
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.stream import RandomStream, open_stream
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import BoolArray, Problem

_AT_ONCE = 5_000_000  # tasks drawn, or assigned in a call of the kernel

Seed = Literal["none", Start]
"""Whose assignment is in the first population, which is random otherwise."""


class Rows(NamedTuple):
    """Assignments and their makespans.

    Attributes
    ----------
    nodes : ndarray of int, shape (n, k)
        An assignment a row.
    cost : ndarray, shape (n,)
        Their makespans in s, infinite where a task found no room.
    """

    nodes: IntArray
    cost: FloatArray


class Scratch(NamedTuple):
    """Scratch of an evaluation.

    Attributes
    ----------
    loads, used : ndarray, shape (x,)
        Loads in s and memory in byte.
    repairs : ndarray of bool, shape (1,)
        Whether nodes may refuse tasks.
    """

    loads: FloatArray
    used: FloatArray
    repairs: BoolArray


@dataclass(kw_only=True)
class RowsState(State):
    """State of a population between two iterations.

    Attributes
    ----------
    stream : ndarray of uint64, shape (4,)
        Random numbers.
    instance : Instance
        The problem.
    rows, others : Rows
        The population, and another of the same size.
    scratch : Scratch
        For evaluations.
    begun : bool
        Whether the first population has been evaluated.
    """

    stream: RandomStream
    instance: Instance
    rows: Rows
    others: Rows
    scratch: Scratch
    begun: bool = False

    def evaluate(self, first: int) -> None:
        """Repair the rows from number `first` on, and compute their makespans.

        When the time of the run is up, what is left has an infinite makespan.
        """
        self.rows.cost[first:] = np.inf
        for rows in _blocks(first, self.rows.nodes):
            _evaluate_rows(self.instance, self.rows, rows.start, rows.stop, self.scratch)
            self.evaluations += rows.stop - rows.start
            if is_over():
                break

    def keep_best(self, rows: Rows) -> None:
        """Keep the row of least makespan if it is better than the best so far."""
        best = int(rows.cost.argmin())
        if rows.cost[best] < self.makespan:
            self.makespan = float(rows.cost[best])
            self.assignment = rows.nodes[best].copy()


def first_rows(
    problem: Problem, rng: np.random.Generator, size: int, seed: Seed, start: IntArray | None
) -> RowsState:
    """Return random assignments, not yet evaluated; the first is `start`, or the heuristic's."""
    instance, x = instance_of(problem), problem.nodes
    nodes = _drawn_rows(problem, rng, size)
    if start is None and seed != "none":
        start = start_assignment(problem, seed)
    if start is not None:
        nodes[0] = start
    repairs = problem.task_memory is not None or problem.allowed is not None
    return RowsState(
        stream=open_stream(rng),
        instance=instance,
        rows=Rows(nodes, np.full(size, np.inf)),
        others=Rows(np.zeros(nodes.shape, dtype=np.int64), np.full(size, np.inf)),
        scratch=Scratch(np.zeros(x), np.zeros(x), np.full(1, repairs)),
    )


def _drawn_rows(problem: Problem, rng: np.random.Generator, size: int) -> IntArray:
    """Return random assignments; when the time of the run is up, the rest is left at 0."""
    nodes = np.zeros((size, problem.tasks), dtype=np.int64)
    for rows in _blocks(0, nodes):
        nodes[rows] = rng.integers(problem.nodes, size=nodes[rows].shape)
        if is_over():
            break
    return nodes


def _blocks(first: int, nodes: IntArray) -> Iterator[slice]:
    """Yield the rows from number `first` on, as many at once as the clock allows."""
    size, tasks = nodes.shape
    at_once = max(1, _AT_ONCE // tasks)
    for begin in range(first, size, at_once):
        yield slice(begin, min(begin + at_once, size))


@jit
def _evaluate_rows(instance: Instance, rows: Rows, begin: int, end: int, scratch: Scratch) -> None:
    """Repair rows, and compute their makespans."""
    for row in range(begin, end):
        rows.cost[row] = _cost_of(instance, rows.nodes[row], scratch)


@jit_lean
def _cost_of(instance: Instance, assignment: IntArray, scratch: Scratch) -> float:
    """Repair an assignment, and return its makespan in s, infinite where a task finds no room."""
    if scratch.repairs[0] and not find_room(
        instance.et, instance.memory, instance.capacity, scratch.used, assignment
    ):
        return np.inf
    return row_makespan(instance.et, instance.ready, scratch.loads, assignment)
