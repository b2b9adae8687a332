"""Dispatch task by task: small cases by hand, and what must hold for every stream."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.online.changes import Change
from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.edge_queues import first_free, free_time, set_free_time, start_tree
from edgeopt.optim.online.resources import OverloadWarning, Resources, Stages, Uplink, overloads
from edgeopt.problems.errors import InputError


def stages(edge, bits=None, cloud=None, round_trip=None):
    nothing = np.zeros(len(edge))
    columns = [nothing if c is None else np.array(c, float) for c in (bits, cloud, round_trip)]
    return Stages(np.array(edge, float), *columns)


def test_one_queue_by_hand():
    timeline = simulate_dispatch(
        np.array([0.0, 0.0, 1.0, 1.0]), stages([4, 2, 2, 2]), Resources([1.0, 2.0])
    )
    assert timeline.node.tolist() == [0, 1, 1, 1]
    assert timeline.edge_start.tolist() == [0, 0, 1, 2]
    assert timeline.finish.tolist() == [4, 1, 2, 3]


def test_earliest_finish_waits_for_a_faster_node():
    resources = Resources([10.0, 1.0])
    time, work = np.zeros(2), stages([10, 10])
    assert simulate_dispatch(time, work, resources).node.tolist() == [0, 1]
    timeline = simulate_dispatch(time, work, resources, rule="earliest-finish")
    assert timeline.node.tolist() == [0, 0]
    assert timeline.finish.tolist() == [1, 2]


def test_uplink_cloud_and_way_back_by_hand():
    resources = Resources([1.0, 1.0], Uplink([2.0]), cloud_servers=1)
    timeline = simulate_dispatch(np.zeros(2), stages([1, 2], [4, 4], [5, 1], [0.5, 0.5]), resources)
    assert timeline.upload_start.tolist() == [1, 3]
    assert timeline.upload_end.tolist() == [3, 5]
    assert timeline.cloud_start.tolist() == [3.25, 8.25]
    assert timeline.cloud_end.tolist() == [8.25, 9.25]
    assert timeline.finish.tolist() == [8.5, 9.5]


def test_the_uplink_serves_by_readiness_not_by_arrival():
    resources = Resources([1.0, 1.0], Uplink([1.0]))
    timeline = simulate_dispatch(np.zeros(2), stages([5, 1], [1, 1]), resources)
    assert timeline.upload_start.tolist() == [5, 1]


def test_own_uplinks_do_not_wait_for_one_another():
    time, work = np.zeros(2), stages([1, 1], [2, 2])
    shared = simulate_dispatch(time, work, Resources([1.0, 1.0], Uplink([1.0])))
    own = simulate_dispatch(time, work, Resources([1.0, 1.0], Uplink([1.0, 0.5])))
    assert shared.finish.tolist() == [3, 5]
    assert own.finish.tolist() == [3, 5]
    assert own.upload_start.tolist() == [1, 1]


def test_an_outage_holds_up_what_is_being_sent():
    uplink = Uplink([[2.0], [0.0], [1.0]], [0.0, 3.0, 10.0])
    timeline = simulate_dispatch(
        np.array([0.0, 0.0, 4.0]), stages([1, 1, 1], [4, 1, 2]), Resources([1.0, 1.0, 1.0], uplink)
    )
    assert timeline.upload_end.tolist() == [3.0, 11.0, 13.0]


def test_infinite_rate_and_unlimited_cloud():
    timeline = simulate_dispatch(
        np.zeros(3), stages([1, 1, 1], [9, 9, 9], [2, 2, 2]), Resources([1.0, 1.0, 1.0])
    )
    assert timeline.finish.tolist() == [3, 3, 3]


def test_tasks_without_work_pass_a_busy_node():
    timeline = simulate_dispatch(
        np.array([0.0, 1.0, 1.0]),
        stages([9, 0, 0], [0, 3, 3]),
        Resources([1.0, 1.0], Uplink([3.0])),
    )
    assert timeline.node.tolist() == [0, 0, 1]
    assert timeline.edge_end.tolist() == [9, 1, 1]
    assert timeline.finish.tolist() == [9, 2, 3]


def test_a_failing_node_loses_its_work():
    changes = [Change(3.0, 0, "fail")]
    timeline = simulate_dispatch(
        np.array([0.0, 0.0, 1.0]), stages([4, 4, 4]), Resources([1.0, 1.0]), changes=changes
    )
    assert timeline.node.tolist() == [1, 1, 1]
    assert timeline.dispatch.tolist() == [3, 0, 3]
    assert timeline.edge_start.tolist() == [4, 0, 8]


def test_a_leaving_node_ends_its_task():
    changes = [Change(3.0, 0, "leave"), Change(5.0, 0, "join")]
    timeline = simulate_dispatch(
        np.array([0.0, 0.0, 1.0, 6.0]), stages([4, 6, 4, 1]), Resources([1.0, 1.0]), changes=changes
    )
    assert timeline.node.tolist() == [0, 1, 1, 0]
    assert timeline.edge_end.tolist() == [4, 6, 10, 7]


def test_tasks_wait_for_a_node_to_join():
    changes = [Change(5.0, 0, "join")]
    timeline = simulate_dispatch(
        np.array([0.0, 1.0]), stages([1, 0]), Resources([1.0]), changes=changes
    )
    assert timeline.dispatch.tolist() == [5, 5]
    assert timeline.finish.tolist() == [6, 5]


@pytest.mark.parametrize(
    "changes",
    [
        [Change(-1.0, 0, "fail")],
        [Change(1.0, 2, "fail")],
        [Change(1.0, -1, "fail")],
        [Change(1.0, 0, "explode")],
        [Change(1.0, 0, "fail"), Change(2.0, 0, "leave")],
        [Change(1.0, 0, "join"), Change(2.0, 0, "join")],
        [Change(1.0, 0, "fail"), Change(2.0, 1, "leave")],
    ],
)
def test_impossible_changes_are_refused(changes):
    with pytest.raises(InputError, match="changes"):
        simulate_dispatch(np.zeros(1), stages([1]), Resources([1.0, 1.0]), changes=changes)


@pytest.mark.parametrize(
    ("time", "tasks", "field"),
    [
        ([], [], "time"),
        ([2.0, 1.0], [1, 1], r"time\[1\]"),
        ([np.nan], [1], "time"),
        ([-1.0], [1], "time"),
        ([1.0], [-1], "edge"),
        ([1.0], [1, 2], "edge.shape"),
    ],
)
def test_bad_streams_are_refused(time, tasks, field):
    with pytest.raises(InputError, match=field):
        simulate_dispatch(np.array(time), stages(tasks), Resources([1.0]))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Resources([]), "flops"),
        (lambda: Resources([0.0]), "flops"),
        (lambda: Resources([1.0], cloud_servers=0), "cloud_servers"),
        (lambda: Resources([1.0], capacity=[1.0, 2.0]), "capacity"),
        (lambda: Resources([1.0, 1.0, 1.0], Uplink([1.0, 1.0])), "uplinks"),
        (lambda: Uplink([0.0]), "uplink.rate"),
        (lambda: Uplink([-1.0]), "uplink.rate"),
        (lambda: Uplink([np.nan]), "uplink.rate"),
        (lambda: Uplink([[1.0], [1.0]], [0.0, 0.0]), "uplink.start"),
        (lambda: Uplink([[1.0], [1.0]], [0.0]), "uplink.rate.shape"),
        (lambda: Uplink([[1.0]], [1.0]), "uplink.start"),
    ],
)
def test_bad_resources_are_refused(make, field):
    with pytest.raises(InputError, match=field):
        make()


def test_overload_is_an_answer_with_a_warning():
    time = np.arange(1000.0)
    with pytest.warns(OverloadWarning, match="edge nodes: the load is 200.2 %"):
        timeline = simulate_dispatch(time, stages(np.full(1000, 4.0)), Resources([1.0, 1.0]))
    wait = timeline.edge_start - time
    assert wait[-1] == pytest.approx(1000.0, rel=0.01)  # it grows by one second a second


def test_overload_of_uplink_and_cloud():
    time, work = np.arange(101.0), stages(np.full(101, 0.1), np.full(101, 3), np.full(101, 2))
    resources = Resources([1.0], Uplink([[0.0], [2.0]], [0.0, 50.0]), cloud_servers=1)
    uplink, cloud = overloads(time, work, resources)
    assert uplink.startswith("uplink: the load is 303 %")
    assert cloud.startswith("cloud: the load is 202 %")
    assert overloads(np.zeros(101), work, resources) == ()


def test_a_load_that_can_just_be_done_is_no_overload():
    time, work = np.arange(101.0), stages(np.full(101, 100.0))  # 10,100 FLOP in 100 s
    assert overloads(time, work, Resources([101.0])) == ()
    assert len(overloads(time, work, Resources([100.9]))) == 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.data())
def test_the_tree_finds_the_first_free(free, data):
    tree = start_tree(np.array(free, float))
    for _ in range(10):
        now = data.draw(st.integers(0, 6))
        ready = [max(now, time) for time in free]
        server = first_free(tree, now)
        assert server == ready.index(min(ready))
        assert free_time(tree, server) == free[server]
        free[server] = data.draw(st.integers(0, 9))
        set_free_time(tree, server, free[server])
