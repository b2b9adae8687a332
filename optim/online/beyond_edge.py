"""From the edge node to the answer: the queues of uplinks and cloud, and propagation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.online.edge_queues import (
    EdgeTimes,
    first_free,
    free_time,
    set_free_time,
    start_tree,
)
from edgeopt.optim.online.resources import Resources, Stages, Timeline
from edgeopt.problems.errors import FloatArray, IntArray


def beyond_edge(edge: EdgeTimes, stages: Stages, resources: Resources) -> Timeline:
    """Return the whole timeline, given the tasks' times at the edge.

    Queues are unbounded, thus no stage blocks an earlier one: each is a single pass over the tasks
    in the order in which they reach it, ties by index.
    """
    sent = np.flatnonzero(stages.upload_bits > 0)
    uplink = resources.uplink
    pieces = Pieces(uplink.start, uplink.rate)
    # First come, first served by the end at the edge: a short task may overtake an older one.
    order = _by_time(sent, edge.end)
    upload_start, upload_end = queue_at_uplink(
        order, edge.end, stages.upload_bits, edge.node, pieces
    )
    # Zero for tasks that end at the edge, whose later times all equal their end there.
    one_way, service = np.zeros(len(edge.end)), np.zeros(len(edge.end))
    one_way[sent], service[sent] = stages.round_trip[sent] / 2.0, stages.cloud[sent]
    cloud_start = upload_end + one_way
    if resources.cloud_servers is not None and resources.cloud_servers < len(sent):  # else no queue
        order = _by_time(sent, cloud_start)
        cloud_start = queue_at_cloud(order, cloud_start, service, resources.cloud_servers)
    cloud_end = cloud_start + service
    return Timeline(
        node=edge.node,
        dispatch=edge.dispatch,
        edge_start=edge.start,
        edge_end=edge.end,
        upload_start=upload_start,
        upload_end=upload_end,
        cloud_start=cloud_start,
        cloud_end=cloud_end,
        finish=cloud_end + one_way,
    )


def _by_time(tasks: IntArray, time: FloatArray) -> IntArray:
    """Return the tasks sorted by time, equal times by index."""
    return tasks[np.argsort(time[tasks], kind="stable")]


# The queue before the servers of the cloud.


@jit
def queue_at_cloud(
    order: IntArray, ready: FloatArray, service: FloatArray, servers: int
) -> FloatArray:
    """Return when the cloud begins each task in s, shape (K,).

    Parameters
    ----------
    order : ndarray
        The tasks that go to the cloud, in the order of `ready`, first come first served.
    ready, service : ndarray, shape (K,)
        When each task reaches the cloud, and its service time, in s.
    servers : int
        Number of equal servers c.
    """
    start, tree = ready.copy(), start_tree(np.zeros(servers))
    for i in order:
        server = first_free(tree, ready[i])
        start[i] = max(ready[i], free_time(tree, server))
        set_free_time(tree, server, start[i] + service[i])
    return start


# The queues of the uplinks, whose rates may change with time.


class Pieces(NamedTuple):
    """Piecewise constant rates: ``start`` (p,) in s, ``rate`` (p, u) in bit/s."""

    start: FloatArray
    rate: FloatArray


@jit
def queue_at_uplink(
    order: IntArray, ready: FloatArray, bits: FloatArray, node: IntArray, pieces: Pieces
) -> tuple[FloatArray, FloatArray]:
    """Return when each task's upload begins and ends in s, shape (K,) each.

    Parameters
    ----------
    order : ndarray
        The tasks that upload, in the order of `ready`, first come first served.
    ready, bits : ndarray, shape (K,)
        When each task is ready to be sent in s, and its size in bit.
    node : ndarray, shape (K,)
        The node, whose uplink is used if each node has its own.
    pieces : Pieces
        Rates of u = 1 shared uplink, or of one uplink for each node.
    """
    # Ready times rise along `order`, hence the piece of each link only moves forward.
    uplinks = pieces.rate.shape[1]
    free, piece = np.zeros(uplinks), np.zeros(uplinks, np.int64)
    start, end = ready.copy(), ready.copy()
    for i in order:
        link = node[i] if uplinks > 1 else 0
        start[i] = max(ready[i], free[link])
        piece[link], end[i] = _send(start[i], bits[i], pieces, link, piece[link])
        free[link] = end[i]
    return start, end


@jit_lean
def _send(now: float, bits: float, pieces: Pieces, link: int, piece: int) -> tuple[int, float]:
    """Return the piece of time in which the last bit is sent, and when, in s.

    The search starts at `piece`, which begins no later than `now`.
    """
    while piece + 1 < len(pieces.start):
        begin, end = max(now, pieces.start[piece]), pieces.start[piece + 1]
        sent = max(0.0, end - begin) * pieces.rate[piece, link] if begin < end else 0.0
        if sent >= bits:
            return piece, begin + bits / pieces.rate[piece, link]
        bits -= sent
        piece += 1
    return piece, max(now, pieces.start[piece]) + bits / pieces.rate[piece, link]
