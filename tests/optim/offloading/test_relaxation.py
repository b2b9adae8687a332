"""The relaxation: KKT residuals, strong duality, prices and rounding."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from edgeopt.optim.offloading.lagrangian import lagrangian_of
from edgeopt.optim.offloading.relaxation import kkt_residuals, relax, round_weights
from edgeopt.optim.offloading.sensitivity import next_cut, shadow_prices
from edgeopt.optim.offloading.solvers import scan
from edgeopt.problems.offloading.program import OBJECTIVES

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, objective=st.sampled_from(["delay", "deepest"]))
def test_kkt_duality_and_rounding_on_random_programs(random_one, seed: int, objective: str):
    program = random_one(seed, objective=objective)
    relaxation = relax(program)
    best = scan(program)
    sign = program.objective.sign
    assert relaxation.residuals.worst < 1e-7
    # weak duality: the bound is no worse than the best cut; strong: it is the mixture's value
    assert sign * relaxation.bound <= sign * best.objective_value + 1e-7
    assert relaxation.bound == pytest.approx(relaxation.weights @ program.goal, abs=1e-7)
    assert relaxation.duality_gap >= 0
    assert relaxation.rounded.is_feasible
    assert program.cost[relaxation.rounded.cut] >= program.cost[best.cut]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_kkt_on_real_programs(realistic, seed: int, objective: str):
    program = realistic(seed, objective)
    relaxation = relax(program)
    if relaxation.weights is None:
        assert not program.feasible.any()
        return
    assert relaxation.residuals.worst < 1e-7
    assert (program.values[:, relaxation.weights > 0] < np.inf).all()
    if program.feasible.any():
        sign, best = program.objective.sign, scan(program).objective_value
        assert sign * relaxation.bound <= sign * best + 1e-6 * abs(best)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_the_optimum_equals_that_of_another_solver(random_one, seed: int):
    program = random_one(seed)
    data = lagrangian_of(program)
    size = data.cuts.size
    other = linprog(
        data.cost,
        A_ub=data.excess,
        b_ub=np.zeros(4),
        A_eq=np.ones((1, size)),
        b_eq=[1.0],
        method="highs-ipm",
    )
    assert relax(program).bound == pytest.approx(data.unscale(other.fun), abs=1e-6)


def test_residuals_detect_a_wrong_solution(random_one):
    data = lagrangian_of(random_one(1))
    size = data.cuts.size
    p, alpha, sign = np.zeros(size), np.zeros(4), np.zeros(size)
    p[0] = 0.9
    assert kkt_residuals(data, p, alpha, 0.0, sign).primal == pytest.approx(0.1)
    p[0], alpha[2], sign[1] = 1.0, -0.2, -0.3
    wrong = kkt_residuals(data, p, alpha, 0.0, sign)
    assert wrong.dual == pytest.approx(0.3)
    assert wrong.stationarity > 0
    sign[1] = 0.0
    assert kkt_residuals(data, p, alpha, 0.0, sign).dual == pytest.approx(0.2)
    alpha[2], sign[0] = 0.0, 0.5
    assert kkt_residuals(data, p, alpha, 0.0, sign).complementarity == pytest.approx(0.5)


def half_and_half(synthetic):
    """Memory 0, 0.5, 1.5 against 1, deepest: half of the tasks at cut 1, half at cut 2."""
    values = np.zeros((4, 3))
    values[0] = [0.0, 0.5, 1.5]
    return synthetic(values, np.arange(3), objective="deepest")


def test_a_relaxation_by_hand(synthetic):
    program = half_and_half(synthetic)
    relaxation = relax(program)
    assert relaxation.weights == pytest.approx([0, 0.5, 0.5])
    assert relaxation.bound == pytest.approx(1.5)
    # one unit more of the limit moves the mixture by one layer
    assert relaxation.multipliers == pytest.approx(
        {"memory": 1.0, "delay": 0.0, "energy": 0.0, "stability": 0.0}
    )
    assert relaxation.rounded.cut == 1
    assert relaxation.duality_gap == pytest.approx(0.5)
    price = shadow_prices(scan(program), relaxation)[0]
    assert (price.next_cut, price.needed) == (2, pytest.approx(0.5))
    assert "cut 2 (layer1) needs" in price.words


@pytest.mark.parametrize("seed", range(10))
def test_multipliers_are_derivatives_of_the_bound(realistic, seed: int):
    program = realistic(seed, "deepest")
    relaxation = relax(program)
    if relaxation.weights is None:
        return
    for row, name in enumerate(("memory", "delay", "energy")):
        if not np.ptp(program.limits[row]) and np.isfinite(program.limits[row, 0]):
            more = program.limits.copy()
            step = 1e-7 * more[row]
            more[row] += step
            gain = relax(replace(program, limits=more)).bound - relaxation.bound
            price = relaxation.multipliers[name]
            assert gain / step[0] == pytest.approx(price, rel=1e-3, abs=1e-6 / step[0])


def test_no_mixture_is_feasible(synthetic):
    relaxation = relax(synthetic(np.full((4, 3), 2.0), np.arange(3)))
    assert relaxation.weights is None
    assert relaxation.multipliers == {}
    assert relaxation.rounded.cut is None
    assert relaxation.duality_gap is None


def test_a_mixture_may_be_feasible_where_no_cut_is(synthetic):
    values = np.zeros((4, 2))
    values[0], values[1] = [0.0, 1.5], [1.5, 0.0]
    relaxation = relax(synthetic(values, np.zeros(2)))
    assert relaxation.weights is not None
    assert relaxation.rounded.cut is None
    assert relaxation.duality_gap is None


def test_unstable_cuts_are_not_mixed(synthetic):
    values = np.zeros((4, 3))
    values[1, 2] = np.inf
    relaxation = relax(synthetic(values, np.arange(3), objective="deepest"))
    assert relaxation.weights == pytest.approx([0, 1, 0])


def test_rounding_stays_between_the_mixed_cuts_if_it_can(synthetic):
    values = np.zeros((4, 5))
    values[0, 2:4] = 3.0
    program = synthetic(values, np.arange(5), objective="deepest")
    assert round_weights(program, np.array([0.5, 0, 0, 0.5, 0])).cut == 1
    assert round_weights(program, np.array([0, 0, 0.5, 0.5, 0])).cut == 4
    values[0, [0, 1, 4]] = 3.0
    none = synthetic(values, np.arange(5), objective="deepest")
    assert round_weights(none, np.array([0.5, 0, 0, 0, 0.5])).cut is None


def test_next_cut_needs_the_least_of_one_limit(synthetic):
    values = np.zeros((4, 5))
    values[0] = [0, 1.6, 1.4, 1.2, 1.1]
    values[1, 4] = 2.0
    program = synthetic(values, np.arange(5), objective="deepest")
    assert next_cut(program, 0, "memory") == (3, pytest.approx(0.2))
    assert next_cut(program, 0, "delay") == (None, 0.0)
    assert next_cut(program, 3, "delay") == (None, 0.0)


def test_a_cut_that_is_feasible_anyway_needs_nothing(synthetic):
    values = np.zeros((4, 3))
    values[0, 2] = 1.5
    program = synthetic(values, np.arange(3), objective="deepest")
    assert next_cut(program, 0, "memory") == (2, pytest.approx(0.5))  # cut 1 is no matter of memory
