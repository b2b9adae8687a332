"""Execution times as a matrix, and as work and speed."""

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import (
    UniformTimes,
    assigned_times,
    check_size,
    check_times,
    times_matrix,
    times_shape,
)

WORK_SPEED = UniformTimes(np.array([6.0, 0.0, 12.0]), np.array([2.0, 3.0]))


def test_work_over_speed():
    assert times_shape(WORK_SPEED) == (3, 2)
    assert times_matrix(WORK_SPEED).tolist() == [[3.0, 2.0], [0.0, 0.0], [6.0, 4.0]]


@pytest.mark.parametrize("et", [WORK_SPEED, times_matrix(WORK_SPEED)])
def test_both_forms_give_the_same_assigned_times(et: np.ndarray | UniformTimes):
    assert assigned_times(et, np.array([1, 0, 0])).tolist() == [2.0, 0.0, 6.0]
    assert times_shape(et) == (3, 2)


def test_checked_times_keep_their_form():
    checked = check_times(UniformTimes([4, 2], [1]))  # type: ignore[arg-type]
    assert isinstance(checked, UniformTimes)
    assert checked.work.dtype == np.float64
    assert not checked.work.flags.writeable
    assert check_times([[0, 1]]).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(
    ("et", "message"),
    [
        ([[0, 0], [0, 0]], "et: got 'all entries 0'"),
        ([[1, -1]], r"et\[0, 1\]"),
        ([[1e308], [1e308]], "et: got 1e[+]308, must be so small"),
        (UniformTimes([0, 0], [1]), "work: got 'all entries 0'"),
        (UniformTimes([1, np.nan], [1]), r"work\[1\]"),
        (UniformTimes([1, -1], [1]), r"work\[1\]"),
        (UniformTimes([1], [0]), r"speed\[0\]"),
        (UniformTimes([1], []), "speed.shape"),
        (UniformTimes([], [1]), "work.shape"),
        (UniformTimes([1e300], [1e-300]), "work: got 1e[+]300, must be so small"),
        (UniformTimes([1.0, 1e300], [1.0, 1e-300]), "work: got 1e[+]300, must be so small"),
        ([[1.0, 1e308], [1.0, 1.0]], "et: got 1e[+]308, must be so small"),
    ],
)
def test_bad_times_are_refused(et: object, message: str):
    with pytest.raises(InputError, match=message):
        check_times(et)


def test_sizes():
    assert check_size(100_000, 1000) == (100_000, 1000)
    assert check_size(10**7, 26) == (10**7, 26)
    assert check_size(1, 1) == (1, 1)
    for tasks, nodes in [(0, 3), (3, 0), (2.0, 3), (10**7 + 1, 1), (10**7, 27), (10**40, 10**40)]:
        with pytest.raises(InputError):
            check_size(tasks, nodes)
