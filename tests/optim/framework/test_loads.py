"""Warnings of loads above 80 %: of the pool, of one node, of one link, of the cloud."""

import warnings

import numpy as np
import pytest

from edgeopt.optim.framework.loads import BusyWarning, warn_of_busy_lanes, warn_of_busy_parts
from edgeopt.optim.framework.plan import Lanes
from edgeopt.optim.online.resources import Resources, Stages, Uplink

TIME = np.arange(101.0)  # a task each second: 101 tasks in 100 s
NODE = np.arange(101) % 2  # 51 and 50 tasks


def told(node: np.ndarray = NODE, *, in_turn: bool = False, **needs: float) -> str:
    """What is said of tasks that need some seconds of each part; two nodes, two links."""
    parts = {"edge": 0.0, "upload_bits": 0.0, "cloud": 0.0, "round_trip": 0.0, **needs}
    stages = Stages(**{name: np.full(101, need) for name, need in parts.items()})
    resources = Resources(np.ones(2), Uplink(np.ones(2)), cloud_servers=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_busy_parts(TIME, stages, node, resources, in_turn=in_turn)
    assert all(one.category is BusyWarning for one in caught)
    return " ".join(str(one.message) for one in caught)


def test_each_part_is_named_from_80_percent_on():
    assert told(edge=1.5, upload_bits=1.5) == ""
    assert told(edge=1.7) == "load of edge nodes 86%: delays depend strongly on the load"
    assert "load of uplink 87%:" in told(upload_bits=1.7)  # 51 x 1.7 s of 100
    assert "load of cloud 86%:" in told(upload_bits=0.1, cloud=0.85)


def test_the_busiest_node_or_link_counts_where_tasks_cannot_choose():
    uneven = (np.arange(101) % 4 == 0).astype(np.int64)  # 75 and 26 tasks
    assert told(uneven, edge=1.2) == ""
    assert "edge nodes 90%" in told(uneven, edge=1.2, in_turn=True)
    assert "uplink 90%" in told(uneven, upload_bits=1.2)
    assert "edge nodes 112%" in told(uneven, edge=1.5, in_turn=True)


def test_what_is_overloaded_as_a_whole_is_left_to_the_engine():
    assert told(edge=2.5, upload_bits=2.5, in_turn=True) == ""


def test_a_lane_of_its_own_queue_is_a_part():
    stages = Stages(np.ones(101), np.zeros(101), np.zeros(101), np.zeros(101))
    lanes = Lanes(NODE, np.array([0.6, 5.0]), np.zeros(2, dtype=np.int64))
    with pytest.warns(BusyWarning, match="edge nodes 85%"):
        warn_of_busy_lanes(TIME, stages, lanes)
    warn_of_busy_lanes(TIME, stages, lanes._replace(flops=np.array([1.0, 0.0])[[0, 0]]))
