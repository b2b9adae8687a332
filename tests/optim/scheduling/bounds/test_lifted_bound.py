"""Units of times, and what they add to a bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers
from edgeopt.optim.scheduling.bounds.quick_bounds import (
    lifted_bound,
    lower_bound,
    lp_bound,
    lp_duals,
)
from edgeopt.optim.scheduling.bounds.rounding import (
    largest_multiple,
    time_units,
    unit_of,
    whole_memory,
)
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


def test_units():
    assert unit_of(np.array([6.0, 15.0, 0.0])) == 3.0
    assert unit_of(np.array([0.25, 1.75])) == 0.25
    assert unit_of(np.array([481.74, 0.06, 1e5])) == pytest.approx(0.02)
    assert unit_of(np.array([np.pi, 1.0])) == 0.0
    assert unit_of(np.array([2.0**60, 1.0])) == 0.0
    assert unit_of(np.zeros(3)) == 0.0
    problem = Problem(UniformTimes([6.0, 4.0], [1.0, 4.0]))
    assert time_units(problem).tolist() == [2.0, 0.5]


def test_multiples():
    found = largest_multiple(np.array([7.0, 6.0, 6.0 * (1 - 1e-15), 7.3]), np.array([2, 2, 2, 0.0]))
    assert found.tolist() == [6.0, 6.0, 6.0, 7.3]
    assert largest_multiple(5.9, 2.0) == 4.0


def test_loads_by_hand():
    # Three tasks of 2 s on two like nodes: 3 s for the LP, but loads are 0, 2, 4, ... s.
    problem = Problem(np.full((3, 2), 2.0))
    assert lp_bound(problem) == pytest.approx(3.0)
    assert lower_bound(problem) == pytest.approx(4.0)
    # Works of whole units: speeds 1 and 3 do 3 + 10 = 13 units in 10/3 s, 12 in less.
    uniform = Problem(UniformTimes(np.ones(13), [1.0, 3.0]))
    assert lower_bound(uniform) == pytest.approx(10 / 3)


def test_a_task_that_is_too_long_for_a_node_is_not_there():
    # The LP shares the task of 3 s or 4 s between both nodes; below 3 s it runs nowhere.
    problem = Problem([[3.0, 4.0], [0.1, 0.1]])
    multipliers = Multipliers(np.array([0.5, 0.5]), np.zeros(2))
    assert lifted_bound(problem, multipliers, 1.0) == pytest.approx(3.0)


def test_memory_is_rounded_down():
    problem = Problem(np.ones((3, 2)), [4.0, 8.0, 4.0], [11.0, 9.0])
    assert whole_memory(problem)[1].tolist() == [8.0, 8.0]


def test_whole_batches_lift_the_bound_of_a_paper_pool():
    problem = paper_pool(200, 30, rng=1)
    works = problem.et.work / np.gcd.reduce(problem.et.work.astype(np.int64))
    units = time_units(problem)
    most = np.floor(problem.node_capacity / unit_of(problem.task_memory))
    done = np.minimum(np.floor(lower_bound(problem) * (1 + 1e-9) / units), most)
    less = np.minimum(np.floor(lower_bound(problem) * (1 - 1e-9) / units), most)
    assert less.sum() < works.sum() <= done.sum()  # the closed form of one ratio of memory to work
    assert lower_bound(problem) > 1.005 * lp_bound(problem)


@given(scheduling_problems(max_tasks=6, max_nodes=3), st.floats(0.0, 1.0))
@settings(max_examples=120, deadline=None)
def test_lifting_is_valid_from_any_floor_and_multipliers(problem, part):
    best = optimum(problem)
    equal = Multipliers(np.full(problem.nodes, 1 / problem.nodes), np.zeros(problem.nodes))
    for multipliers in (lp_duals(problem), equal):
        lifted = lifted_bound(problem, multipliers, part * best)
        assert part * best <= lifted <= best * (1 + 1e-11)


def test_a_bound_that_is_met_survives_the_rounding_of_long_sums():
    problem = paper_pool(100_000, 1_000, memory="none", rng=1)
    units, batches = time_units(problem), problem.et.work.sum() / unit_of(problem.et.work)
    low, high = 1.0, 1e4  # in which all batches fit the nodes as wholes
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if (middle // units).sum() >= batches else (middle, high)
    assert lifted_bound(problem, lp_duals(problem), lp_bound(problem)) == pytest.approx(high, 1e-9)
