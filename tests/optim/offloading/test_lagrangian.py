"""The Lagrangian (23): values by hand, weak duality, and the bound of the subgradient method."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.offloading.lagrangian import dual_subgradient, lagrangian_of
from edgeopt.optim.offloading.relaxation import relax
from edgeopt.optim.offloading.solvers import scan
from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.program import CutProgram

SEEDS = st.integers(0, 2**32 - 1)


def best_mixture_of_two(program: CutProgram) -> float:
    """Least cost of one cut, or of two mixed in the shares that just meet the memory limit."""
    excess, cost = program.values[0] - program.limits[0], program.cost
    found = [cost[j] for j in range(cost.size) if excess[j] <= 0]
    for i, j in combinations(range(cost.size), 2):
        if excess[i] * excess[j] < 0:
            share = excess[j] / (excess[j] - excess[i])  # of cut i, so that the excess is 0
            found.append(share * cost[i] + (1 - share) * cost[j])
    return min(found)


def memory_program(synthetic, memory, goal, objective="delay") -> CutProgram:
    """Return a program with one constraint that matters."""
    values = np.zeros((4, len(goal)))
    values[0] = memory
    return synthetic(values, np.array(goal, dtype=float), objective=objective)


def test_cost_and_excess_are_scaled_by_hand(synthetic):
    program = memory_program(synthetic, [0.0, 2.0, 5.0], [3.0, 2.0, 1.0])
    data = lagrangian_of(program)
    assert data.cost.tolist() == [1.0, 0.5, 0.0]  # 3..1 s shifted by 1, divided by 2
    assert data.excess[0].tolist() == [-0.25, 0.25, 1.0]  # value / limit - 1 over 4
    assert data.excess[1].tolist() == [-1.0, -1.0, -1.0]
    assert (data.shift, data.span, data.row_scale.tolist()) == (1.0, 2.0, [4.0, 1.0, 1.0, 1.0])
    assert data.bound(np.array([1.0, 0.0, 0.0, 0.0])) == 0.75  # min of 0.75, 0.75, 1
    assert data.unscale(0.75) == 2.5


def test_the_deepest_cut_is_a_maximum_in_its_own_unit(synthetic):
    data = lagrangian_of(memory_program(synthetic, [0, 0.5, 1.5], [0, 1, 2], "deepest"))
    assert data.cost.tolist() == [1.0, 0.5, 0.0]
    assert [data.unscale(value) for value in data.cost] == [0.0, 1.0, 2.0]


def test_cuts_with_an_unstable_queue_are_left_out(synthetic):
    data = lagrangian_of(memory_program(synthetic, [0.0, np.inf, 0.5], [1.0, 2.0, 3.0]))
    assert data.cuts.tolist() == [0, 2]


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_with_one_constraint_the_dual_is_the_best_mixture_of_two_cuts(synthetic, seed: int):
    """A vertex of the relaxed program with one limit mixes two cuts at most."""
    rng = np.random.default_rng(seed)
    cuts = int(rng.integers(2, 7))
    memory = np.append(0.5, rng.uniform(0.1, 3.0, cuts - 1))
    program = memory_program(synthetic, memory, rng.uniform(0.0, 5.0, cuts))
    expected = best_mixture_of_two(program)
    assert relax(program).bound == pytest.approx(expected, abs=1e-7)
    dual = dual_subgradient(program)
    assert dual.bound <= expected + 1e-9
    assert dual.bound >= expected - 0.05 * np.ptp(program.cost) - 1e-9  # 2000 steps converge slowly


def test_the_subgradient_finds_the_same_bound_from_below(random_one, realistic):
    programs = [random_one(seed) for seed in range(150)]
    programs += [realistic(seed, "delay") for seed in range(40)]
    distances, converged = [], []
    for program in programs:
        bound, dual = relax(program).bound, dual_subgradient(program)
        assert (np.diff(dual.trace) >= 0).all()
        assert (dual.multipliers >= 0).all()
        if bound is not None:
            span = lagrangian_of(program).span
            assert dual.bound <= bound + 1e-9 * span
            distances.append((bound - dual.bound) / span)
            converged.append(dual.converged)
            assert not dual.converged or distances[-1] <= 1e-3 + 1e-6
        else:
            assert not dual.converged
    assert len(distances) > 150
    assert np.quantile(distances, [0.5, 0.95]) == pytest.approx([0, 0], abs=1e-3)
    assert np.mean(np.array(distances) < 0.01) > 0.98
    assert np.mean(converged) > 0.5


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, multipliers=st.lists(st.floats(0, 50), min_size=4, max_size=4))
def test_every_multiplier_gives_a_lower_bound(random_one, seed: int, multipliers: list[float]):
    program = random_one(seed)
    data = lagrangian_of(program)
    bound = data.unscale(data.bound(np.array(multipliers)))
    assert bound <= program.cost[scan(program).cut] + 1e-9


def test_the_subgradient_needs_an_iteration(random_one):
    with pytest.raises(InputError, match="iterations"):
        dual_subgradient(random_one(0), iterations=0)


def test_steps_by_hand(synthetic):
    # q(a) = min(a, 1 - a / 2), at most 2/3. Steps of target 0.5 + 1 go 1, 0, 1.5, 0, 1.5, ... until
    # the path is longer than 10; those of level 1/2 go 1, 0, 1, ... to 10 / sqrt(2); the next, with
    # level 1/4, go from 1 to 0.5 and 0.75.
    values = np.array([[2.0, 0.5], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    found = dual_subgradient(synthetic(values, np.array([0.0, 1.0])), iterations=20)
    assert found.trace.tolist() == [0.0] + [0.5] * 18 + [0.625]
    assert found.bound == 0.625
    assert found.multipliers.tolist() == [0.75, 0.0, 0.0, 0.0]


def test_steps_without_gain_by_hand(synthetic):
    # q(a) = min(a, 1 - a): steps go 1, 0, 1, ... for a path of 11; then 0.5 is tried.
    values = np.array([[2.0, 0.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    found = dual_subgradient(synthetic(values, np.array([0.0, 1.0])), iterations=14)
    assert found.trace.tolist() == [0.0] * 13 + [0.5]
