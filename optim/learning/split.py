"""The learner whose layers are spread over edge nodes, master and cloud."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.functional import cross_entropy

from edgeopt.optim.learning.costs import (
    BITS,
    Exit,
    Path,
    TaskCosts,
    Tasks,
    simulate_period,
    task_costs,
)
from edgeopt.optim.learning.part import LayerChain, OnMap, Part, Tensors
from edgeopt.optim.learning.problem import LearningProblem
from edgeopt.optim.learning.scheme import PeriodCost
from edgeopt.optim.learning.training import learning_rate
from edgeopt.optim.scheduling.bounds.quick_bounds import combinatorial_bound
from edgeopt.optim.scheduling.catalog import build_solver
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import IntArray, as_solver
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError, check_array
from edgeopt.problems.parameters import check_names
from edgeopt.problems.scheduling.problem import SchedulingProblem

if TYPE_CHECKING:
    import torch


class SplitLearner:
    """Split training of x nodes with a cloud, aggregated after each period (5-7).

    In a period the window of K tasks is scheduled on the nodes. Each node takes its mini-batches
    from its own data; cloud and exit head, of which there is one copy each, take a step for each
    task in the simulated order of arrival. Then (6) averages the nodes' layers 1..cut.

    Parameters
    ----------
    problem : LearningProblem
        What is learnt.
    cut : int
        0..N. At cut 0 the nodes send their images, at cut N they train by themselves.
    weights : LossWeights
        a and b of (7); a = 0: there is no exit head.
    dispatch : Dispatch
        Who schedules.
    asleep : ndarray of bool, shape (tasks of the run,), optional
        Which tasks end at the exit head; none without it.
    kind : {"convolved", "pooled"}
        Kind of the exit head.

    Raises
    ------
    InputError
        If the network has no such cut, or an exit is wanted behind its last layer.
    """

    def __init__(
        self,
        problem: LearningProblem,
        cut: int,
        weights: LossWeights,
        dispatch: Dispatch,
        asleep: NDArray[np.bool_] | None = None,
        kind: Exit = "convolved",
    ) -> None:
        setting, training = problem.setting, problem.training
        setting.check_cut("cut", cut)
        if weights.a and cut == setting.depth:
            raise InputError("cut", cut, f"< {setting.depth} with an exit (a > 0) behind it")
        self.problem, self.weights, self.dispatch = problem, weights, dispatch
        self.shards = problem.shards
        nobody = np.zeros(training.tasks, dtype=np.bool_)
        exit_kind = kind if weights.a else None
        self.path = Path(cut, exit_kind, nobody if asleep is None else asleep)
        layers = problem.new_network().to(problem.device).layers
        self.edges = [
            Part(LayerChain(copy.deepcopy(layers[:cut])), training) for _ in range(setting.nodes)
        ]
        self.cloud = Part(LayerChain(layers[cut:]), training)
        self.exit = None
        if weights.a:
            self.exit = Part(OnMap(problem.new_exit(cut, kind)).to(problem.device), training)
        self.positions = np.zeros(setting.nodes, dtype=np.int64)

    def train_period(self, period: int) -> PeriodCost:
        """Train for one period; see `Learner`."""
        problem, window = self.problem, self.problem.training.window
        tasks = problem.drawn[0].of_period(period, window)
        asleep = self.path.asleep[period * window : (period + 1) * window]
        costs = task_costs(problem.setting, tasks, self.path._replace(asleep=asleep))
        assignment = assign(self.dispatch, costs, problem.schedule_rng(period))
        timeline = simulate_period(costs, assignment)
        for part in self._parts.values():
            part.set_rate(learning_rate(problem.training, period))
        losses = [
            self._task(int(assignment[i]), int(tasks.size[i]), bool(asleep[i]))
            for i in timeline.order
        ]
        done = np.bincount(assignment, minlength=problem.setting.nodes)
        self._aggregate(done)
        return self._cost(float(np.mean(losses)), timeline.seconds, costs, assignment, tasks)

    def trained(self) -> tuple[torch.nn.Module, dict[int, torch.nn.Module]]:
        """Return chain and exits; see `Learner`. After a period all nodes have the same layers."""
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
        """Train on a node's next mini-batch and return its loss."""
        position = int(self.positions[node])
        images, labels = self.problem.batch(self.shards[node], position, size, node)
        self.positions[node] += size
        parts = Parts(self.edges[node], self.cloud, self.exit)
        return split_step(parts, images, labels, self.weights, asleep=asleep)

    def _aggregate(self, done: IntArray) -> None:
        """Give every node the mean of all."""
        mean = aggregate([part.state() for part in self.edges], done)
        for part in self.edges:
            part.load(mean)

    def _cost(
        self, loss: float, seconds: float, costs: TaskCosts, assignment: IntArray, tasks: Tasks
    ) -> PeriodCost:
        """Return what the period took and sent, the nodes' parts at its end included.

        Nodes that did tasks send theirs, and all are sent the mean, at the rates of the last task.
        """
        sizes = (tensor.nbytes for tensor in self.edges[0].state().values())
        part_bytes, nodes = sum(sizes), self.problem.setting.nodes
        workers = np.unique(assignment)
        lan_tasks = assignment != self.problem.setting.master
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
    """Return the rate of the slowest node that sends, and of the slowest of all, bit/s."""
    rates = tasks.rate_bit_s[-1]
    return float(rates[workers].min()), float(rates.min())


# Aggregation of the edge nodes' parts at the end of a period (6).

ModelState = dict[str, torch.Tensor]


def aggregate(states: Sequence[ModelState], tasks: ArrayLike) -> ModelState:
    """Return the mean of the nodes' states, weighted by the tasks that each has done (6).

    The paper writes u for the number of nodes x and does not say which parameters are meant: those
    of the layers 1..j, of which each node has its own; cloud and exit head exist once. What floats
    is averaged: weights, running statistics of batch norm, and momentum. The last is ours: with
    one task a node and equal U, aggregated steps are then exactly steps of momentum along the mean
    gradient (Yu, Jin and Yang, "On the linear speedup analysis of communication efficient momentum
    SGD", ICML 2019, average it too). Of integers, batch norm's counters of batches, which no
    result depends on, the largest is taken.

    Parameters
    ----------
    states : sequence of dict of Tensor
        Tensors by name, of equal shapes, one dict for each of the x nodes.
    tasks : array_like, shape (x,)
        U_i >= 0, tasks done in the period. Sums are formed in float64.

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
    """Return the weighted mean of floats, the maximum of integers."""
    if not tensors[0].is_floating_point():
        return torch.stack(tensors).amax(dim=0)
    pairs = zip(tensors, shares, strict=True)
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


# Which node does which task of a period: any solver of the scheduling problem.

_FIELDS = ("solver", "parameters", "budget")


@dataclass(frozen=True)
class Dispatch:
    """A solver and what it may use for one period's window of K tasks.

    Attributes
    ----------
    solver : dict
        ``{"solver": name, parameter: value, ...}``.
    budget : dict
        Stopping criteria by name. Wall time among them makes runs differ.
    """

    solver: dict[str, Any] = field(default_factory=lambda: {"solver": "atsa-repaired"})
    budget: dict[str, Any] = field(default_factory=lambda: {"evaluations": 1000})

    def __post_init__(self) -> None:
        as_solver(build_solver(self.solver))
        make_criteria(self.budget)


def make_dispatch(table: Any) -> Dispatch:
    """Return the dispatch of a table with any of ``solver``, its ``parameters`` and ``budget``.

    Raises
    ------
    InputError
        If a field is unknown or illegal.
    """
    if not isinstance(table, dict):
        raise InputError("dispatch", table, "a table")
    check_names(table, dict.fromkeys(_FIELDS))
    default = Dispatch()
    name = table.get("solver", default.solver["solver"])
    if not isinstance(name, str):
        raise InputError("dispatch.solver", name, "the name of a solver")
    solver = {"solver": name, **table.get("parameters", {})}
    return Dispatch(solver, table.get("budget", default.budget))


def assign(dispatch: Dispatch, costs: TaskCosts, rng: np.random.Generator) -> IntArray:
    """Return the node of each task of a window, shape (K,).

    Raises
    ------
    InputError
        If the solver finds no schedule within its budget.
    """
    problem = SchedulingProblem(costs.occupied_s, name="period")
    result = solve(
        problem,
        build_solver(dispatch.solver),
        stop=make_criteria(dispatch.budget),
        rng=rng,
        bound=combinatorial_bound,
    )
    if result.assignment is None:
        raise InputError("dispatch.budget", dispatch.budget, "enough for a schedule")
    return result.assignment


# The joint loss of edge exit and cloud (7).


class LossWeights(NamedTuple):
    """The weights of (7), which the paper does not give: a of the edge exit, b of the cloud."""

    a: float
    b: float


def joint_loss(
    edge_loss: torch.Tensor | float, cloud_loss: torch.Tensor | float | None, weights: LossWeights
) -> torch.Tensor | float:
    """Return a F_e + b F_c (7), or a F_e while the cloud sleeps.

    Parameters
    ----------
    edge_loss : Tensor or float
        F_e, mean cross entropy of the exit head's answers.
    cloud_loss : Tensor, float or None
        F_c, that of the whole network's; None for a dormant task. The paper does not say what
        becomes of b F_c then: nobody can compute it.
    weights : LossWeights
        a and b.
    """
    if cloud_loss is None:
        return weights.a * edge_loss
    return weights.a * edge_loss + weights.b * cloud_loss  # (7)


# One local step of training over edge and cloud (5).

Gradients = list[torch.Tensor | None]
"""One for each tensor at the cut, None where nothing depends on it."""


class Parts(NamedTuple):
    """Who takes part: a node with layers 1..j, the cloud with j+1..N, the master with the exit.

    Without layers in the cloud (j = N) its part only computes the loss. The exit may be missing.
    """

    edge: Part
    cloud: Part
    exit: Part | None


def split_step(
    parts: Parts,
    images: torch.Tensor,
    labels: torch.Tensor,
    weights: LossWeights,
    *,
    asleep: bool = False,
) -> float:
    """Train all parts on one mini-batch and return its joint loss (7).

    As printed (5) is a local step on all of F, most of which is not on the node. Here the node
    sends the tensors at the cut to the cloud and their map to the exit head; both send the gradient
    of their term of (7) back, and the node goes on with the sum.

    Parameters
    ----------
    parts : Parts
        Changed in place, one step (5) each.
    images, labels : Tensor, shape (n, channels, height, width) and (n,)
        The mini-batch.
    weights : LossWeights
        a and b of (7).
    asleep : bool
        Whether the task ends at the exit head; then the cloud learns nothing from it.
    """
    sent: Tensors = parts.edge.module((images,))
    at_exit, at_cloud = Gradients(), Gradients()
    edge_loss, cloud_loss = 0.0, None
    if parts.exit is not None and weights.a:
        edge_loss, at_exit = _far_step(parts.exit, sent[:1], labels, weights.a)
    if not asleep:
        cloud_loss, at_cloud = _far_step(parts.cloud, sent, labels, weights.b)
    _send_back(sent, at_exit, at_cloud)
    parts.edge.step()
    return float(joint_loss(edge_loss, cloud_loss, weights))


def _far_step(
    part: Part, sent: Tensors, labels: torch.Tensor, weight: float
) -> tuple[float, Gradients]:
    """Train a part behind the cut; return its loss and the weighted gradient of each tensor."""
    received = tuple(tensor.detach().requires_grad_(tensor.requires_grad) for tensor in sent)
    loss = cross_entropy(part.module(received)[0], labels)
    (weight * loss).backward()
    part.step()
    return float(loss.detach()), [tensor.grad for tensor in received]


def _send_back(sent: Tensors, *returned: Gradients) -> None:
    """Go back through the node's layers with the sum of the gradients that were returned."""
    tensors, sums = [], []
    for tensor, gradients in zip(sent, zip_longest(*returned), strict=False):
        known = [gradient for gradient in gradients if gradient is not None]
        if known:
            tensors.append(tensor)
            sums.append(sum(known[1:], start=known[0]))
    if tensors:
        torch.autograd.backward(tensors, sums)
