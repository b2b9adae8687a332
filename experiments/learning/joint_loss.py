"""The joint loss of edge exit and cloud (7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch


class LossWeights(NamedTuple):
    """The weights of (7), which the paper does not give: a of the edge exit, b of the cloud."""

    a: float
    b: float


def joint_loss(
    edge_loss: torch.Tensor | float, cloud_loss: torch.Tensor | float | None, weights: LossWeights
) -> torch.Tensor | float:
    """Return a F_e + b F_c (7), or a F_e while the cloud sleeps.

    Parameters
    ----------
    edge_loss : Tensor or float
        F_e, mean cross entropy of the exit head's answers.
    cloud_loss : Tensor, float or None
        F_c, that of the whole network's; None for a dormant task. The paper does not say what
        becomes of b F_c then: nobody can compute it.
    weights : LossWeights
        a and b.
    """
    if cloud_loss is None:
        return weights.a * edge_loss
    return weights.a * edge_loss + weights.b * cloud_loss  # (7)
