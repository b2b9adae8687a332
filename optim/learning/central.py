"""The learner in the cloud: it has the whole network, and the nodes send it their images."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from edgeopt.optim.learning.costs import (
    BACKWARD,
    BITS,
    LABEL_BYTES,
    ExitKind,
    Tasks,
    crossing_bytes,
)
from edgeopt.optim.learning.part import LayerChain, LossWeights, OnMap, Part
from edgeopt.optim.learning.problem import LearningProblem, PeriodCost
from edgeopt.optim.learning.training import learning_rate
from edgeopt.problems.errors import InputError

_PLAIN = LossWeights(a=0.0, b=1.0)


class CentralLearner:
    """Ordinary mini-batch training, with early exits if wanted.

    Each image is sent once, when it is first used, and kept by the cloud. The upload of a task and
    the training of earlier ones overlap. The small work of the exits is not counted.

    Parameters
    ----------
    problem : LearningProblem
        Data, network, system and random numbers.
    exits : tuple of int
        Cuts 0..N - 1 that have an exit.
    weights : LossWeights
        a of each exit's loss, b of the loss at the end.
    kind : {"convolved", "pooled"}
        Kind of the exit heads.

    Raises
    ------
    InputError
        If an exit is not at a cut before the last layer.
    """

    def __init__(
        self,
        problem: LearningProblem,
        exits: tuple[int, ...] = (),
        weights: LossWeights = _PLAIN,
        kind: ExitKind = "convolved",
    ) -> None:
        self.problem, self.weights = problem, weights
        depth, device = problem.split.depth, problem.device
        for cut in exits:
            if not 0 <= cut < depth:
                raise InputError("exits", cut, f"a cut before the last, 0..{depth - 1}")
        self.network = Part(LayerChain(problem.new_network().layers).to(device), problem.training)
        self.exits = {
            cut: Part(OnMap(problem.new_exit(cut, kind)).to(device), problem.training)
            for cut in exits
        }
        self.position = 0

    def train_period(self, period: int) -> PeriodCost:
        """Train for one period; see `Learner`."""
        problem = self.problem
        tasks = problem.drawn[0].of_period(period, problem.training.window)
        for part in self._parts.values():
            part.set_rate(learning_rate(problem.training, period))
        # Before the tasks move the position on.
        sent = _first_used(self.position, tasks, len(problem.dataset.train_labels))
        losses = [self._task(int(size)) for size in tasks.size]
        image_bytes = crossing_bytes(problem.split, 0) + LABEL_BYTES
        seconds = self._seconds(tasks, sent * image_bytes)
        return PeriodCost(float(np.mean(losses)), seconds, int(sent.sum() * image_bytes), 0)

    def trained(self) -> tuple[torch.nn.Module, dict[int, torch.nn.Module]]:
        """Return chain and exits; see `Learner`."""
        return self.network.module, {cut: part.module for cut, part in self.exits.items()}

    def state(self) -> dict[str, Any]:
        """Return the state; see `Learner`."""
        parts = {name: part.state() for name, part in self._parts.items()}
        return {"parts": parts, "position": self.position}

    def load(self, state: dict[str, Any]) -> None:
        """Load a state; see `Learner`."""
        for name, part in self._parts.items():
            part.load(state["parts"][name])
        self.position = state["position"]

    @property
    def _parts(self) -> dict[str, Part]:
        """All parts by name."""
        return {"network": self.network, **{f"exit {cut}": p for cut, p in self.exits.items()}}

    def _task(self, size: int) -> float:
        """Train on the next mini-batch of all examples and return its loss."""
        examples = np.arange(len(self.problem.dataset.train_labels))
        images, labels = self.problem.batch(examples, self.position, size, 0)
        self.position += size
        loss = self._loss(images, labels)
        loss.backward()
        for part in self._parts.values():
            part.step()
        return float(loss.detach())

    def _loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the joint loss: (7) with a term for each exit."""
        tensors, loss, done = (images,), 0.0, 0
        layers = self.network.module.layers
        for cut, part in self.exits.items():
            for layer in layers[done:cut]:
                tensors = layer(tensors)
            loss = loss + self.weights.a * cross_entropy(part.module(tensors)[0], labels)
            done = cut
        for layer in layers[done:]:
            tensors = layer(tensors)
        return loss + self.weights.b * cross_entropy(tensors[0], labels)

    def _seconds(self, tasks: Tasks, sent_bytes: np.ndarray) -> float:
        """Return when the cloud is done, s: uploads over the whole link (15), training (14)."""
        # The nodes send together, each at its own share of the link.
        bandwidth = tasks.rate_bit_s.sum(axis=1)
        cloud = (1.0 + BACKWARD) * float(self.problem.split.cloud_s[0])
        arrival = np.cumsum(BITS * sent_bytes / bandwidth)
        arrival += 0.5 * tasks.round_trip_s * (sent_bytes > 0)
        free = 0.0  # when the cloud is free
        for at, size in zip(arrival, tasks.size, strict=True):
            free = max(free, float(at)) + cloud * float(size)
        return free


def _first_used(position: int, tasks: Tasks, examples: int) -> np.ndarray:
    """Return how many images of each task are used for the first time, shape (K,)."""
    ends = position + np.cumsum(tasks.size)
    return np.diff(np.minimum([position, *ends], examples))
