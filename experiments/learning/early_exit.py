"""BranchyNet's rule: an answer leaves at the first exit that is sure enough."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.learning.answers import Answers, is_wrong
from problems.errors import FloatArray


class EarlyAnswers(NamedTuple):
    """What leaves early under a threshold: share of the images, and wrong answers (n,), 0 or 1."""

    share: float
    wrong: FloatArray


def entropy(logits: NDArray[np.float32]) -> FloatArray:
    """Return the entropy of the softmax of logits (n, classes), nat, shape (n,)."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    logs = shifted - np.log(total)
    return np.asarray(-(np.exp(logs) * logs).sum(axis=1))


def early_answers(answers: Answers, threshold: float) -> EarlyAnswers:
    """Return what leaves early if an exit's entropy must be below `threshold`, in nat.

    Source: Teerapittayanon, McDanel and Kung, "BranchyNet", ICPR 2016, algorithm 1.
    """
    wrong, inside = is_wrong(answers.final, answers.labels), np.ones(len(answers.labels), bool)
    for logits in answers.exits.values():
        leaves = inside & (entropy(logits) < threshold)
        wrong = np.where(leaves, is_wrong(logits, answers.labels), wrong)
        inside &= ~leaves
    return EarlyAnswers(float(1.0 - inside.mean()), wrong)
