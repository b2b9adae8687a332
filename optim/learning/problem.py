"""The learning problem of a repetition, the same for every scheme, and what a scheme must do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from edgeopt.optim.framework.conditions import LinkConditions, LinkTrace
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.learning.answers import Answers
from edgeopt.optim.learning.costs import ExitKind, Tasks, draw_tasks, map_shape
from edgeopt.optim.learning.networks.layers import ExitHead
from edgeopt.optim.learning.networks.resnet import SplitNetwork, build_network
from edgeopt.optim.learning.training import Training
from edgeopt.problems.datasets.dataset import Dataset, dirichlet_partition
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.offloading.reading import CORRECTED
from edgeopt.problems.systems.system import System

# One stream of random numbers for each use: drawing more from one changes no other.
_WEIGHTS, _EXITS, _SHARDS, _TASKS, _BATCHES, _SCHEDULES = range(6)

_LARGEST_SEED = 2**63


@dataclass(frozen=True, eq=False)
class LearningProblem:
    """A data set, a network, a system and a repetition's random numbers.

    Parameters
    ----------
    dataset : Dataset
        The data.
    network : str
        As for `build_network`.
    system : System
        Pool, cloud, link and tasks.
    training : Training
        Length of the training and parameters of the optimiser.
    link : LinkTrace or None
        States of the link to the cloud; None: constant, as in the system.
    seed : tuple of int
        Root seed and repetition, on which all randomness depends.
    device : str
        Where PyTorch computes.

    Examples
    --------
    See ``examples/learn_together.py``.
    """

    dataset: Dataset
    network: str
    system: System
    training: Training
    link: LinkTrace | None
    seed: tuple[int, ...]
    device: str = "cpu"

    def new_network(self) -> SplitNetwork:
        """Return the untrained network, with the same weights in every call."""
        channels, height, width = self.dataset.image_shape
        return build_network(
            self.network,
            channels=channels,
            height=height,
            width=width,
            classes=self.dataset.classes,
            seed=self._number(_WEIGHTS),
        )

    def new_exit(self, cut: int, kind: ExitKind) -> ExitHead:
        """Return the untrained exit head after a cut."""
        return ExitHead(
            map_shape(self.split, cut)[0],
            self.dataset.classes,
            convolved=kind == "convolved",
            seed=self._number(_EXITS, cut),
        )

    @cached_property
    def split(self) -> SplitSystem:
        """The network on the system; the fastest node is the master, the link is shared (15)."""
        profile = self.new_network().profile(self.dataset.image_shape)
        speeds = self.system.pool.per_node("flops")
        return SplitSystem(profile, self.system, CORRECTED, master=int(speeds.argmax()))

    @cached_property
    def shards(self) -> list[IntArray]:
        """The training examples of each node."""
        return dirichlet_partition(
            self.dataset.train_labels,
            self.split.nodes,
            self.training.concentration,
            rng=self._rng(_SHARDS),
        )

    @cached_property
    def drawn(self) -> tuple[Tasks, LinkConditions]:
        """All tasks of the run, and the links as they meet them."""
        return draw_tasks(self.split, self.training, self.link, self._rng(_TASKS))

    def batch(
        self, examples: IntArray, position: int, size: int, owner: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images and labels of a mini-batch from an owner's examples, see `batch_at`."""
        chosen = batch_at(examples, position, size, (*self.seed, _BATCHES, owner))
        images = torch.from_numpy(self.dataset.train_images[chosen])
        labels = torch.from_numpy(self.dataset.train_labels[chosen])
        return images.to(self.device), labels.to(self.device)

    def schedule_rng(self, period: int) -> np.random.Generator:
        """Return the scheduler's source of randomness in a period."""
        return self._rng(_SCHEDULES, period)

    def _rng(self, *key: Any) -> np.random.Generator:
        """Return a stream of random numbers."""
        return np.random.default_rng([*self.seed, *key])

    def _number(self, *key: int) -> int:
        """Return a seed for PyTorch."""
        return int(self._rng(*key).integers(_LARGEST_SEED))


# Mini-batches: shuffled passes over a node's examples.


def batch_at(examples: IntArray, position: int, size: int, seed: tuple[int, ...]) -> IntArray:
    """Return the `size` examples from `position` on in an endless sequence of shuffled passes.

    The order of a pass depends only on the seed and the number of the pass; thus the position is
    all that has to be saved. A mini-batch may end one pass and begin the next.

    Parameters
    ----------
    examples : (n,) int64 array
        Indices of the node's examples.
    position : int
        Number of examples taken before, >= 0.
    size : int
        Number of examples, >= 1.
    seed : tuple of int
        Seed of the node's order.
    """
    # Only the passes that the mini-batch touches are shuffled, whatever the position.
    first, last = position // len(examples), (position + size - 1) // len(examples)
    passes = [_shuffled(examples, seed, number) for number in range(first, last + 1)]
    start = position - first * len(examples)
    return np.concatenate(passes)[start : start + size]


def _shuffled(examples: IntArray, seed: tuple[int, ...], number: int) -> IntArray:
    """Return the examples in the order of one pass."""
    return np.random.default_rng([*seed, number]).permutation(examples)


# The protocols of training schemes and of the learners that they start.


class PeriodCost(NamedTuple):
    """Loss, simulated time and traffic of a period.

    Attributes
    ----------
    loss : float
        Mean training loss of its tasks.
    seconds : float
        Simulated time, s.
    up_bytes, down_bytes : int
        Sent from the edge to the cloud, and back.
    lan_bytes : int
        Sent between the edge nodes.
    asleep : float
        Share of the tasks that ended at the exit head.
    """

    loss: float
    seconds: float
    up_bytes: int
    down_bytes: int
    lan_bytes: int = 0
    asleep: float = 0.0


class Learner(Protocol):
    """A network in training."""

    def train_period(self, period: int) -> PeriodCost:
        """Train for one period, 0..periods - 1."""

    def trained(self) -> tuple[torch.nn.Module, dict[int, torch.nn.Module]]:
        """Return all layers as one chain, and the exit heads by cut, for evaluation."""

    def state(self) -> dict[str, Any]:
        """Return all that the next period depends on, as tensors and plain values."""

    def load(self, state: dict[str, Any]) -> None:
        """Resume from a `state`."""


class TrainingScheme(Protocol):
    """A training scheme: a frozen dataclass of parameters with two methods.

    Examples
    --------
    See ``examples/learn_together.py``.
    """

    def start(self, problem: LearningProblem) -> Learner:
        """Return a learner before its first period."""

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return the probability that the system answers each test image wrongly, shape (n,)."""
