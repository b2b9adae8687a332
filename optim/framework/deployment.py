"""Deployment (section 2.2): the choice of the master, and the model's way to the nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.errors import check_choice, check_number
from edgeopt.problems.systems.system import Pool

TRANSPORTS = ("multicast", "unicast")

MASTERS = ("capability", "random")


@dataclass(frozen=True)
class Deployment:
    """The cost of distributing a model to all nodes.

    Attributes
    ----------
    seconds : float
        From the first byte that the cloud sends to the last byte that a node receives, s.
    cloud_bytes : float
        Sent by the cloud to the master.
    lan_bytes : float
        Sent by the master to the other nodes.
    """

    seconds: float
    cloud_bytes: float
    lan_bytes: float


def choose_master(pool: Pool, how: str, rng: np.random.Generator) -> int:
    """Return the index of the master node.

    Parameters
    ----------
    pool : Pool
        The nodes.
    how : {"capability", "random"}
        As printed, the master is drawn at random, although it must hold the simplified model and
        serves all tasks while the cloud sleeps; ``capability`` takes the fastest node, ties by
        memory, then by index.
    rng : Generator
        Source of randomness.
    """
    check_choice("master", how, MASTERS)
    if how == "random":
        return int(rng.integers(pool.nodes))
    devices = pool.devices
    return max(range(pool.nodes), key=lambda i: (devices[i].flops, devices[i].memory_bytes, -i))


def deploy(split: SplitSystem, size_bytes: float, transport: str = "multicast") -> Deployment:
    """Return the cost of sending `size_bytes` from cloud to master, then to the other nodes.

    The master has the whole bandwidth of the link, up to the limit of its own interface; half a
    round trip is added once. In the edge network, multicast sends the model once, unicast once to
    each node in turn. The master starts sending when it has the whole model.

    Raises
    ------
    InputError
        If the transport is unknown or the size negative.
    """
    check_choice("transport", transport, TRANSPORTS)
    check_number("size_bytes", size_bytes, at_least=0)
    if size_bytes == 0:
        return Deployment(0.0, 0.0, 0.0)
    pool, link = split.system.pool, split.system.link
    rate = min(link.bandwidth_bit_s, pool.devices[split.master].throughput_bit_s)
    # A lone master sends nothing on.
    copies = min(1, pool.nodes - 1) if transport == "multicast" else pool.nodes - 1
    lan_bytes = copies * size_bytes
    trip_s = 0.5 * float(split.terms.columns.round_trip_s)
    seconds = 8.0 * size_bytes / rate + trip_s + 8.0 * lan_bytes / split.lan_bit_s
    return Deployment(seconds, size_bytes, lan_bytes)
