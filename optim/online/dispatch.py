"""Dispatch task by task: each is assigned to a node on its arrival, by one master or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np

from edgeopt.optim.online.beyond_edge import beyond_edge
from edgeopt.optim.online.changes import Change, change_arrays, free_at_start
from edgeopt.optim.online.edge_queues import queue_at_edge
from edgeopt.optim.online.resources import Resources, Stages, Timeline, Uplink, warn_of_overload
from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    IntArray,
    check_array,
    check_choice,
    check_integer,
)

DispatchRule = Literal["fcfs", "earliest-finish", "round-robin"]


def simulate_dispatch(
    time: FloatArray,
    stages: Stages,
    resources: Resources,
    *,
    rule: DispatchRule = "fcfs",
    changes: Sequence[Change] = (),
) -> Timeline:
    """Simulate a stream whose tasks are assigned to nodes on arrival.

    A node serves its queue in order; then the task queues for the uplink and in the cloud. A
    recursion over the tasks instead of a heap of events: a million tasks take a fraction of a
    second.

    Parameters
    ----------
    time : ndarray, shape (K,)
        Arrivals in s, non-decreasing (`Stream.time`).
    stages : Stages
        Demands of each task.
    resources : Resources
        Nodes, uplink and cloud.
    rule : {"fcfs", "earliest-finish", "round-robin"}
        The node that can start the task first (one queue before all nodes, as FCFS in queueing
        theory) or that finishes it first, ties to the lowest index; or the nodes in turn.
    changes : sequence of Change
        Nodes that join, leave or fail.

    Raises
    ------
    InputError
        If an array has a wrong shape or value.

    Warns
    -----
    OverloadWarning
        If more work arrives than can be done.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.optim.online import Resources, Stages, simulate_dispatch
    >>> time = np.array([0.0, 0.1, 0.2])
    >>> zero = np.zeros(3)
    >>> stages = Stages(edge=np.full(3, 1e9), upload_bits=zero, cloud=zero, round_trip=zero)
    >>> resources = Resources(np.array([1e9, 2e9]))
    >>> timeline = simulate_dispatch(time, stages, resources, rule="earliest-finish")
    >>> timeline.node, timeline.finish
    (array([1, 1, 0]), array([0.5, 1. , 1.2]))
    """
    time, stages = check_tasks(time, stages)
    code = get_args(DispatchRule).index(check_choice("rule", rule, get_args(DispatchRule)))
    arrays = change_arrays(changes, resources.nodes)
    free = free_at_start(arrays, resources.nodes)
    warn_of_overload(time, stages, resources)
    edge = queue_at_edge(time, stages.edge, resources.flops, free, arrays, code)
    return beyond_edge(edge, stages, resources)


def check_tasks(time: FloatArray, stages: Stages) -> tuple[FloatArray, Stages]:
    """Return arrivals and stages as read-only arrays of one length, or raise `InputError`."""
    time = check_array("time", time, ndim=1, at_least=0)
    falling = np.flatnonzero(np.diff(time) < 0)
    if falling.size:
        raise InputError(
            f"time[{falling[0] + 1}]", time[falling[0] + 1], "no earlier than the task before"
        )
    arrays = {
        name: check_array(name, values, ndim=1, at_least=0)
        for name, values in stages._asdict().items()
        if values is not None
    }
    for name, values in arrays.items():
        if len(values) != len(time):
            raise InputError(f"{name}.shape", values.shape, f"({len(time)},) to match time")
    return time, stages._replace(**arrays)


# Several masters, each with its own pool, behind a front end that deals out the tasks.

PoolSimulator = Callable[[FloatArray, Stages, Resources], Timeline]


def simulate_masters(
    time: FloatArray, stages: Stages, resources: Resources, masters: int, simulate: PoolSimulator
) -> Timeline:
    """Simulate a hierarchy: tasks go in turn to one of m masters, which schedules its own pool.

    The front end deals out nodes and tasks in turn without regard to loads, which takes no time;
    pools do not help one another.

    Parameters
    ----------
    time, stages, resources
        As for `simulate_dispatch`.
    masters : int
        m, from 1 to the number of nodes (and of cloud servers, if limited).
    simulate : callable
        Simulates one pool, such as `simulate_dispatch`, or
        ``lambda *pool: simulate_windows(*pool, mct, Window(32)).timeline``.

    Returns
    -------
    Timeline
        Of all tasks; nodes are numbered as in `resources`.

    Raises
    ------
    InputError
        If a value is out of range.

    Notes
    -----
    A shared uplink and the cloud's servers are divided evenly; if the servers do not divide, the
    first pools have one more.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.optim.online import Resources, Stages, simulate_dispatch, simulate_masters
    >>> time, zero = np.arange(6.0), np.zeros(6)
    >>> stages = Stages(edge=np.full(6, 1e9), upload_bits=zero, cloud=zero, round_trip=zero)
    >>> resources = Resources(np.full(4, 1e9))
    >>> simulate_masters(time, stages, resources, 2, simulate_dispatch).node
    array([0, 1, 0, 1, 0, 1])
    """
    time, stages = check_tasks(time, stages)
    limit = min(resources.nodes, resources.cloud_servers or resources.nodes)
    check_integer("masters", masters, at_least=1, at_most=limit)
    columns = [np.zeros(len(time)) for _ in Timeline._fields]
    columns[0] = np.zeros(len(time), dtype=np.int64)
    for master in range(min(masters, len(time))):
        nodes = np.arange(master, resources.nodes, masters)
        # Tasks stay sorted by arrival within a slice, as every simulation requires.
        mine = slice(master, None, masters)
        timeline = simulate(time[mine], stages.part(mine), _pool(resources, nodes, master, masters))
        timeline = timeline._replace(node=nodes[timeline.node])
        for column, values in zip(columns, timeline, strict=True):
            column[mine] = values
    return Timeline(*columns)  # type: ignore[arg-type]  # the first is of integers


def _pool(resources: Resources, nodes: IntArray, master: int, masters: int) -> Resources:
    """Return the resources of one master."""
    uplink, servers = resources.uplink, resources.cloud_servers
    own = uplink.rate[:, nodes] if uplink.count > 1 else uplink.rate / masters
    if servers is not None:
        servers = servers // masters + (master < servers % masters)
    capacity = None if resources.capacity is None else resources.capacity[nodes]
    return Resources(resources.flops[nodes], Uplink(own, uplink.start), servers, capacity)
