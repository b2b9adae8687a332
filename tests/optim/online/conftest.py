"""Random small systems."""

import numpy as np
import pytest

from edgeopt.optim.online.changes import Change
from edgeopt.optim.online.resources import Resources, Stages, Uplink


@pytest.fixture
def random_system():
    """Return a maker: seed -> (time, stages, resources, changes)."""
    return make_system


def make_system(seed, tasks=60, changes=True):
    rng = np.random.default_rng(seed)
    x = int(rng.integers(1, 6))
    time = np.cumsum(rng.exponential(1.0, tasks))
    again = rng.random(tasks) < 0.1
    time = time[np.maximum.accumulate(np.where(again, 0, np.arange(tasks)))]  # some arrive at once
    edge = rng.exponential(0.8 * x, tasks) * (rng.random(tasks) < 0.9)
    bits = rng.exponential(0.7, tasks) * (rng.random(tasks) < 0.8)
    cloud, round_trip = rng.exponential(0.5, tasks), rng.exponential(0.3, tasks)
    count = int(rng.choice([1, x]))
    pieces = int(rng.integers(1, 4))
    rate = rng.uniform(0.5, 2.0, (pieces, count)) * (rng.random((pieces, count)) < 0.8)
    rate[-1] = rng.uniform(0.8, 2.0, count)
    start = np.append(0.0, np.sort(rng.uniform(0.0, time[-1], pieces - 1)))
    servers = None if rng.random() < 0.3 else int(rng.integers(1, 4))
    resources = Resources(rng.uniform(0.5, 2.0, x), Uplink(rate, start), cloud_servers=servers)
    stages = Stages(edge, bits, cloud, round_trip)
    return time, stages, resources, random_changes(rng, x, time[-1]) if changes else ()


def random_changes(rng, nodes, end):
    """Some nodes come and go; where all do, the last comes back."""
    changes = []
    for node in range(nodes):
        there = bool(rng.random() < 0.7)
        for time in np.sort(rng.uniform(0.0, end, rng.integers(0, 4))):
            kind = str(rng.choice(["leave", "fail"])) if there else "join"
            changes.append(Change(float(time), node, kind))
            there = not there
    for node in range(nodes):
        own = [change for change in changes if change.node == node]
        if not own or own[-1].kind == "join":
            return changes
    return [*changes, Change(float(end), changes[-1].node, "join")]
