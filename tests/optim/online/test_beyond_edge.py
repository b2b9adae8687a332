"""The kernels of uplinks and cloud against loops over servers and over pieces of time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.online.beyond_edge import Pieces, queue_at_cloud, queue_at_uplink


def naive_cloud(ready, service, servers):
    """Give each task to the server that is free first, in order of readiness."""
    free, start = [0.0] * servers, list(ready)
    for task in sorted(range(len(ready)), key=lambda i: (ready[i], i)):
        server = free.index(min(free))
        start[task] = max(ready[task], free[server])
        free[server] = start[task] + service[task]
    return start


def naive_upload(now, bits, starts, rates):
    """Return when the last bit is sent: piece after piece, what fits into each."""
    ends = [*starts[1:], np.inf]
    for start, end, rate in zip(starts, ends, rates, strict=True):
        begin = max(start, now)
        if end <= begin:
            continue
        if rate > 0 and bits <= rate * (end - begin):
            return begin + bits / rate
        bits -= rate * (end - begin)
    raise AssertionError("the last piece has a rate > 0")


@settings(deadline=None)
@given(
    tasks=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 6)), min_size=1, max_size=15),
    servers=st.integers(1, 4),
)
def test_the_clouds_queue_is_first_come_first_served(tasks, servers):
    ready, service = (np.array(column, float) for column in zip(*tasks, strict=True))
    order = np.argsort(ready, kind="stable")
    found = queue_at_cloud(order, ready, service, servers)
    np.testing.assert_allclose(found, naive_cloud(ready, service, servers))


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), shared=st.booleans())
def test_an_upload_goes_through_the_pieces_of_its_uplink(seed, shared):
    rng = np.random.default_rng(seed)
    tasks, nodes, pieces = int(rng.integers(1, 10)), 3, int(rng.integers(1, 5))
    links = 1 if shared else nodes
    start = np.append(0.0, np.sort(rng.uniform(0.1, 9.0, pieces - 1)))
    rate = rng.integers(0, 3, (pieces, links)).astype(float)
    rate[-1] = rng.integers(1, 3, links)
    ready, bits = np.sort(rng.uniform(0, 9, tasks)), rng.uniform(0.1, 5, tasks)
    node = rng.integers(0, nodes, tasks)
    begin, end = queue_at_uplink(np.arange(tasks), ready, bits, node, Pieces(start, rate))
    free = [0.0] * links
    for task in range(tasks):
        link = 0 if shared else node[task]
        assert begin[task] == max(ready[task], free[link])
        free[link] = naive_upload(begin[task], bits[task], start, rate[:, link])
        assert end[task] == pytest.approx(free[link], rel=1e-12)
        free[link] = end[task]


def test_tasks_that_send_nothing_keep_their_time():
    ready = np.array([1.0, 2.0, 3.0])
    pieces = Pieces(np.zeros(1), np.ones((1, 1)))
    order = np.array([0, 2])  # task 1 ends at the edge
    begin, end = queue_at_uplink(order, ready, np.array([5.0, 0.0, 1.0]), np.zeros(3, int), pieces)
    assert begin.tolist() == [1, 2, 6]
    assert end.tolist() == [6, 2, 7]


def test_a_bit_that_fits_exactly_is_sent_at_the_end_of_the_piece():
    pieces = Pieces(np.array([0.0, 2.0, 9.0]), np.array([[3.0], [0.0], [1.0]]))
    one = np.zeros(1, int)
    _, end = queue_at_uplink(one, np.array([1.0]), np.array([3.0]), one, pieces)
    assert end.tolist() == [2.0]  # 3 bit in the second before the outage
    _, end = queue_at_uplink(one, np.array([1.0]), np.array([4.0]), one, pieces)
    assert end.tolist() == [10.0]
    _, end = queue_at_uplink(one, np.array([4.0]), np.array([1.0]), one, pieces)
    assert end.tolist() == [10.0]
