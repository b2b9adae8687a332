"""Areas: values computed by hand, and a sum over the cells of a grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.optim.scheduling.fronts.hypervolume import (
    hypervolume,
    hypervolume_bound,
    largest_line,
)
from edgeopt.problems.errors import InputError

INF = np.inf


def test_areas_by_hand():
    assert hypervolume([[1.0, 3.0], [2.0, 1.0]], [4.0, 4.0]) == 3 * 1 + 2 * 2
    assert hypervolume([[1.0, 3.0], [4.0, 1.0], [5.0, 0.0]], [4.0, 4.0]) == 3.0
    assert hypervolume([], [4.0, 4.0]) == 0.0
    assert hypervolume([[1.0, 3.0]] * 2, [4.0, 4.0]) == 3.0
    with pytest.raises(InputError, match="reference"):
        hypervolume([[1.0, 3.0]], [np.nan, 4.0])


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=6))
def test_equal_to_the_cells_that_are_dominated(points):
    cells = sum(any(a <= x and b <= y for a, b in points) for x in range(6) for y in range(6))
    assert hypervolume(np.array(points, dtype=float).reshape(-1, 2), [6.0, 6.0]) == cells


def test_bounds_by_hand():
    corner = [4.0, 10.0]
    assert hypervolume_bound(np.empty((0, 3)), 1.0, corner) == 30.0
    assert hypervolume_bound(np.array([[6.0, 0.0, INF]]), 1.0, corner) == 12.0
    # value >= 8 up to a makespan of 2, then 6
    lines = np.array([[6.0, 0.0, INF], [8.0, 0.0, 2.0]])
    assert hypervolume_bound(lines, 1.0, corner) == 1 * 2 + 2 * 4
    # value >= 12 - 2 C: above the corner up to C = 1, 4 at C = 4
    assert hypervolume_bound(np.array([[12.0, -2.0, INF]]), 0.5, corner) == 3 * 6 / 2
    # a line that rises is no more than its value at the least makespan
    assert hypervolume_bound(np.array([[2.0, 2.0, INF]]), 1.0, corner) == 3 * 6.0
    assert hypervolume_bound(lines, 5.0, corner) == 0.0


def test_the_largest_line():
    lines = np.array([[6.0, 0.0, INF], [8.0, 0.0, 2.0], [12.0, -2.0, INF], [0.0, 5.0, INF]])
    at = largest_line(lines, 1.5, np.array([1.5, 2.0, 2.1, 3.0]))
    assert at == pytest.approx([9.0, 8.0, 7.8, 7.5])
    assert largest_line(np.empty((0, 3)), 1.0, np.array([2.0])) == 0.0


@given(st.integers(0, 10**6))
def test_no_front_exceeds_its_bound(seed):
    rng = np.random.default_rng(seed)
    points, least = rng.random((5, 2)) + 0.1, 0.05
    slopes = np.append(-rng.random(4) * 3, 1.0)
    intercepts = (points[:, 1] - slopes[:, None] * points[:, 0]).min(axis=1)
    ends = np.where(rng.random(5) < 0.5, points[:, 0], INF)
    # each line lies below all points up to its end
    lines = np.column_stack([intercepts, slopes, ends])
    corner = [1.2, 1.2]
    assert hypervolume(points, corner) <= hypervolume_bound(lines, least, corner) + 1e-12
