"""Simulated time of a period, by hand and against processes in SimPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.learning.costs import TaskCosts
from edgeopt.optim.learning.period import simulate_period


def costs_of(tasks, nodes, **seconds):
    """Return costs of 0 but for what is given."""
    names = ("forward", "backward", "upload", "download", "exit")
    arrays = {name: np.zeros((tasks, nodes)) for name in names}
    arrays["cloud"] = np.zeros(tasks)
    for name, values in seconds.items():
        arrays[name] = arrays[name] + np.asarray(values, dtype=float)
    asleep = arrays["cloud"] == 0
    counts = np.zeros(tasks, dtype=np.int64)
    return TaskCosts(**arrays, asleep=asleep, up_bytes=counts, down_bytes=counts, map_bytes=counts)


def test_cloud_takes_one_at_a_time_by_hand():
    """Node 0 reaches the cloud at 1 + 2 = 3 s, node 1 at 2 + 2 = 4 s; it is busy from 3 to 8 s."""
    costs = costs_of(2, 2, forward=[[1, 2]], upload=2, cloud=5, download=1, backward=[[2, 4]])
    timeline = simulate_period(costs, np.array([1, 0]))
    assert timeline.order.tolist() == [1, 0]  # task 1 is with node 0
    assert timeline.seconds == 13 + 1 + 4  # node 1 has its gradient at 8 + 5 + 1 s


def test_exit_runs_beside_the_cloud_by_hand():
    costs = costs_of(2, 1, forward=1, upload=1, cloud=[2, 0], download=1, exit=[[7], [7]])
    costs.upload[1] = costs.download[1] = 0  # asleep
    timeline = simulate_period(costs, np.array([0, 0]))
    assert timeline.order.tolist() == [0, 1]
    assert timeline.seconds == (1 + 7) + (1 + 7)  # 7 s beside 1 + 2 + 1 s; then 7 s alone


def test_ties_go_to_the_lower_node():
    timeline = simulate_period(costs_of(3, 3, forward=1, cloud=1), np.array([2, 0, 1]))
    assert timeline.order.tolist() == [1, 2, 0]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 999))
def test_bounds(tasks, nodes, seed):
    rng = np.random.default_rng(seed)
    shape = (tasks, nodes)
    names = ("forward", "backward", "upload", "download", "exit")
    costs = costs_of(tasks, nodes, **{name: rng.random(shape) for name in names})
    costs = costs._replace(cloud=rng.random(tasks) + 0.01, asleep=np.zeros(tasks, dtype=bool))
    assignment = rng.integers(0, nodes, tasks)
    timeline = simulate_period(costs, assignment)
    assert sorted(timeline.order) == list(range(tasks))
    for node in range(nodes):  # a node's tasks keep their order
        assert np.all(np.diff([task for task in timeline.order if assignment[task] == node]) > 0)
    occupied = costs.occupied_s[np.arange(tasks), assignment]
    loads = np.bincount(assignment, weights=occupied, minlength=nodes)
    assert timeline.seconds >= loads.max() - 1e-9
    assert timeline.seconds <= loads.max() + costs.cloud.sum() * tasks
    idle_cloud = costs._replace(cloud=np.full(tasks, 1e-300))
    loads = np.bincount(
        assignment, idle_cloud.occupied_s[np.arange(tasks), assignment], minlength=nodes
    )
    assert simulate_period(idle_cloud, assignment).seconds == pytest.approx(loads.max())
