"""The answers of a trained network, at its exits and at its end, and BranchyNet's early exits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from edgeopt.problems.datasets.dataset import Images, Labels
from edgeopt.problems.errors import FloatArray

_AT_ONCE = 256  # images at a time; the last bits of the result depend on it


class Answers(NamedTuple):
    """The logits of n test images.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        The true classes.
    final : ndarray, shape (n, classes)
        At the end of the network.
    exits : dict of ndarray, shape (n, classes)
        At the exit after each cut that has one, by cut, from shallow to deep.
    """

    labels: Labels
    final: NDArray[np.float32]
    exits: dict[int, NDArray[np.float32]]


def is_wrong(logits: NDArray[np.float32], labels: Labels) -> FloatArray:
    """Return 1 for each image whose largest logit is not that of its label, else 0; (n,)."""
    return np.asarray(logits.argmax(axis=1) != labels, dtype=np.float64)


def answer(
    chain: torch.nn.Module,
    exits: dict[int, torch.nn.Module],
    images: Images,
    labels: Labels,
    device: str = "cpu",
) -> Answers:
    """Return the answers of a network to images.

    Parameters
    ----------
    chain : Chain
        All layers of the network.
    exits : dict of Module
        Exit heads by cut: from the tensors at the cut to a tuple with the logits.
    images, labels : ndarray, shape (n, channels, height, width) and (n,)
        The test set.
    device : str
        Where to compute.
    """
    # Batch norm must use its running statistics, or answers would depend on the batch.
    modules = [chain, *exits.values()]
    for module in modules:
        module.eval()
    with torch.no_grad():
        parts = [
            _logits(chain, exits, torch.from_numpy(images[start : start + _AT_ONCE]).to(device))
            for start in range(0, len(images), _AT_ONCE)
        ]
    for module in modules:
        module.train()
    whole = {cut: np.concatenate([part[cut] for part in parts]) for cut in parts[0]}
    final = whole.pop(len(chain.layers))
    return Answers(labels, final, {cut: whole[cut] for cut in sorted(whole)})


def _logits(
    chain: torch.nn.Module, exits: dict[int, torch.nn.Module], images: torch.Tensor
) -> dict[int, NDArray[np.float32]]:
    """Return the logits of a batch of images by cut; cut N is the end of the network."""
    tensors, logits = (images,), {}
    for cut in range(len(chain.layers) + 1):
        if cut:
            tensors = chain.layers[cut - 1](tensors)
        if cut in exits:
            logits[cut] = exits[cut](tensors)[0].cpu().numpy()
    return {**logits, len(chain.layers): tensors[0].cpu().numpy()}


# BranchyNet's rule: a task leaves at the first exit whose answer is certain enough.


class EarlyAnswers(NamedTuple):
    """Under a threshold, the share of images that leave early, and wrong answers (n,), 0 or 1."""

    share: float
    wrong: FloatArray


def entropy(logits: NDArray[np.float32]) -> FloatArray:
    """Return the entropy of the softmax of logits (n, classes), nat, shape (n,)."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    logs = shifted - np.log(total)
    return np.asarray(-(np.exp(logs) * logs).sum(axis=1))


def early_answers(answers: Answers, threshold: float) -> EarlyAnswers:
    """Return the answers if images leave at the first exit of entropy below `threshold`, nat.

    Source: Teerapittayanon, McDanel and Kung, "BranchyNet", ICPR 2016, algorithm 1.
    """
    wrong, inside = is_wrong(answers.final, answers.labels), np.ones(len(answers.labels), bool)
    for logits in answers.exits.values():
        leaves = inside & (entropy(logits) < threshold)  # strictly, as in algorithm 1
        wrong = np.where(leaves, is_wrong(logits, answers.labels), wrong)
        inside &= ~leaves
    return EarlyAnswers(float(1.0 - inside.mean()), wrong)
