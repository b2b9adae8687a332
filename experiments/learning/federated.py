"""Federated averaging of the whole network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from experiments.learning.answers import Answers, is_wrong
from experiments.learning.dispatch import make_dispatch
from experiments.learning.joint_loss import LossWeights
from experiments.learning.problem import LearningProblem
from experiments.learning.split_learner import SplitLearner
from problems.errors import FloatArray


@dataclass(frozen=True)
class Federated:
    """Every node trains a whole network on its own data; (6) averages all of it.

    The collaborative scheme with cut N: no exit, nothing of a task leaves the node. Source: McMahan
    et al., "Communication-efficient learning of deep networks from decentralized data", AISTATS
    2017, with weights by tasks done and momentum averaged as here everywhere.

    Parameters
    ----------
    dispatch : dict
        See `make_dispatch`.
    """

    dispatch: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        make_dispatch(self.dispatch)

    def start(self, problem: LearningProblem) -> SplitLearner:
        """Return the learner; see `Scheme`."""
        weights = LossWeights(0.0, 1.0)
        depth = problem.setting.depth
        return SplitLearner(problem, depth, weights, make_dispatch(self.dispatch))

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return which answers are wrong; see `Scheme`."""
        return is_wrong(answers.final, answers.labels)
