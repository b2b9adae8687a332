"""The compiled recursion and the windows run as SimPy runs them."""

import numpy as np
import pytest
from naive.online import NaiveSystem

from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.sliding_window import Window
from edgeopt.optim.online.windows import simulate_windows
from edgeopt.optim.scheduling.heuristics.list_rules import mct

pytestmark = pytest.mark.filterwarnings("ignore::edgeopt.optim.online.resources.OverloadWarning")


def assert_same(timeline, naive):
    for name in timeline._fields:
        np.testing.assert_allclose(
            getattr(timeline, name), naive.column(name), rtol=1e-9, atol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("rule", ["fcfs", "earliest-finish", "round-robin"])
@pytest.mark.parametrize("seed", range(16))
def test_dispatch(random_system, seed, rule):
    time, stages, resources, changes = random_system(seed)
    timeline = simulate_dispatch(time, stages, resources, rule=rule, changes=changes)
    assert_same(timeline, NaiveSystem(time, stages, resources, changes, rule).run())


@pytest.mark.parametrize(
    "window", [Window(1), Window(5), Window(100), Window(4, 2.0), Window(9, 0.0)]
)
@pytest.mark.parametrize("seed", range(8))
def test_windows(random_system, seed, window):
    time, stages, resources, changes = random_system(seed)
    run = simulate_windows(time, stages, resources, mct, window, changes=changes)
    assert_same(run.timeline, NaiveSystem(time, stages, resources, changes, window=window).run())
