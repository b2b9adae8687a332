"""The points of a grid search."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution, IntDistribution

from experiments.tuning.space import Distribution, Space
from problems.errors import InputError

LARGEST = 100_000  # points


def grid_points(space: Space, levels: int, seed: int) -> list[dict[str, Any]]:
    """Return every combination of levels, in an order drawn from the seed.

    Parameters
    ----------
    space : dict of Distribution
        Choices are taken whole, ranges at `levels` values evenly spaced (in the logarithm where
        the range is searched so), both ends included; whole numbers are rounded.
    levels : int
        Values of a range.
    seed : int
        Of the order: a grid that is cut short is a sample of the whole.

    Raises
    ------
    InputError
        If there are more than `LARGEST` points.
    """
    values = {name: _levels(distribution, levels) for name, distribution in space.items()}
    size = math.prod(len(entry) for entry in values.values())
    if size > LARGEST:
        rule = f"so few, or parameters so few, that the grid has at most {LARGEST} points"
        raise InputError("levels", f"{levels} (a grid of {size} points)", rule)
    points = [dict(zip(values, point, strict=True)) for point in product(*values.values())]
    return [points[index] for index in np.random.default_rng(seed).permutation(size)]


def _levels(distribution: Distribution, levels: int) -> list[Any]:
    """Return the values of one parameter."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    spaced = np.geomspace if distribution.log else np.linspace
    values = spaced(distribution.low, distribution.high, levels)
    if isinstance(distribution, IntDistribution):
        return sorted({round(float(value)) for value in values})
    return [float(value) for value in values]
