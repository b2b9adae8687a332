"""Grids."""

from itertools import product

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edgeopt.experiments.tuning.space import grid_points
from edgeopt.problems.errors import InputError

SPACE = {
    "a": FloatDistribution(0.0, 1.0),
    "b": FloatDistribution(0.1, 10.0, log=True),
    "c": IntDistribution(1, 2),
    "d": CategoricalDistribution(("x", "y")),
}


def test_every_combination_once() -> None:
    points = grid_points(SPACE, 3, seed=0)
    wanted = product((0.0, 0.5, 1.0), (0.1, 1.0, 10.0), (1, 2), "xy")
    found = sorted((p["a"], round(p["b"], 12), p["c"], p["d"]) for p in points)
    assert found == sorted(wanted)


def test_the_seed_orders() -> None:
    assert grid_points(SPACE, 3, 0) == grid_points(SPACE, 3, 0)
    assert grid_points(SPACE, 3, 0) != grid_points(SPACE, 3, 1)


def test_ends_are_in_the_range() -> None:
    for points in (grid_points({"b": FloatDistribution(0.3, 0.7, log=True)}, 7, 0),):
        assert {min(p["b"] for p in points), max(p["b"] for p in points)} == {0.3, 0.7}


def test_too_many_points() -> None:
    space = {name: FloatDistribution(0.0, 1.0) for name in "abcdefgh"}
    with pytest.raises(InputError, match=r"levels: .*390625 points"):
        grid_points(space, 5, 0)
