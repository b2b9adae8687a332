"""Which node computes a task, decided while the tasks come: by a rule, or by a solver."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from edgeopt.optim.framework.dispatcher import AnyDispatcher, Dispatcher, WindowDispatcher
from edgeopt.optim.online.changes import change_arrays
from edgeopt.optim.online.dispatch import DispatchRule
from edgeopt.optim.online.edge_queues import queue_at_edge
from edgeopt.optim.scheduling.bounds.quick_bounds import combinatorial_bound
from edgeopt.optim.scheduling.catalog import build_solver
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


@dataclass
class NodeQueues:
    """The edge nodes as the master sees them: who is present, and when each should be free.

    Attributes
    ----------
    flops : ndarray, shape (x,)
        Speed of each node in FLOP/s, as in the simulation.
    present : ndarray of bool, shape (x,)
        Which nodes can be given tasks.
    queues : list of dict
        Work of the tasks that each node has not finished, FLOP, by task, in order.
    free_s : ndarray, shape (x,)
        When each node should have finished them, s.
    """

    flops: FloatArray
    present: np.ndarray
    queues: list[dict[int, float]] = field(default_factory=list)
    free_s: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        self.queues = [{} for _ in self.flops]
        self.free_s = np.zeros(len(self.flops))

    def add(self, node: int, task: int, work: float, now: float) -> None:
        """Append a task to the queue of a node."""
        self.queues[node][task] = work
        self.free_s[node] = max(now, self.free_s[node]) + work / self.flops[node]

    def finish(self, node: int, task: int, now: float) -> None:
        """Take a finished task off; what the estimate was wrong by is corrected."""
        if self.queues[node].pop(task, None) is not None:
            self.free_s[node] = now + sum(self.queues[node].values()) / self.flops[node]

    def lose(self, node: int, kept: Sequence[int] = ()) -> list[int]:
        """Let a node go, and return the tasks that it does not finish."""
        self.present[node] = False
        lost = [task for task in self.queues[node] if task not in kept]
        for task in lost:
            del self.queues[node][task]
        return lost


class Chooser:
    """Chooses the node of each task; the online form of `Dispatcher` and `WindowDispatcher`.

    Parameters
    ----------
    dispatcher : Dispatcher or WindowDispatcher
        What the simulation uses.
    nodes : NodeQueues
        The nodes.
    rng : Generator
        Source of randomness of the solver.
    """

    def __init__(
        self, dispatcher: AnyDispatcher, nodes: NodeQueues, rng: np.random.Generator
    ) -> None:
        self._dispatcher, self._nodes, self._rng = dispatcher, nodes, rng
        self._turn = 0
        self.solver_s: list[float] = []
        if isinstance(dispatcher, WindowDispatcher):
            self._solver, self._stop = build_solver(dispatcher.solver), dispatcher.budget

    def in_turn(self) -> int | None:
        """Return the next present node in turn, None if there is none."""
        count = len(self._nodes.flops)
        for step in range(count):
            node = (self._turn + step) % count
            if self._nodes.present[node]:
                self._turn = node + 1
                return node
        return None

    def closing_s(self, waits: Sequence[float], *, is_last: bool) -> float:
        """Return when the waiting tasks are to be dispatched, s.

        Parameters
        ----------
        waits : sequence of float
            Since when each task waits, the oldest first, s.
        is_last : bool
            Whether no further task is to come.
        """
        if not waits or not self._nodes.present.any():
            return np.inf
        if isinstance(self._dispatcher, Dispatcher):
            return waits[0]
        window = self._dispatcher.window
        is_full = is_last or len(waits) >= window.tasks
        return waits[0] if is_full else waits[0] + window.longest_wait_s

    @property
    def most(self) -> int:
        """Number of tasks that are dispatched together."""
        return 1 if isinstance(self._dispatcher, Dispatcher) else self._dispatcher.window.tasks

    def choose(self, work: FloatArray, now: float) -> list[int]:
        """Return the nodes of tasks of some work in FLOP; some node is present."""
        if isinstance(self._dispatcher, Dispatcher):
            return [self._by_rule(float(work[0]), now, self._dispatcher.rule)]
        present, start = np.flatnonzero(self._nodes.present), time.perf_counter()
        problem = Problem(
            UniformTimes(work, self._nodes.flops[present]),
            name="window",
            ready=np.maximum(self._nodes.free_s[present] - now, 0.0),
        )
        result = solve(
            problem,
            self._solver,
            stop=make_criteria(self._stop),
            rng=self._rng,
            bound=combinatorial_bound,
            catch_interrupt=False,
        )
        self.solver_s.append(time.perf_counter() - start)
        assert result.assignment is not None  # without memory, every node takes every task
        chosen: list[int] = present[result.assignment].tolist()
        return chosen

    def _by_rule(self, work: float, now: float, rule: DispatchRule) -> int:
        """Return the node that the simulation's own rule takes for one task."""
        if rule == "round-robin":
            node = self.in_turn()
            assert node is not None
            return node
        free = np.where(self._nodes.present, self._nodes.free_s, np.inf)
        code = get_args(DispatchRule).index(rule)
        times = queue_at_edge(
            np.array([now]), np.array([work]), self._nodes.flops, free, _NO_CHANGES, code
        )
        return int(times.node[0])


_NO_CHANGES = change_arrays((), 1)


def compile_kernels(dispatcher: AnyDispatcher) -> None:
    """Compile all kernels of a dispatcher, during which a master would hear nobody."""
    nodes = NodeQueues(np.ones(2), np.ones(2, dtype=bool))
    chooser = Chooser(dispatcher, nodes, np.random.default_rng(0))
    if isinstance(dispatcher, WindowDispatcher):
        warm_up(Problem(UniformTimes(np.ones(1), nodes.flops)), build_solver(dispatcher.solver))
    chooser.choose(np.ones(chooser.most), 0.0)
