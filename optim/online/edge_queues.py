"""The queues of the edge nodes: a compiled recursion over the tasks, without a heap of events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.online.changes import FAIL, JOIN, ChangeArrays
from edgeopt.problems.errors import FloatArray, IntArray

FCFS, EARLIEST_FINISH, ROUND_ROBIN = 0, 1, 2


class EdgeTimes(NamedTuple):
    """Node and times of each of the K tasks at the edge, in s; all arrays have shape (K,).

    Attributes
    ----------
    node : ndarray of int64
        The node, -1 until one is chosen.
    dispatch, start, end : ndarray
        When the node was chosen, and when it begins and ends the task.
    """

    node: IntArray
    dispatch: FloatArray
    start: FloatArray
    end: FloatArray


class Edge(NamedTuple):
    """The constants of the recursion: work (K,), flops (x,) and rule of `queue_at_edge`."""

    work: FloatArray
    flops: FloatArray
    rule: int


class Queues(NamedTuple):
    """The state of the nodes during the recursion; changed in place.

    Attributes
    ----------
    tree : ndarray
        When each node is free, see `first_free`; infinite while it is absent.
    turn : ndarray of int64, shape (2,)
        The next node in turn: for tasks without work, and for round-robin.
    last : ndarray of int64, shape (x,)
        The task at the end of each node's queue, -1 for none.
    before : ndarray of int64, shape (K,)
        The task before each on the same node, -1 for none.
    """

    tree: FloatArray
    turn: IntArray
    last: IntArray
    before: IntArray


@jit
def queue_at_edge(
    time: FloatArray,
    work: FloatArray,
    flops: FloatArray,
    free: FloatArray,
    changes: ChangeArrays,
    rule: int,
) -> EdgeTimes:
    """Assign each task to a node on arrival, and again if its node goes away.

    Parameters
    ----------
    time : ndarray, shape (K,)
        Arrivals in s, non-decreasing.
    work : ndarray, shape (K,)
        In FLOP. Tasks of 0 FLOP pass through the nodes in turn without queueing.
    flops, free : ndarray, shape (x,)
        Speed of each node in FLOP/s, and when it is first free in s, infinite if it joins later.
    changes : ChangeArrays
        Nodes that come and go; some node is present at the end.
    rule : int
        `FCFS` (the node that can start the task first), `EARLIEST_FINISH` (the one that finishes
        it first), ties to the lowest index, or `ROUND_ROBIN` (in turn).
    """
    tasks, nodes = len(time), len(flops)
    edge = Edge(work, flops, rule)
    times = EdgeTimes(np.full(tasks, -1), time.copy(), np.zeros(tasks), np.zeros(tasks))
    turn, last = np.zeros(2, np.int64), np.full(nodes, -1)
    queues = Queues(start_tree(free), turn, last, np.full(tasks, -1))
    waits, waiting, change = np.zeros(tasks, np.int64), 0, 0
    for i in range(tasks + 1):  # the last round applies the changes after the last arrival
        now = time[i] if i < tasks else np.inf
        while change < len(changes.time) and changes.time[change] <= now:
            waiting = _apply(changes, change, queues, times, waits, waiting)
            waiting = _redispatch(waits, waiting, changes.time[change], edge, queues, times)
            change += 1
        if i < tasks and not _place(i, now, edge, queues, times):
            waits[waiting] = i
            waiting += 1
    return times


@jit_lean
def _place(i: int, now: float, edge: Edge, queues: Queues, times: EdgeTimes) -> bool:
    """Append task i to the queue of a node; return False if no node is present."""
    if queues.tree[1] == np.inf:  # the earliest free time of all
        return False
    times.dispatch[i] = now
    # In turn, so that forwarded tasks spread over the nodes' own uplinks.
    if edge.work[i] == 0.0:
        times.node[i] = _in_turn(queues, 0)
        times.start[i] = times.end[i] = now
        return True
    node = _choose(i, now, edge, queues)
    times.node[i] = node
    times.start[i] = max(now, free_time(queues.tree, node))
    times.end[i] = times.start[i] + edge.work[i] / edge.flops[node]
    set_free_time(queues.tree, node, times.end[i])
    # A linked list per node, since a node that fails gives its tasks back from the end.
    queues.before[i] = queues.last[node]
    queues.last[node] = i
    return True


@jit_lean
def _choose(i: int, now: float, edge: Edge, queues: Queues) -> int:
    """Return the node to which the rule assigns task i."""
    if edge.rule == FCFS:
        return first_free(queues.tree, now)
    if edge.rule == ROUND_ROBIN:
        return _in_turn(queues, 1)
    # Speeds differ, so the tree cannot answer this; a scan of the nodes does.
    best, earliest = 0, np.inf
    for j in range(len(edge.flops)):
        finish = max(now, free_time(queues.tree, j)) + edge.work[i] / edge.flops[j]
        if finish < earliest:
            best, earliest = j, finish
    return best


@jit_lean
def _in_turn(queues: Queues, which: int) -> int:
    """Return the next present node in turn; the caller knows that one is present."""
    nodes = len(queues.last)
    node = queues.turn[which]
    while free_time(queues.tree, node) == np.inf:
        node = (node + 1) % nodes
    queues.turn[which] = (node + 1) % nodes
    return int(node)


@jit_lean
def _apply(
    changes: ChangeArrays,
    change: int,
    queues: Queues,
    times: EdgeTimes,
    waits: IntArray,
    waiting: int,
) -> int:
    """Let a node come or go, collect the tasks it gives back, and return how many tasks wait.

    If tasks waited before, no node was present, hence none can go.
    """
    node, now = changes.node[change], changes.time[change]
    i = queues.last[node]
    if changes.kind[change] == JOIN:
        set_free_time(queues.tree, node, now if i < 0 else max(now, times.end[i]))
        return waiting
    # Infinite: no rule chooses the node while it is absent.
    set_free_time(queues.tree, node, np.inf)
    while i >= 0 and _is_lost(changes.kind[change], now, times.start[i], times.end[i]):
        waits[waiting] = i
        waiting += 1
        i = queues.before[i]
    queues.last[node] = i
    return waiting


@jit_lean
def _is_lost(kind: int, now: float, start: float, end: float) -> bool:
    """Return whether a node that goes away at `now` does not finish a task."""
    return end > now if kind == FAIL else start >= now


@jit
def _redispatch(
    waits: IntArray, waiting: int, now: float, edge: Edge, queues: Queues, times: EdgeTimes
) -> int:
    """Dispatch the waiting tasks by index; return how many still wait: all of them, or none."""
    # Index is order of arrival: the oldest tasks are dispatched first.
    waits[:waiting].sort()
    for place in range(waiting):
        if not _place(waits[place], now, edge, queues, times):
            return waiting
    return 0


# A tournament tree: the first free of many servers in logarithmic time. Also used by the cloud.


@jit
def start_tree(free: FloatArray) -> FloatArray:
    """Return the tree over the servers' free times, shape (x,) in s: twice a power of two >= x.

    Entry 1 is the minimum of all, entries 2n and 2n + 1 are the children of n, and server j's own
    time is at len(tree) // 2 + j. An absent server has an infinite time.
    """
    leaves = 1
    while leaves < len(free):
        leaves *= 2
    tree = np.full(2 * leaves, np.inf)
    for server in range(len(free)):
        tree[leaves + server] = free[server]
    for place in range(leaves - 1, 0, -1):
        tree[place] = min(tree[2 * place], tree[2 * place + 1])
    return tree


@jit_lean
def free_time(tree: FloatArray, server: int) -> float:
    """Return when the server is free in s."""
    time: float = tree[len(tree) // 2 + server]
    return time


@jit_lean
def set_free_time(tree: FloatArray, server: int, time: float) -> None:
    """Set when the server is free in s."""
    place = len(tree) // 2 + server
    tree[place] = time
    while place > 1:
        place //= 2
        tree[place] = min(tree[2 * place], tree[2 * place + 1])


@jit_lean
def first_free(tree: FloatArray, now: float) -> int:
    """Return the server that can start first at `now` or later, ties to the lowest index.

    All servers that are idle at `now` tie.
    """
    latest = max(now, tree[1])
    place, leaves = 1, len(tree) // 2
    while place < leaves:
        place *= 2
        if tree[place] > latest:  # no server on the left is free in time
            place += 1
    return place - leaves
