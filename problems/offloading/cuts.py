"""Where a network may be cut: after each layer that the paper numbers."""

from __future__ import annotations

from collections.abc import Sequence

from problems.errors import InputError
from problems.offloading.layer import Layer


def cut_ends_of(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Return the end of the edge side ``layers[:end]`` for the cuts 1..N.

    There is one cut for each counted layer (it does work and is on the main path). It ends behind
    the in-place layers and projection shortcuts that follow the counted layer, so that an addition
    which closes a residual block belongs to the block's last convolution, and before a pooling.
    The last cut ends behind the last layer.

    Parameters
    ----------
    layers : sequence of Layer
        In topological order.

    Raises
    ------
    InputError
        If no layer does any work.
    """
    counted = [i for i, layer in enumerate(layers) if layer.is_counted]
    if not counted:
        raise InputError("layers", [layer.name for layer in layers], "layers of which one has MACs")
    ends = [_behind_followers(layers, index + 1) for index in counted]
    return (*ends[:-1], len(layers))


def _behind_followers(layers: Sequence[Layer], end: int) -> int:
    """Move `end` behind the in-place layers and shortcuts that start there."""
    while end < len(layers) and (layers[end].is_in_place or layers[end].kind == "shortcut"):
        end += 1
    return end
