"""The paper's scheme: split training, an exit on the edge, a cloud that may sleep (section 2.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from experiments.framework.thresholds import mean_limit_s, slack_limit_s, sleeps
from experiments.learning.answers import Answers, is_wrong
from experiments.learning.costs import Exit
from experiments.learning.dispatch import make_dispatch
from experiments.learning.joint_loss import LossWeights
from experiments.learning.problem import LearningProblem
from experiments.learning.split_learner import SplitLearner
from optim.parameters import parameter
from problems.errors import FloatArray, InputError, check_choice, check_integer, check_number

THRESHOLDS = ("never", "slack", "mean", "fixed")


@dataclass(frozen=True)
class Collaborative:
    """Layers 1..cut on the nodes, the rest in the cloud, an exit head on the master.

    A task whose round trip T_rd exceeds T_0 ends at the exit head: its loss is a F_e, and answers
    count with the exit's accuracy for as large a share of the test images as of the run's tasks.
    T_0 is chosen as in `edgeopt simulate`: ``mean`` as printed, the deadline's ``slack``, or
    ``fixed``; ``never`` keeps the cloud awake.
    """

    cut: int = parameter(1, "layers on the nodes", at_least=0)
    a: float = parameter(0.3, "weight of the exit's loss in (7)", at_least=0)
    b: float = parameter(1.0, "weight of the cloud's loss in (7)", above=0)
    exit: Exit = parameter("convolved", "kind of the exit head")
    threshold: Literal["never", "slack", "mean", "fixed"] = parameter("never", "what T_0 is")
    fixed_s: float = parameter(0.1, "T_0 of the threshold fixed, s", at_least=0)
    hysteresis: float = parameter(
        0.0, "share of T_0 by which T_rd must pass it", at_least=0, at_most=0.99
    )
    dispatch: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_integer("cut", self.cut, at_least=0)
        check_number("a", self.a, at_least=0)
        check_number("b", self.b, above=0)
        check_choice("exit", self.exit, get_args(Exit))
        check_choice("threshold", self.threshold, THRESHOLDS)
        check_number("fixed_s", self.fixed_s, at_least=0)
        check_number("hysteresis", self.hysteresis, at_least=0, at_most=0.99)
        make_dispatch(self.dispatch)
        if self.threshold != "never" and self.a == 0:
            raise InputError("a", self.a, "> 0 with dormancy: tasks end at the exit head")

    def start(self, problem: LearningProblem) -> SplitLearner:
        """Return the learner; see `Scheme`."""
        weights, dispatch = LossWeights(self.a, self.b), make_dispatch(self.dispatch)
        return SplitLearner(problem, self.cut, weights, dispatch, self.asleep(problem), self.exit)

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return how likely each answer is wrong; see `Scheme`."""
        wrong = is_wrong(answers.final, answers.labels)
        share = float(self.asleep(problem).mean())
        if share == 0:
            return wrong
        return share * is_wrong(answers.exits[self.cut], answers.labels) + (1.0 - share) * wrong

    def asleep(self, problem: LearningProblem) -> NDArray[np.bool_]:
        """Return which tasks of the run meet a sleeping cloud, shape (K,)."""
        tasks, conditions = problem.drawn
        if self.threshold == "never":
            return np.zeros(len(tasks.size), dtype=np.bool_)
        if self.threshold == "mean":
            limit = mean_limit_s(conditions.round_trip_s)
        elif self.threshold == "fixed":
            limit = np.full(len(tasks.size), self.fixed_s)
        else:
            size = tasks.size.astype(np.float64)
            limit = slack_limit_s(problem.setting, conditions, size, self.cut)
        return sleeps(conditions.round_trip_s, limit, self.hysteresis)
