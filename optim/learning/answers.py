"""What a trained network answers, at its exits and at its end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from edgeopt.problems.datasets.dataset import Images, Labels
from edgeopt.problems.errors import FloatArray

_AT_ONCE = 256  # images; the result depends on it in the last bits


class Answers(NamedTuple):
    """Logits for n test images.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        The truth.
    final : ndarray, shape (n, classes)
        At the end of the network.
    exits : dict of ndarray, shape (n, classes)
        At the exit behind each cut that has one, by cut, shallow ones first.
    """

    labels: Labels
    final: NDArray[np.float32]
    exits: dict[int, NDArray[np.float32]]


def is_wrong(logits: NDArray[np.float32], labels: Labels) -> FloatArray:
    """Return 1 for each image whose largest logit is not that of its label, else 0."""
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
        All its layers.
    exits : dict of Module
        From the tensors at a cut to a tuple with the logits, by cut.
    images, labels : ndarray, shape (n, channels, height, width) and (n,)
        The test set.
    device : str
        Where to compute.
    """
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
    """Return the logits of some images by cut; cut N is the end."""
    tensors, logits = (images,), {}
    for cut in range(len(chain.layers) + 1):
        if cut:
            tensors = chain.layers[cut - 1](tensors)
        if cut in exits:
            logits[cut] = exits[cut](tensors)[0].cpu().numpy()
    return {**logits, len(chain.layers): tensors[0].cpu().numpy()}


# BranchyNet's rule: an answer leaves at the first exit that is sure enough.


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
