"""Several masters, each with its own pool, behind a front end that deals out the tasks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeopt.optim.online.dispatch import check_tasks
from edgeopt.optim.online.resources import Resources, Stages, Timeline, Uplink
from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.errors import FloatArray, check_integer

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
