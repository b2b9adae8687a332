"""The kernel's random numbers."""

import numpy as np
import pytest
from naive.random_stream import NaiveStream
from scipy.stats import kstest

from edgeopt.optim.jit import jit
from edgeopt.optim.stream import fill_uniform, next_uniform, open_stream


@jit
def _fill(stream, numbers):
    for i in range(len(numbers)):
        numbers[i] = next_uniform(stream)


def draw(stream, count):
    numbers = np.empty(count)
    _fill(stream, numbers)
    return numbers


def test_equals_the_definition_bit_for_bit():
    stream = open_stream(np.random.default_rng(7))
    naive = NaiveStream(stream)
    assert draw(stream, 1000).tolist() == [naive.uniform() for _ in range(1000)]
    assert stream.tolist() == naive.state


def test_first_numbers_of_the_published_generator():
    # The authors' C code from the state 1, 2, 3, 4 (also the test vector of Rust's rand).
    naive = NaiveStream([1, 2, 3, 4])
    expected = [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205]
    assert [naive.integer() for _ in range(5)] == expected


def test_uniform_on_the_unit_interval():
    numbers = draw(open_stream(np.random.default_rng(0)), 100_000)
    assert 0.0 <= numbers.min() < numbers.max() < 1.0
    assert kstest(numbers, "uniform").pvalue > 0.001
    assert np.corrcoef(numbers[:-1], numbers[1:])[0, 1] == pytest.approx(0, abs=0.02)


def test_seed_decides():
    a, b = (open_stream(np.random.default_rng(seed)) for seed in (1, 1))
    assert a.tolist() == b.tolist()
    assert a.tolist() != open_stream(np.random.default_rng(2)).tolist()


def test_an_array_is_filled_with_the_same_numbers():
    one, other = (open_stream(np.random.default_rng(3)) for _ in "ab")
    numbers = np.empty(101)
    fill_uniform(one, numbers)
    assert numbers.tolist() == draw(other, 101).tolist()
    assert one.tolist() == other.tolist()


def test_a_state_of_zeros_is_drawn_again():
    class Unlucky:
        drawn = iter([np.zeros(4, dtype=np.uint64), np.arange(4, dtype=np.uint64)])

        def integers(self, *_, **__):
            return next(self.drawn)

    assert open_stream(Unlucky()).tolist() == [0, 1, 2, 3]
