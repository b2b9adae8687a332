"""Multiply-accumulates of the weighted operators."""

from __future__ import annotations

import math
from collections.abc import Sequence


def conv_macs(output_shape: Sequence[int], weight_shape: Sequence[int]) -> int:
    """Return the MACs of a convolution.

    Parameters
    ----------
    output_shape : sequence of int
        ``(channels out, *sizes)``; with a leading batch axis, the MACs of the batch.
    weight_shape : sequence of int
        ``(channels out, channels in / groups, *kernel)``.

    Notes
    -----
    The paper calls this count FLOPS; it is MACs, and 1 MAC = 2 FLOP.
    """
    return math.prod(output_shape) * math.prod(weight_shape[1:])  # (8)


def transposed_conv_macs(input_shape: Sequence[int], weight_shape: Sequence[int]) -> int:
    """Return the MACs of a transposed convolution.

    Parameters
    ----------
    input_shape : sequence of int
        ``(channels in, *sizes)``; with a leading batch axis, the MACs of the batch.
    weight_shape : sequence of int
        ``(channels in, channels out / groups, *kernel)``.
    """
    return math.prod(input_shape) * math.prod(weight_shape[1:])


def matmul_macs(output_shape: Sequence[int], inner: int) -> int:
    """Return the MACs of a matrix product that sums over `inner` products per output element."""
    return math.prod(output_shape) * inner
