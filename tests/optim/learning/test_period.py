"""Simulated time of a period, by hand and against processes in SimPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.learning import naive_period

from edgeopt.optim.learning.costs import TaskCosts
from edgeopt.optim.learning.period import Dispatch, assign, make_dispatch, simulate_period
from edgeopt.problems.errors import InputError


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


@pytest.mark.parametrize("seed", range(20))
def test_a_period_is_that_of_simpy(seed):
    """Random times, so that no two tasks tie; some tasks are asleep."""
    rng = np.random.default_rng(seed)
    tasks, nodes = int(rng.integers(1, 15)), int(rng.integers(1, 5))
    names = ("forward", "backward", "upload", "download", "exit")
    costs = costs_of(tasks, nodes, **{name: rng.random((tasks, nodes)) for name in names})
    asleep = rng.random(tasks) < 0.3
    for name in ("upload", "download"):
        getattr(costs, name)[asleep] = 0.0
    cloud = np.where(asleep, 0.0, rng.random(tasks))
    costs = costs._replace(cloud=cloud, asleep=asleep)
    assignment = rng.integers(0, nodes, tasks)
    timeline = simulate_period(costs, assignment)
    order, seconds = naive_period(costs, assignment)
    assert timeline.order.tolist() == order
    assert timeline.seconds == pytest.approx(seconds, rel=1e-12)


def test_a_window_is_scheduled_by_the_times_that_tasks_occupy_nodes():
    """Node 1 is faster, but its link takes longer than the work that it saves."""
    costs = costs_of(1, 2, forward=[[2.0, 1.0]], upload=[[0.5, 9.0]], cloud=1.0)
    dispatch = make_dispatch({"solver": "mct"})
    assert assign(dispatch, costs, np.random.default_rng(0)).tolist() == [0]
    no_link = costs_of(1, 2, forward=[[2.0, 1.0]], cloud=1.0)
    assert assign(dispatch, no_link, np.random.default_rng(0)).tolist() == [1]


def test_a_dispatch_has_defaults_field_by_field():
    assert Dispatch() == Dispatch({"solver": "atsa-repaired"}, {"evaluations": 1000})
    assert make_dispatch({}) == Dispatch()
    assert make_dispatch({"solver": "lpt"}).budget == Dispatch().budget
    table = {"solver": "atsa", "parameters": {"ants": 3}, "budget": {"iterations": 2}}
    dispatch = make_dispatch(table)
    assert dispatch.solver == {"solver": "atsa", "ants": 3}
    assert dispatch.budget == {"iterations": 2}


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("mct", "dispatch: got 'mct', must be a table"),
        ({"solver": "nobody"}, "nobody"),
        ({"solver": "atsa", "parameters": {"ants": 0}}, "ants"),
        ({"budget": {"naps": 3}}, "naps"),
    ],
)
def test_a_bad_dispatch_is_refused(table, field):
    with pytest.raises(InputError, match=field):
        make_dispatch(table)
