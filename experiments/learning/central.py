"""Ordinary training of the whole network in the cloud, without or with early exits."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.learning.answers import Answers, is_wrong
from experiments.learning.central_learner import CentralLearner
from experiments.learning.problem import LearningProblem
from problems.errors import FloatArray


@dataclass(frozen=True)
class Central:
    """The plain network: the nodes send their images, the cloud trains."""

    def start(self, problem: LearningProblem) -> CentralLearner:
        """Return the learner; see `Scheme`."""
        return CentralLearner(problem)

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return which answers are wrong; see `Scheme`."""
        return is_wrong(answers.final, answers.labels)
