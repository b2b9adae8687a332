"""The protocols of training schemes and of the learners that they start."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch

from edgeopt.optim.learning.answers import Answers
from edgeopt.optim.learning.problem import LearningProblem
from edgeopt.problems.errors import FloatArray


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
