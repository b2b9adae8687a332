"""A problem's arrays for kernels, powers and sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.optim.scheduling.arrays import (
    is_small_whole,
    memory_arrays,
    power,
    ready_times,
    sum_four,
    whole_power,
)
from edgeopt.problems.scheduling.problem import Problem


def test_arrays_of_a_problem_that_has_them():
    problem = Problem(np.ones((2, 3)), [1.0, 2.0], [3.0, 4.0, 5.0], ready=[0.0, 1.0, 2.0])
    memory, capacity = memory_arrays(problem)
    assert memory.tolist() == [1.0, 2.0]
    assert capacity.tolist() == [3.0, 4.0, 5.0]
    assert ready_times(problem).tolist() == [0.0, 1.0, 2.0]


def test_arrays_of_a_problem_without_limits():
    memory, capacity = memory_arrays(Problem(np.ones((2, 3))))
    assert memory.tolist() == [0.0, 0.0]
    assert capacity.tolist() == [np.inf] * 3
    assert ready_times(Problem(np.ones((2, 3)))).tolist() == [0.0] * 3


def test_one_type_for_the_compiler():
    plain = Problem(np.ones((1, 1)))
    full = Problem(np.ones((1, 1)), [1.0], [1.0], ready=[1.0])
    for problem in (plain, full):
        for array in (*memory_arrays(problem), ready_times(problem)):
            assert not array.flags.writeable
            assert array.dtype == np.float64


@pytest.mark.parametrize("exponent", range(32))
def test_whole_powers(exponent):
    assert is_small_whole(float(exponent))
    assert whole_power(2.0, exponent) == 2.0**exponent
    assert whole_power(0.0, exponent) == 0.0**exponent
    assert whole_power(1.1, exponent) == pytest.approx(1.1**exponent, rel=1e-14)


@pytest.mark.parametrize("exponent", [-1.0, 32.0, 2.5, 1e300])
def test_other_exponents_are_no_small_whole_numbers(exponent):
    assert not is_small_whole(exponent)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 5.0, 7.0, 20.0, 31.0, 32.0, 0.5, 2.5])
def test_power(exponent):
    for base in (0.0, 0.3, 1.0, 1.7):
        assert power(base, exponent) == pytest.approx(base**exponent, rel=1e-14)


@pytest.mark.parametrize("length", range(10))
def test_sum_of_four_parts(length):
    values = 2.0 ** np.arange(length)
    assert sum_four(values) == 2.0**length - 1


@given(st.lists(st.floats(0, 1e6), max_size=50))
def test_the_order_of_a_sum_is_fixed(numbers):
    values = np.array(numbers)
    parts, whole = [0.0] * 4, len(values) - len(values) % 4
    for j, value in enumerate(values):
        parts[j % 4 if j < whole else 0] += value
    assert sum_four(values) == (parts[0] + parts[1]) + (parts[2] + parts[3])
