"""Training schemes by name: the paper's (section 2.4), BranchyNet, central, federated averaging."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.framework.schemes.dormant import mean_limit_s, slack_limit_s, sleeps
from edgeopt.optim.learning.answers import Answers, early_answers, is_wrong
from edgeopt.optim.learning.central import CentralLearner
from edgeopt.optim.learning.costs import ExitKind
from edgeopt.optim.learning.part import LossWeights
from edgeopt.optim.learning.period import make_dispatch
from edgeopt.optim.learning.problem import LearningProblem, TrainingScheme
from edgeopt.optim.learning.split import SplitLearner
from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    check_choice,
    check_integer,
    check_number,
)
from edgeopt.problems.parameters import from_table, kind_in_table, parameter

Threshold = Literal["never", "slack", "mean", "fixed"]
"""What T_0 is; ``never``: the cloud does not sleep."""


@dataclass(frozen=True)
class CollaborativeTraining:
    """Layers 1..cut on the nodes, the rest in the cloud, an exit head on the master.

    A task whose round trip T_rd exceeds T_0 ends at the exit head: its loss is a F_e. The accuracy
    of the exit counts for as large a share of the test images as of the run's tasks. T_0 is chosen
    as in `edgeopt simulate`: ``mean`` as printed, the deadline's ``slack``, or ``fixed``; ``never``
    keeps the cloud awake.

    Examples
    --------
    See ``examples/learn_together.py``.
    """

    cut: int = parameter(1, "layers on the nodes", at_least=0)
    a: float = parameter(0.3, "weight of the exit's loss in (7)", at_least=0)
    b: float = parameter(1.0, "weight of the cloud's loss in (7)", above=0)
    exit: ExitKind = parameter("convolved", "kind of the exit head")
    threshold: Threshold = parameter("never", "what T_0 is")
    fixed_s: float = parameter(0.1, "T_0 of the threshold fixed, s", at_least=0)
    hysteresis: float = parameter(
        0.0, "share of T_0 by which T_rd must pass it", at_least=0, at_most=0.99
    )
    dispatch: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_integer("cut", self.cut, at_least=0)
        check_number("a", self.a, at_least=0)
        check_number("b", self.b, above=0)
        check_choice("exit", self.exit, get_args(ExitKind))
        check_choice("threshold", self.threshold, get_args(Threshold))
        check_number("fixed_s", self.fixed_s, at_least=0)
        check_number("hysteresis", self.hysteresis, at_least=0, at_most=0.99)
        make_dispatch(self.dispatch)
        if self.threshold != "never" and self.a == 0:
            raise InputError("a", self.a, "> 0 with dormancy: tasks end at the exit head")

    def start(self, problem: LearningProblem) -> SplitLearner:
        """Return the learner; see `TrainingScheme`."""
        weights, dispatch = LossWeights(self.a, self.b), make_dispatch(self.dispatch)
        return SplitLearner(problem, self.cut, weights, dispatch, self.asleep(problem), self.exit)

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return the probability that each answer is wrong; see `TrainingScheme`."""
        wrong = is_wrong(answers.final, answers.labels)
        # Test images meet the link as often asleep as the tasks of the run did.
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
            limit = slack_limit_s(problem.split, conditions, size, self.cut)
        return sleeps(conditions.round_trip_s, limit, self.hysteresis)


# The schemes that the paper's is compared with.


@dataclass(frozen=True)
class BranchyNet:
    """Joint training of all exits in the cloud; an image leaves at the first exit that is certain.

    Source: Teerapittayanon, McDanel and Kung, "BranchyNet", ICPR 2016 (the paper's [26], which it
    cites as [20]). The loss is the weighted sum of the losses of all exits and the end.

    Examples
    --------
    See `make_training_scheme`.
    """

    exits: tuple[int, ...] = parameter((1,), "cuts that have an exit, rising")
    exit_weight: float = parameter(0.3, "weight of each exit's loss; the end has 1", above=0)
    exit: ExitKind = parameter("convolved", "kind of the exits")
    threshold: float = parameter(0.5, "entropy below which an answer leaves, nat", at_least=0)

    def __post_init__(self) -> None:
        check_number("exit_weight", self.exit_weight, above=0)
        check_choice("exit", self.exit, get_args(ExitKind))
        check_number("threshold", self.threshold, at_least=0)
        if not isinstance(self.exits, tuple) or not self.exits:
            raise InputError("exits", self.exits, "a list of at least one cut")
        least = 0
        for cut in self.exits:
            least = check_integer("exits", cut, at_least=least) + 1

    def start(self, problem: LearningProblem) -> CentralLearner:
        """Return the learner; see `TrainingScheme`."""
        return CentralLearner(problem, self.exits, LossWeights(self.exit_weight, 1.0), self.exit)

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return which answers are wrong; see `TrainingScheme`."""
        return early_answers(answers, self.threshold).wrong


@dataclass(frozen=True)
class Central:
    """Ordinary training: the nodes send their images, the cloud trains the whole network.

    Examples
    --------
    See ``examples/learn_together.py``.
    """

    def start(self, problem: LearningProblem) -> CentralLearner:
        """Return the learner; see `TrainingScheme`."""
        return CentralLearner(problem)

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return which answers are wrong; see `TrainingScheme`."""
        return is_wrong(answers.final, answers.labels)


@dataclass(frozen=True)
class Federated:
    """Federated averaging: every node trains a whole network on its own data, (6) averages it.

    The collaborative scheme at cut N: no exit, and no data of a task leave the node. Source:
    McMahan et al., "Communication-efficient learning of deep networks from decentralized data",
    AISTATS 2017; here with weights by tasks done and averaged momentum, see `aggregate`.

    Parameters
    ----------
    dispatch : dict
        See `make_dispatch`.

    Examples
    --------
    See ``examples/learn_together.py``.
    """

    dispatch: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        make_dispatch(self.dispatch)

    def start(self, problem: LearningProblem) -> SplitLearner:
        """Return the learner; see `TrainingScheme`."""
        weights = LossWeights(0.0, 1.0)
        depth = problem.split.depth
        return SplitLearner(problem, depth, weights, make_dispatch(self.dispatch))

    def wrong(self, answers: Answers, problem: LearningProblem) -> FloatArray:
        """Return which answers are wrong; see `TrainingScheme`."""
        return is_wrong(answers.final, answers.labels)


# The schemes by name.

TRAINING_SCHEMES: dict[str, Any] = {
    "central": Central,
    "branchynet": BranchyNet,
    "federated": Federated,
    "collaborative": CollaborativeTraining,
}


def make_training_scheme(label: str, table: Any, dispatch: dict[str, Any]) -> TrainingScheme:
    """Return the scheme that a table of a learning file describes.

    Errors are those of `edgeopt.optim.framework.make_scheme`.

    Parameters
    ----------
    label : str
        Name of the scheme if the table has no field ``scheme``.
    table : dict
        Parameters of the scheme; lists become tuples.
    dispatch : dict
        The dispatch if the scheme has one and its table does not give it.

    Examples
    --------
    >>> from edgeopt.optim.learning import make_training_scheme
    >>> make_training_scheme("mine", {"scheme": "collaborative", "cut": 2}, {}).cut
    2
    """
    place, defaults = f"schemes.{label}", {"dispatch": dispatch}
    name = kind_in_table(TRAINING_SCHEMES, table, place, key="scheme", default=label)
    scheme: TrainingScheme = from_table(
        TRAINING_SCHEMES[name], table, place, aside=("scheme",), defaults=defaults
    )
    return scheme
