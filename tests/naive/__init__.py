"""Slow, obvious versions of the kernels, written from the equations alone."""

from collections.abc import Iterable, Sequence

import numpy as np


def assert_same_paths(
    expected: Iterable[list[int] | None], assignments: np.ndarray, makespans: Sequence[float]
) -> None:
    """Compare assignments with naive ones, where None stands for a path that found no room."""
    for i, path in enumerate(expected):
        if path is None:
            assert np.isinf(makespans[i])
        else:
            assert assignments[i].tolist() == path
