"""BranchyNet: exits trained together with the network, and left by entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from experiments.learning.answers import Answers
from experiments.learning.central_learner import CentralLearner
from experiments.learning.costs import Exit
from experiments.learning.early_exit import early_answers
from experiments.learning.joint_loss import LossWeights
from experiments.learning.problem import LearningProblem
from optim.parameters import parameter
from problems.errors import FloatArray, InputError, check_choice, check_integer, check_number


@dataclass(frozen=True)
class BranchyNet:
    """Joint training of all exits in the cloud; an answer leaves at the first exit that is sure.

    Source: Teerapittayanon, McDanel and Kung, "BranchyNet", ICPR 2016 (the paper's [26], which it
    cites as [20]). The loss is the sum of the exits' losses by weight.
    """

    exits: tuple[int, ...] = parameter((1,), "cuts that have an exit, rising")
    exit_weight: float = parameter(0.3, "weight of each exit's loss; the end has 1", above=0)
    exit: Exit = parameter("convolved", "kind of the exits")
    threshold: float = parameter(0.5, "entropy below which an answer leaves, nat", at_least=0)

    def __post_init__(self) -> None:
        check_number("exit_weight", self.exit_weight, above=0)
        check_choice("exit", self.exit, get_args(Exit))
        check_number("threshold", self.threshold, at_least=0)
        if not isinstance(self.exits, tuple) or not self.exits:
            raise InputError("exits", self.exits, "a list of at least one cut")
        least = 0
        for cut in self.exits:
            least = check_integer("exits", cut, at_least=least) + 1

    def start(self, problem: LearningProblem) -> CentralLearner:
        """Return the learner; see `Scheme`."""
        return CentralLearner(problem, self.exits, LossWeights(self.exit_weight, 1.0), self.exit)

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return which answers are wrong; see `Scheme`."""
        return early_answers(answers, self.threshold).wrong
