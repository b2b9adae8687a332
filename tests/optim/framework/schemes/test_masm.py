"""MASM-style sharing of tasks and speed, against grids and hand-made answers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import check_grad

from edgeopt.optim.framework.schemes.masm import (
    MasmProblem,
    _cost_and_slope,
    best_speeds,
    masm_cost,
    solve_masm,
)
from edgeopt.problems.errors import InputError


def problem_of(seed: int, models: int) -> MasmProblem:
    rng = np.random.default_rng(seed)
    quality = np.sort(rng.uniform(0.5, 1.0, models))
    return MasmProblem(
        work=np.sort(rng.uniform(1e8, 5e9, models)),
        quality=quality,
        upload_s=rng.uniform(0, 0.1, models),
        arrival_hz=rng.uniform(0.2, 2.0),
        flops=1e10,
        theta=rng.uniform(0.2, 1.0),
        kappa=float(rng.choice([0.0, 1e-29, 1e-30])),
        least_quality=float(rng.uniform(0.5, 0.98) * quality.max()),
    )


def grid_points(models: int, steps: int) -> list[np.ndarray]:
    """Return all points of the simplex on a grid."""
    counts = product(range(steps + 1), repeat=models)
    return [np.array(count) / steps for count in counts if sum(count) == steps]


def grid_cost(problem: MasmProblem, steps: int) -> float:
    """Return the least cost of shares and speeds on a grid; speeds need not use up all."""
    points = grid_points(len(problem.work), steps)
    legal = [w for w in points if w @ problem.quality >= problem.least_quality]
    speeds = [part * point for point in points for part in (0.25, 0.5, 0.75, 1.0)]
    return min(
        (masm_cost(problem, w, f * problem.flops) for w in legal for f in speeds), default=np.inf
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("models", "steps"), [(2, 40), (3, 12)])
def test_no_point_of_a_grid_is_better(seed: int, models: int, steps: int):
    problem = problem_of(seed, models)
    answer = solve_masm(problem)
    assert answer.cost <= grid_cost(problem, steps) * (1 + 1e-9)
    assert answer.share.sum() == pytest.approx(1.0)
    assert answer.share @ problem.quality >= problem.least_quality - 1e-8
    assert answer.flops.sum() <= problem.flops * (1 + 1e-9)
    assert answer.cost == pytest.approx(masm_cost(problem, answer.share, answer.flops))


def test_the_cost_is_that_of_the_formula():
    problem = MasmProblem([2e9, 4e9], [0.5, 1.0], [0.1, 0.2], 1.0, 1e10, 0.75, 1e-29, 0.0)
    share, flops = np.array([0.25, 0.75]), np.array([2e9, 5e9])
    delays = [0.1 + 2 / (2 - 0.25 * 2), 0.2 + 4 / (5 - 0.75 * 4)]
    joules = [1e-29 * 2e9 * 2e9**2, 1e-29 * 4e9 * 5e9**2]
    expected = sum(w * (0.75 * d + 0.25 * j) for w, d, j in zip(share, delays, joules, strict=True))
    assert masm_cost(problem, share, flops) == pytest.approx(expected)
    assert (
        masm_cost(problem, share, np.array([0.5e9, 9e9])) == np.inf
    )  # 0.5 Gcycle/s for 0.5 x 1 Hz


def test_without_energy_one_model_gets_everything():
    problem = MasmProblem([1e9], [1.0], [0.0], 2.0, 1e10, 1.0, 0.0, 1.0)
    answer = solve_masm(problem)
    assert answer.share.tolist() == [1.0]
    assert answer.flops[0] == pytest.approx(1e10)
    assert answer.cost == pytest.approx(0.1 / (1 - 0.2))  # M/M/1


def test_speeds_for_equal_shares_follow_the_square_root_of_the_work():
    problem = MasmProblem([1e9, 4e9], [1.0, 1.0], [0.0, 0.0], 1.0, 1e10, 1.0, 0.0, 0.0)
    free = best_speeds(problem, np.array([0.5, 0.5])) - np.array([0.5e9, 2e9])
    np.testing.assert_allclose(free, 7.5e9 * np.array([1, 2]) / 3, rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_speeds_are_the_best_for_their_shares(seed: int):
    problem = replace(problem_of(seed, 3), arrival_hz=0.5)
    share = np.array([0.2, 0.5, 0.3])
    best = best_speeds(problem, share)
    cost = masm_cost(problem, share, best)
    rng = np.random.default_rng(seed)
    for _ in range(300):
        other = np.maximum(best + rng.normal(0, 1e8, 3), 0)
        other *= min(1.0, problem.flops / other.sum())
        assert masm_cost(problem, share, other) >= cost * (1 - 1e-9)


def test_the_slope_is_that_of_the_cost():
    problem = problem_of(3, 3)

    def cost(v):
        return _cost_and_slope(problem, v[:3], v[3:])[0]

    def slope(v):
        return _cost_and_slope(problem, v[:3], v[3:])[1]

    point = np.array([0.2, 0.5, 0.3, 0.1, 0.2, 0.1])
    assert check_grad(cost, slope, point) < 1e-5 * np.linalg.norm(slope(point))


def test_more_quality_never_costs_less():
    problem = problem_of(1, 3)
    wanted = np.linspace(problem.quality.min(), problem.quality.max(), 6)
    costs = [solve_masm(replace(problem, least_quality=float(q))).cost for q in wanted]
    assert (np.diff(costs) >= -1e-7).all()


def test_too_many_tasks_get_speeds_in_proportion():
    problem = MasmProblem([1e9, 4e9], [0.5, 1.0], [0.0, 0.0], 100.0, 1e10, 0.9, 0.0, 0.75)
    answer = solve_masm(problem)
    assert answer.cost == np.inf
    np.testing.assert_allclose(answer.share, [0.5, 0.5])
    np.testing.assert_allclose(answer.flops, [2e9, 8e9])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"work": [0.0, 1.0]}, "work"),
        ({"quality": [1.0]}, "quality.shape"),
        ({"least_quality": 1.1}, "least_quality: got 1.1"),
        ({"theta": -0.1}, "theta"),
        ({"flops": 0.0}, "flops"),
        ({"arrival_hz": float("nan")}, "arrival_hz"),
        ({"kappa": -1.0}, "kappa"),
    ],
)
def test_bad_values_are_refused(fields, message):
    good = MasmProblem([1e9, 4e9], [0.5, 1.0], [0.0, 0.0], 1.0, 1e10, 0.9, 0.0, 0.5)
    with pytest.raises(InputError, match=message):
        replace(good, **fields)
