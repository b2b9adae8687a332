"""The training parameters that all schemes share, and the learning rate of a period."""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.problems.parameters import check_parameters, parameter


@dataclass(frozen=True)
class Training:
    """Parameters that all schemes share. A task is one mini-batch, one step of (5).

    The schedule is the paper's, which is that of He et al., "Deep residual learning for image
    recognition", CVPR 2016, section 4.2: rate 0.1 with two drops, momentum 0.9, weight decay 1e-4.

    Examples
    --------
    >>> from edgeopt.optim.learning import Training
    >>> Training(periods=4, window=18).batch
    32
    """

    periods: int = parameter(40, "periods; each ends with an aggregation (6)", at_least=1)
    window: int = parameter(36, "tasks of a period, the paper's K", at_least=1)
    batch: int = parameter(32, "mean number of examples of a task", at_least=2)
    spread: float = parameter(
        0.0, "sizes of tasks are drawn from batch (1 -+ spread)", at_least=0, at_most=0.9
    )
    learning_rate: float = parameter(0.1, "first learning rate", above=0)
    momentum: float = parameter(0.9, "momentum", at_least=0, at_most=0.999)
    weight_decay: float = parameter(1e-4, "weight decay", at_least=0)
    concentration: float = parameter(
        1.0, "of the Dirichlet law by which nodes get classes; small: unequal data", above=0
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def tasks(self) -> int:
        """Number of tasks of a run."""
        return self.periods * self.window


_DROP = 0.1  # factor on the learning rate


def learning_rate(training: Training, period: int) -> float:
    """Return the rate of a period, 0..periods-1: divided by 10 at half and at three quarters.

    He et al. 2016 divide at 32,000 and 48,000 of 64,000 iterations, and so does the paper; a drop
    that falls within a period takes effect with the next one.
    """
    drops = (2 * period >= training.periods) + (4 * period >= 3 * training.periods)
    return training.learning_rate * _DROP**drops
