"""Coefficient-of-variation-based execution times: moments, consistency, reproducibility."""

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.generators import coefficient_of_variation


def variation(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    return values.std(axis=axis) / values.mean(axis=axis)


@pytest.mark.parametrize(("v_task", "v_node"), [(0.1, 0.6), (0.6, 0.1), (0.9, 0.3)])
def test_mean_and_coefficients_of_variation(v_task: float, v_node: float):
    matrix = coefficient_of_variation(
        20_000, 100, v_task=v_task, v_node=v_node, mean=50.0, rng=0
    ).matrix
    assert matrix.mean() == pytest.approx(50.0, rel=0.03)
    assert variation(matrix, axis=1).mean() == pytest.approx(v_node, rel=0.03)
    # a row's mean varies by its task, and by the mean of its 100 nodes
    of_rows = np.sqrt(v_task**2 + (1 + v_task**2) * v_node**2 / 100)
    assert variation(matrix.mean(axis=1)) == pytest.approx(of_rows, rel=0.03)


def test_the_draws_by_hand():
    # Coefficients of 0.6, thus shapes of 1 / 0.36, and a mean of 1000 s.
    rng = np.random.default_rng(4)
    means = rng.gamma(1 / 0.36, 360.0, (512, 1))
    times = rng.gamma(1 / 0.36, means * 0.36, (512, 16))
    assert coefficient_of_variation(rng=4).matrix == pytest.approx(times, rel=1e-12)


def test_times_are_gamma_distributed():
    from scipy.stats import gamma, kstest

    matrix = coefficient_of_variation(1, 5000, v_task=1e-3, v_node=0.5, mean=8.0, rng=3).matrix
    assert kstest(matrix[0], gamma(4.0, scale=2.0).cdf).pvalue > 0.01


@pytest.mark.parametrize(("consistency", "columns"), [("c", slice(None)), ("s", slice(0, None, 2))])
def test_consistency(consistency: str, columns: slice):
    matrix = coefficient_of_variation(30, 8, consistency=consistency, rng=1).matrix
    plain = coefficient_of_variation(30, 8, rng=1).matrix
    assert np.array_equal(matrix[:, columns], np.sort(plain[:, columns], axis=1))


def test_the_seed_decides():
    first, again, other = (coefficient_of_variation(rng=seed) for seed in (4, 4, 5))
    assert first.digest == again.digest != other.digest
    assert first.name == "cov:512x16"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"v_task": 0}, "v_task"),
        ({"v_task": 1e-200}, "v_task"),
        ({"v_node": 1e200}, "v_node"),
        ({"v_node": float("nan")}, "v_node"),
        ({"mean": 0}, "mean"),
        ({"mean": 1e308, "v_task": 1000.0, "rng": 0}, "et"),
        ({"consistency": "x"}, "consistency"),
        ({"tasks": 0}, "tasks"),
        ({"nodes": "3"}, "nodes"),
    ],
)
def test_bad_parameters_are_refused(arguments: dict, field: str):
    with pytest.raises(InputError, match=rf"^{field}\b"):
        coefficient_of_variation(**arguments)
