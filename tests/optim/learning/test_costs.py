"""What tasks cost, against the equations written out."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.optim.learning.costs import TaskPath, task_costs
from edgeopt.optim.learning.training import Training, learning_rate
from edgeopt.problems.errors import InputError

RATE = 20e6 / 3  # three nodes share the link
TRIP = 0.016


def costs_at(problem, cut, *, exit=None, asleep=False):
    tasks = problem.drawn[0]
    return task_costs(problem.split, tasks, TaskPath(cut, exit, np.full(len(tasks.size), asleep)))


def test_an_awake_task_by_hand(make_problem):
    problem = make_problem()
    costs = costs_at(problem, 5, exit="pooled")
    macs, whole = 301824, 431328
    forward = 8 * 2 * macs / np.array([400e6, 50e6, 50e6])
    assert costs.forward[0] == pytest.approx(forward)
    assert costs.backward[0] == pytest.approx(2 * forward)
    assert costs.up_bytes[0] == 8 * (384 * 4 + 1)
    assert costs.down_bytes[0] == 8 * 384 * 4
    assert costs.upload[0] == pytest.approx(8 * costs.up_bytes[0] / RATE + TRIP / 2)
    assert costs.cloud[0] == pytest.approx(8 * 3 * 2 * (whole - macs) / 50e9)
    lan = 8 * 8 * (2 * 384 * 4 + 1) / 1e9
    work = 8 * 3 * 2 * 24 * 10 / 400e6
    assert costs.exit[0] == pytest.approx([work, work + lan, work + lan])  # node 0 is the master
    away = costs.upload[0] + costs.cloud[0] + costs.download[0]
    assert costs.occupied_s[0] == pytest.approx(3 * forward + away)


def test_a_dormant_task_goes_to_the_exit_alone(make_problem):
    costs = costs_at(make_problem(), 5, exit="pooled", asleep=True)
    assert not costs.up_bytes.any()
    assert not costs.upload.any()
    assert not costs.cloud.any()
    assert costs.occupied_s == pytest.approx(costs.forward + costs.exit + costs.backward)


def test_a_convolution_costs_more(make_problem):
    problem = make_problem()
    pooled, convolved = (costs_at(problem, 5, exit=kind) for kind in ("pooled", "convolved"))
    extra = 8 * 3 * 2 * 9 * 24**2 * 16 / 400e6
    assert convolved.exit - pooled.exit == pytest.approx(np.full((8, 3), extra))


def test_ends(make_problem):
    problem = make_problem()
    first, last = costs_at(problem, 0), costs_at(problem, 8)
    assert first.up_bytes[0] == 8 * (64 + 1)
    assert not first.down_bytes.any()
    assert not first.forward.any()
    assert not last.up_bytes.any()
    assert not last.upload.any()
    assert not last.cloud.any()


def test_tasks_meet_the_trace_in_turn(make_problem):
    tasks, _ = make_problem(round_trips_s=(0.01, 0.02, 0.03)).drawn
    steps = np.diff(tasks.round_trip_s)
    assert set(np.round(steps, 9)) <= {0.01, -0.02}
    assert tasks.rate_bit_s == pytest.approx(np.full((8, 3), RATE))


def test_sizes_spread(make_problem):
    sizes = make_problem(periods=100, batch=10, spread=0.5).drawn[0].size
    assert sizes.min() == 5
    assert sizes.max() == 15
    assert sizes.mean() == pytest.approx(10, abs=0.6)


def test_a_training_is_by_default_that_of_the_paper():
    numbers = {"periods": 40, "window": 36, "batch": 32, "spread": 0.0, "concentration": 1.0}
    rates = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 1e-4}
    assert Training() == Training(**numbers, **rates)


def test_rate_falls_at_half_and_three_quarters():
    rates = [learning_rate(Training(periods=8), period) for period in range(8)]
    assert rates == pytest.approx([0.1] * 4 + [0.01] * 2 + [0.001] * 2)


@pytest.mark.parametrize(
    "numbers", [{"periods": 0}, {"batch": 1}, {"spread": 1.0}, {"learning_rate": 0.0}]
)
def test_refused_training(numbers):
    with pytest.raises(InputError, match=next(iter(numbers))):
        Training(**numbers)
