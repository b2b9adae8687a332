"""The learning rate over time."""

from __future__ import annotations

from experiments.learning.training import Training

DROP = 0.1


def learning_rate(training: Training, period: int) -> float:
    """Return the rate of a period, 0..periods-1: divided by 10 at half and at three quarters.

    He et al. 2016 divide at 32,000 and 48,000 of 64,000 iterations, and so does the paper; a drop
    that falls inside a period waits for the next one.
    """
    drops = (2 * period >= training.periods) + (4 * period >= 3 * training.periods)
    return training.learning_rate * DROP**drops
