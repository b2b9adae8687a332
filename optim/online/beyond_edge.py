"""From the edge node to the answer: uplink, cloud and the way back."""

from __future__ import annotations

import numpy as np

from optim.online.cloud_queue import queue_at_cloud
from optim.online.edge_queues import EdgeTimes
from optim.online.resources import Resources
from optim.online.timeline import Stages, Timeline
from optim.online.uplink_queues import Pieces, queue_at_uplink
from optim.solver import IntArray
from problems.errors import FloatArray


def beyond_edge(edge: EdgeTimes, stages: Stages, resources: Resources) -> Timeline:
    """Return the whole timeline, given what the edge does.

    Nothing that comes later holds up an edge node (queues have room for all), so that each stage
    is a pass over the tasks in the order in which they come to it, ties by index.
    """
    sent = np.flatnonzero(stages.upload_bits > 0)
    uplink = resources.uplink
    pieces = Pieces(uplink.start, uplink.rate)
    order = _by_time(sent, edge.end)
    upload_start, upload_end = queue_at_uplink(
        order, edge.end, stages.upload_bits, edge.node, pieces
    )
    way, service = np.zeros(len(edge.end)), np.zeros(len(edge.end))
    way[sent], service[sent] = stages.round_trip[sent] / 2.0, stages.cloud[sent]
    cloud_start = upload_end + way
    if resources.cloud_servers is not None and resources.cloud_servers < len(sent):
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
        finish=cloud_end + way,
    )


def _by_time(tasks: IntArray, time: FloatArray) -> IntArray:
    """Return some tasks by rising time, equal times by index."""
    return tasks[np.argsort(time[tasks], kind="stable")]
