"""The nodes' queues and memory between windows, by hand."""

import numpy as np
import pytest

from edgeopt.optim.online.changes import Change, change_arrays
from edgeopt.optim.online.edge_queues import EdgeTimes
from edgeopt.optim.online.pool_state import PoolState
from edgeopt.optim.online.resources import Resources


def pool_of(work, memory=None, capacity=None, flops=(1.0, 2.0)) -> PoolState:
    tasks, nodes = len(work), len(flops)
    times = EdgeTimes(np.full(tasks, -1), *(np.zeros(tasks) for _ in range(3)))
    held = None if memory is None else np.array(memory, float)
    resources = Resources(np.array(flops), capacity=capacity)
    return PoolState(
        resources, np.array(work, float), held, times, np.zeros(nodes), np.ones(nodes, bool)
    )


def test_tasks_queue_in_the_order_given():
    pool = pool_of([4, 4, 2])
    pool.enqueue(np.array([2, 0, 1]), np.array([0, 0, 1]), 1.0)
    assert pool.times.start.tolist() == [3, 1, 1]
    assert pool.times.end.tolist() == [7, 3, 3]
    assert pool.free.tolist() == [7, 3]
    assert pool.next_end(0.0) == 3
    assert pool.next_end(3.0) == 7
    assert pool.next_end(7.0) == np.inf


def test_memory_is_held_from_dispatch_to_end():
    pool = pool_of([4, 4, 2], memory=[3, 5, 2], capacity=[10.0, 6.0])
    assert pool.free_memory(0.0).tolist() == [10, 6]
    pool.enqueue(np.array([0, 1, 2]), np.array([0, 0, 1]), 0.0)
    assert pool.free_memory(0.0).tolist() == [2, 4]  # task 1 waits and holds memory
    assert pool.free_memory(1.0).tolist() == [2, 6]  # task 2 ends at 1
    assert pool.free_memory(4.0).tolist() == [5, 6]
    assert pool.free_memory(8.0).tolist() == [10, 6]


def test_without_memory_there_is_room_for_all():
    assert pool_of([1]).free_memory(0.0).tolist() == [np.inf, np.inf]


@pytest.mark.parametrize(
    ("kind", "given_back", "free"),
    [("fail", [0, 2], 0.0), ("leave", [2], 4.0)],
)
def test_a_node_that_goes_gives_back_what_it_does_not_finish(kind, given_back, free):
    """At 3 s node 0 is at work on task 0, which ends at 4 s; task 2 waits behind it."""
    pool = pool_of([4, 4, 4, 1])
    pool.enqueue(np.array([0, 2, 1]), np.array([0, 0, 1]), 0.0)
    changes = change_arrays([Change(3.0, 0, kind), Change(9.0, 0, "join")], 2)
    assert pool.apply(changes, 0).tolist() == given_back
    assert pool.present.tolist() == [False, True]
    assert pool.free[0] == free
    assert pool.apply(changes, 1).tolist() == []
    assert pool.present.tolist() == [True, True]
    assert pool.free[0] == 9.0


def test_a_node_may_join_before_it_has_finished_its_task():
    pool = pool_of([8, 1])
    pool.enqueue(np.array([0]), np.array([0]), 0.0)
    changes = change_arrays([Change(3.0, 0, "leave"), Change(5.0, 0, "join")], 2)
    pool.apply(changes, 0)
    pool.apply(changes, 1)
    assert pool.free[0] == 8.0
