"""The queue of the cloud."""

from __future__ import annotations

import numpy as np

from optim.jit import jit
from optim.online.first_free import first_free, free_time, set_free_time, start_tree
from optim.solver import IntArray
from problems.errors import FloatArray


@jit
def queue_at_cloud(
    order: IntArray, ready: FloatArray, service: FloatArray, servers: int
) -> FloatArray:
    """Return when the service of each task begins in s, shape (K,).

    Parameters
    ----------
    order : ndarray
        The tasks that go to the cloud, in the order of `ready`, first come first served.
    ready, service : ndarray, shape (K,)
        When each task is there, and how long it is served, in s.
    servers : int
        Equal servers c.
    """
    start, tree = ready.copy(), start_tree(np.zeros(servers))
    for i in order:
        server = first_free(tree, ready[i])
        start[i] = max(ready[i], free_time(tree, server))
        set_free_time(tree, server, start[i] + service[i])
    return start
