"""An ant's choice of the next node (2): by rejection from an alias table, or by roulette."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.arrays import is_small_whole, power, sum_four, whole_power
from edgeopt.optim.stream import RandomStream, draw_alias, next_uniform
from edgeopt.problems.errors import FloatArray, IntArray


class Visibility(NamedTuple):
    """The factors of eta that change while an ant walks; the others are in the static weights.

    Attributes
    ----------
    beta : float
        Its exponent in (2).
    memory : bool
        Whether the memory term of (4) is part of it.
    completion : bool
        Whether the reciprocal of the completion time is part of it.
    counted : float
        1 where the task itself counts among the memory used, 0 where it does not.
    """

    beta: float
    memory: bool
    completion: bool
    counted: float = 1.0


class Nodes(NamedTuple):
    """Loads and memory of the nodes while an ant walks.

    Attributes
    ----------
    loads : ndarray, shape (x,)
        Time assigned so far in s.
    used : ndarray, shape (x,)
        Memory assigned so far in byte.
    capacity : ndarray, shape (x,)
        Memory in byte.
    share : ndarray, shape (x,)
        Scratch: the roulette's numerators.
    """

    loads: FloatArray
    used: FloatArray
    capacity: FloatArray
    share: FloatArray


@jit_lean
def memory_ratio(used: float, capacity: float, memory: float) -> float:
    """Return eta of (4) over its value on the empty node, in [0, 1].

    delta (1 - (used + memory) / capacity) is delta (1 - memory / capacity), which is fixed and
    stands in the static weights, times 1 - used / (capacity - memory), which is this. With a
    memory of 0 it is the letter of (4), in which the task itself does not count.
    """
    room = capacity - memory
    return max(0.0, 1.0 - used / room) if room > 0.0 else 1.0


@jit_lean
def largest_free_share(nodes: Nodes) -> float:
    """Return the largest share of free memory of any node, an upper bound of `memory_ratio`."""
    largest = 0.0
    for j in range(len(nodes.used)):
        if nodes.capacity[j] > 0.0:
            largest = max(largest, 1.0 - nodes.used[j] / nodes.capacity[j])
        else:
            largest = 1.0
    return largest


@jit_lean
def reject(
    keep: FloatArray,
    alias: IntArray,
    task: int,
    nodes: Nodes,
    memory: float,
    free: float,
    visibility: Visibility,
    tries: int,
    stream: RandomStream,
) -> int:
    """Return a node drawn by (2) from the static weights' alias table, or -1 after `tries`.

    A node drawn from the table is accepted with probability (eta / bound) ** beta, with a bound
    that holds for every node. Accepted nodes thus follow (2) exactly, and a roulette after any
    number of rejections does not change this.

    Parameters
    ----------
    keep, alias : ndarray, shape (k, x)
        Alias tables of the tasks' static weights.
    task : int
        The task.
    nodes : Nodes
        What the nodes hold.
    memory : float
        The task's memory in byte.
    free : float
        An upper bound of the share of free memory of all nodes.
    visibility : Visibility
        Without completion times, for which no such bound is known.
    tries : int
        Largest number of draws.
    stream : ndarray of uint64, shape (4,)
        Random numbers; a try takes one.
    """
    bound = power(free, visibility.beta)
    for _ in range(tries):
        node, rest = draw_alias(keep, alias, task, next_uniform(stream))
        if nodes.used[node] + memory > nodes.capacity[node]:
            continue
        # What is left of the draw's random number is uniform again and serves the test.
        if not visibility.memory:
            return node
        own = visibility.counted * memory
        ratio = memory_ratio(nodes.used[node], nodes.capacity[node], own)
        if rest * bound < power(ratio, visibility.beta):
            return node
    return -1


@jit_lean
def roulette(
    weights: FloatArray,
    times: FloatArray,
    task: int,
    nodes: Nodes,
    memory: float,
    visibility: Visibility,
    stream: RandomStream,
) -> int:
    """Return a node drawn by (2) over all nodes with room that can run it, or -1 if there is none.

    Parameters
    ----------
    weights : ndarray, shape (k, x)
        The tasks' static weights, tau ** alpha times the fixed part of eta ** beta; 0 for nodes
        that cannot run the task.
    times : ndarray, shape (k, x)
        Execution times in s, infinite for those nodes.
    task, nodes, memory, visibility, stream
        As for `reject`; takes one random number.

    Notes
    -----
    Completion times enter relative to the least one among nodes with room. This factor cancels in
    (2) and keeps powers from overflowing; if it is 0, only nodes of completion time 0 are left. If
    all numerators of (2) are 0, every node with room that can run the task is equally likely.
    """
    if visibility.completion or not is_small_whole(visibility.beta):
        _numerators(weights, times, task, nodes, memory, visibility)
    else:
        _simple_numerators(weights, task, nodes, memory, visibility)
    total = sum_four(nodes.share)
    if total <= 0.0:
        total = _share_equally(times, task, nodes, memory)
    return _spin(nodes.share, next_uniform(stream) * total) if total > 0.0 else -1


@jit_lean
def _simple_numerators(
    weights: FloatArray, task: int, nodes: Nodes, memory: float, visibility: Visibility
) -> None:
    """Fill the shares as `_numerators` does, in a form that the compiler can vectorise.

    For a small whole exponent and a heuristic without completion times.
    """
    share, exponent, own = nodes.share, int(visibility.beta), visibility.counted * memory
    for j in range(len(share)):
        used, capacity = nodes.used[j], nodes.capacity[j]
        eta = memory_ratio(used, capacity, own) if visibility.memory else 1.0
        room = used + memory <= capacity
        share[j] = weights[task, j] * whole_power(eta, exponent) if room else 0.0  # (2)


@jit_lean
def _numerators(
    weights: FloatArray,
    times: FloatArray,
    task: int,
    nodes: Nodes,
    memory: float,
    visibility: Visibility,
) -> None:
    """Fill the shares with the numerators of (2), 0 for nodes without room or forbidden ones."""
    earliest, own = _earliest(times, task, nodes, memory), visibility.counted * memory
    for j in range(len(nodes.share)):
        nodes.share[j] = 0.0
        used, capacity = nodes.used[j], nodes.capacity[j]
        if used + memory > capacity or times[task, j] == np.inf:
            continue
        eta = memory_ratio(used, capacity, own) if visibility.memory else 1.0
        completion = nodes.loads[j] + times[task, j]
        if visibility.completion and completion > 0.0:
            eta *= earliest / completion
        nodes.share[j] = weights[task, j] * power(eta, visibility.beta)  # (2)


@jit_lean
def _earliest(times: FloatArray, task: int, nodes: Nodes, memory: float) -> float:
    """Return the least completion time among nodes with room."""
    earliest = np.inf
    for j in range(times.shape[1]):
        if nodes.used[j] + memory <= nodes.capacity[j]:
            earliest = min(earliest, nodes.loads[j] + times[task, j])
    return earliest


@jit_lean
def _share_equally(times: FloatArray, task: int, nodes: Nodes, memory: float) -> float:
    """Give every node with room that can run the task a share of 1; return their number."""
    count = 0.0
    for j in range(len(nodes.share)):
        room = nodes.used[j] + memory <= nodes.capacity[j]
        nodes.share[j] = 1.0 if room and times[task, j] < np.inf else 0.0
        count += nodes.share[j]
    return count


@jit_lean
def _spin(share: FloatArray, point: float) -> int:
    """Return the node in whose share the point lies; never one whose share is 0."""
    for j in range(len(share)):
        # Where the share is 0, the point does not become negative.
        point -= share[j]
        if point < 0.0:
            return j
    # Rounding has carried the point beyond the last share.
    node = len(share) - 1
    while share[node] == 0.0:
        node -= 1
    return node
