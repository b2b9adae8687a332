"""The learner of split training, spread over edge nodes, master and cloud; its aggregation (6)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from edgeopt.optim.learning.costs import BITS, ExitKind, TaskCosts, TaskPath, Tasks, task_costs
from edgeopt.optim.learning.part import LayerChain, LossWeights, OnMap, Part, SplitParts, split_step
from edgeopt.optim.learning.period import Dispatch, assign, simulate_period
from edgeopt.optim.learning.problem import LearningProblem, PeriodCost
from edgeopt.optim.learning.training import learning_rate
from edgeopt.problems.errors import InputError, IntArray, check_array


class SplitLearner:
    """Split training of x nodes with a cloud, aggregated after each period (5-7).

    In each period, a window of K tasks is scheduled on the nodes. Every node takes its mini-batches
    from its own data; the cloud and the exit head, one copy each, take a step (5) for each task in
    the simulated order of arrival. At the end (6) averages the nodes' layers 1..cut.

    Parameters
    ----------
    problem : LearningProblem
        Data, network, system and random numbers.
    cut : int
        0..N. At cut 0 the nodes send their images, at cut N they train on their own.
    weights : LossWeights
        a and b of (7); a = 0: without exit head.
    dispatch : Dispatch
        The solver that schedules the window of a period, and its budget.
    asleep : ndarray of bool, shape (tasks of the run,), optional
        Which tasks end at the exit head; None: no task does.
    kind : {"convolved", "pooled"}
        Kind of the exit head.

    Raises
    ------
    InputError
        If the network has no such cut, or an exit head would follow its last layer.
    """

    def __init__(
        self,
        problem: LearningProblem,
        cut: int,
        weights: LossWeights,
        dispatch: Dispatch,
        asleep: NDArray[np.bool_] | None = None,
        kind: ExitKind = "convolved",
    ) -> None:
        split, training = problem.split, problem.training
        split.check_cut("cut", cut)
        if weights.a and cut == split.depth:
            raise InputError("cut", cut, f"< {split.depth} with an exit (a > 0) after it")
        self.problem, self.weights, self.dispatch = problem, weights, dispatch
        self.shards = problem.shards
        none = np.zeros(training.tasks, dtype=np.bool_)
        exit_kind = kind if weights.a else None
        self.path = TaskPath(cut, exit_kind, none if asleep is None else asleep)
        layers = problem.new_network().to(problem.device).layers
        self.edges = [
            # Copies: all nodes start with the same weights (section 2.4) and then differ.
            Part(LayerChain(copy.deepcopy(layers[:cut])), training)
            for _ in range(split.nodes)
        ]
        self.cloud = Part(LayerChain(layers[cut:]), training)
        self.exit = None
        if weights.a:
            self.exit = Part(OnMap(problem.new_exit(cut, kind)).to(problem.device), training)
        self.positions = np.zeros(split.nodes, dtype=np.int64)

    def train_period(self, period: int) -> PeriodCost:
        """Train for one period; see `Learner`."""
        problem, window = self.problem, self.problem.training.window
        tasks = problem.drawn[0].of_period(period, window)
        asleep = self.path.asleep[period * window : (period + 1) * window]
        costs = task_costs(problem.split, tasks, self.path._replace(asleep=asleep))
        assignment = assign(self.dispatch, costs, problem.schedule_rng(period))
        timeline = simulate_period(costs, assignment)
        # The rate changes between periods only, when all nodes have the same layers.
        for part in self._parts.values():
            part.set_rate(learning_rate(problem.training, period))
        losses = [
            self._task(int(assignment[i]), int(tasks.size[i]), bool(asleep[i]))
            for i in timeline.order
        ]
        done = np.bincount(assignment, minlength=problem.split.nodes)
        self._aggregate(done)
        return self._cost(float(np.mean(losses)), timeline.seconds, costs, assignment, tasks)

    def trained(self) -> tuple[torch.nn.Module, dict[int, torch.nn.Module]]:
        """Return chain and exits; see `Learner`."""
        # After a period all nodes have the same layers: those of node 0 stand for all.
        chain = LayerChain([*self.edges[0].module.layers, *self.cloud.module.layers])
        return chain, {self.path.cut: self.exit.module} if self.exit else {}

    def state(self) -> dict[str, Any]:
        """Return the state; see `Learner`."""
        parts = {name: part.state() for name, part in self._parts.items()}
        return {"parts": parts, "positions": self.positions.tolist()}

    def load(self, state: dict[str, Any]) -> None:
        """Load a state; see `Learner`."""
        for name, part in self._parts.items():
            part.load(state["parts"][name])
        self.positions = np.array(state["positions"], dtype=np.int64)

    @property
    def _parts(self) -> dict[str, Part]:
        """All parts by name."""
        edges = {f"node {node}": part for node, part in enumerate(self.edges)}
        return {**edges, "cloud": self.cloud, **({"exit": self.exit} if self.exit else {})}

    def _task(self, node: int, size: int, asleep: bool) -> float:
        """Train on the next mini-batch of a node and return its loss."""
        position = int(self.positions[node])
        images, labels = self.problem.batch(self.shards[node], position, size, node)
        self.positions[node] += size
        parts = SplitParts(self.edges[node], self.cloud, self.exit)
        return split_step(parts, images, labels, self.weights, asleep=asleep)

    def _aggregate(self, done: IntArray) -> None:
        """Replace every node's layers by the mean of all (6)."""
        mean = aggregate([part.state() for part in self.edges], done)
        for part in self.edges:
            part.load(mean)

    def _cost(
        self, loss: float, seconds: float, costs: TaskCosts, assignment: IntArray, tasks: Tasks
    ) -> PeriodCost:
        """Return time and traffic of the period, including the exchange of the nodes' layers.

        Nodes that did tasks upload their layers, and all download the mean, at the rates that the
        last task met.
        """
        sizes = (tensor.nbytes for tensor in self.edges[0].state().values())
        part_bytes, nodes = sum(sizes), self.problem.split.nodes
        workers = np.unique(assignment)
        # The master's own tasks do not cross the edge network.
        lan_tasks = assignment != self.problem.split.master
        lan_bytes = (2 * costs.map_bytes + tasks.size * (self.exit is not None))[lan_tasks].sum()
        exchange_s = 0.0
        if part_bytes:
            up_s, down_s = (BITS * part_bytes / rate for rate in _slowest(tasks, workers))
            exchange_s = up_s + down_s + float(tasks.round_trip_s[-1])
        return PeriodCost(
            loss=loss,
            seconds=seconds + exchange_s,
            up_bytes=int(costs.up_bytes.sum()) + part_bytes * len(workers),
            down_bytes=int(costs.down_bytes.sum()) + part_bytes * nodes,
            lan_bytes=int(lan_bytes),
            asleep=float(costs.asleep.mean()),
        )


def _slowest(tasks: Tasks, workers: IntArray) -> tuple[float, float]:
    """Return the rates of the slowest node that uploads and of the slowest of all, bit/s."""
    rates = tasks.rate_bit_s[-1]
    return float(rates[workers].min()), float(rates.min())


# The aggregation of the edge nodes' layers at the end of a period (6).

ModelState = dict[str, torch.Tensor]
"""Weights, buffers and momentum of a node's layers by name."""


def aggregate(states: Sequence[ModelState], tasks: ArrayLike) -> ModelState:
    """Return the mean of the nodes' states, weighted by the tasks that each has done (6).

    The paper writes u for the number of nodes x and does not say which parameters are meant. Here:
    those of the layers 1..j, of which each node has a copy; cloud and exit head exist only once.
    Floating-point tensors are averaged: weights, running statistics of batch norm, and momentum.
    Averaging the momentum is our addition: with one task a node and equal U, aggregated steps are
    then exactly momentum steps along the mean gradient (so do Yu, Jin and Yang, "On the linear
    speedup analysis of communication efficient momentum SGD", ICML 2019). Of integers (batch
    norm's counters of batches, on which no result depends) the largest is kept.

    Parameters
    ----------
    states : sequence of dict of Tensor
        The state of each of the x nodes: tensors by name, of equal shapes.
    tasks : array_like, shape (x,)
        U_i >= 0, tasks that each node has done in the period.

    Raises
    ------
    InputError
        If the numbers of states and tasks differ, no task was done, or names or shapes differ.
    """
    weights = check_array("tasks", tasks, ndim=1, at_least=0)
    if len(weights) != len(states):
        raise InputError("tasks.shape", weights.shape, f"({len(states)},), one for each node")
    if weights.sum() <= 0:
        raise InputError("tasks", weights.tolist(), "of a sum > 0: nobody has done a task")
    shares = weights / weights.sum()
    _check_alike(states)
    return {
        name: _combine([state[name] for state in states], shares.tolist()) for name in states[0]
    }


def _combine(tensors: list[torch.Tensor], shares: list[float]) -> torch.Tensor:
    """Return the weighted mean of floating-point tensors, the maximum of integer ones."""
    if not tensors[0].is_floating_point():
        return torch.stack(tensors).amax(dim=0)
    pairs = zip(tensors, shares, strict=True)
    # In float64, and without idle nodes: a single worker keeps its bits.
    mean = sum(share * tensor.detach().double() for tensor, share in pairs if share)  # (6)
    return mean.to(tensors[0].dtype)


def _check_alike(states: Sequence[ModelState]) -> None:
    """Raise `InputError` unless all states have the same names and shapes."""
    shapes = [{name: tuple(tensor.shape) for name, tensor in state.items()} for state in states]
    for node, shape in enumerate(shapes):
        for name in shapes[0].keys() | shape.keys():
            if shape.get(name) != shapes[0].get(name):
                rule = f"of shape {shapes[0].get(name)} as on node 0"
                raise InputError(f"states[{node}]: {name}", shape.get(name), rule)
