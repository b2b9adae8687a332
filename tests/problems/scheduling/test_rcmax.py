"""Families of Fanjul-Peyro and Ruiz: ranges, and what is alike in correlated times."""

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.rcmax import rcmax
from edgeopt.problems.scheduling.spec import load_problem

RANGES = {"u_1_100": (1, 100), "u_100_120": (100, 120), "jobs": (2, 120), "machines": (2, 116)}


@pytest.mark.parametrize("kind", RANGES)
def test_times_are_whole_and_in_their_range(kind):
    times = load_problem(f"rcmax:{kind}:400x30:seed=1").matrix
    assert (times == times.round()).all()
    low, high = RANGES[kind]
    assert low <= times.min() <= low + 3
    assert high - 4 <= times.max() <= high


def test_what_is_correlated():
    jobs, machines = (rcmax(kind, 300, 40, rng=2).matrix for kind in ("jobs", "machines"))
    assert np.ptp(jobs, axis=1).max() <= 19 < np.ptp(jobs, axis=0).min()
    assert np.ptp(machines, axis=0).max() <= 19 < np.ptp(machines, axis=1).min()


def test_memory_may_be_tight():
    problem = load_problem("rcmax:jobs:20x4:utilisation=0.9:seed=1")
    assert problem.task_memory.sum() / problem.node_capacity.sum() == pytest.approx(0.9)


@pytest.mark.parametrize("kind", ["u_1", "u_0_9", "u_9_8", "u_1_9999999999", "tasks", ""])
def test_unknown_kinds_are_refused(kind):
    with pytest.raises(InputError, match="kind: got"):
        rcmax(kind)
