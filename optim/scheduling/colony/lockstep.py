"""Ants that walk in lockstep: the same paths as one after the other, computed for many at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.arrays import sum_four, whole_power
from edgeopt.optim.scheduling.colony.pheromone import Trail, prepare
from edgeopt.optim.scheduling.colony.selection import Nodes, Visibility, memory_ratio
from edgeopt.optim.stream import RandomStream, fill_uniform
from edgeopt.problems.errors import FloatArray, IntArray

FEWEST_LANES = 16  # compiled loops take so many at once; fewer are slower than ants one by one
_MOST_LANES = 32  # what they need then stays in the fastest cache


class Lanes(NamedTuple):
    """Scratch of ants that walk in lockstep, each in a lane; y lanes, none if they never do.

    Attributes
    ----------
    numbers : ndarray, shape (y, k)
        The random number of each choice.
    loads, used, share : ndarray, shape (x, y)
        As in `Nodes`.
    parts : ndarray, shape (4, y)
        Parts of sums, as in `sum_four`.
    earliest, point : ndarray, shape (y,)
        Least completion time, and the point that the roulette has come to.
    node, turning : ndarray of int, shape (y,)
        Node that it has come to, and whether it turns.
    """

    numbers: FloatArray
    loads: FloatArray
    used: FloatArray
    share: FloatArray
    parts: FloatArray
    earliest: FloatArray
    point: FloatArray
    node: IntArray
    turning: IntArray


def open_lanes(tasks: int, nodes: int, ants: int) -> Lanes:
    """Return the lanes for a number of ants, at most as many as are of use."""
    y = min(ants, _MOST_LANES)
    return Lanes(
        numbers=np.zeros((y, tasks)),
        loads=np.zeros((nodes, y)),
        used=np.zeros((nodes, y)),
        share=np.zeros((nodes, y)),
        parts=np.zeros((4, y)),
        earliest=np.zeros(y),
        point=np.zeros(y),
        node=np.zeros(y, dtype=np.int64),
        turning=np.zeros(y, dtype=np.int64),
    )


@jit_lean
def walk_in_lockstep(
    times: FloatArray,
    memory: FloatArray,
    ready: FloatArray,
    order: IntArray,
    trail: Trail,
    assignments: IntArray,
    makespans: FloatArray,
    totals: FloatArray,
    nodes: Nodes,
    lanes: Lanes,
    visibility: Visibility,
    alpha: float,
    stream: RandomStream,
    first: int,
    last: int,
) -> int:
    """Let ants from `first` to `last` - 1 walk at the same time; return the first that has not.

    By roulette, which takes one random number for each choice: it is known beforehand which number
    is whose, as long as all ants find room. Those behind the first one that does not (or for which
    all numerators of (2) are 0) have not walked, nor has this one.

    Parameters
    ----------
    times, memory, ready, order, trail
        As for `walk`.
    assignments, makespans, totals
        Of the tours.
    nodes : Nodes
        Capacities, and loads as scratch.
    lanes : Lanes
        Scratch.
    visibility, alpha, stream, first, last
        As for `walk`; the exponent of the visibility is a small whole number.
    """
    if first == 0:
        prepare(trail, alpha, False)
    done = asked = first
    while done == asked and last - done >= FEWEST_LANES:
        asked = min(last, done + len(lanes.point))
        state = stream[0], stream[1], stream[2], stream[3]
        for lane in range(asked - done):
            fill_uniform(stream, lanes.numbers[lane])
        found = _walk_of_lanes(
            times, memory, ready, order, trail.weights, assignments[done:asked],
            makespans[done:asked], lanes, nodes.capacity, visibility,
        )  # fmt: skip
        for lane in range(found):
            for j in range(times.shape[1]):
                nodes.loads[j] = lanes.loads[j, lane]
            totals[done + lane] = sum_four(nodes.loads) - sum_four(ready)
        done += found
        if done < asked:  # take back the random numbers of the others
            stream[0], stream[1], stream[2], stream[3] = state
            for lane in range(found):
                fill_uniform(stream, lanes.numbers[lane])
    return done


@jit_lean
def _walk_of_lanes(
    times: FloatArray,
    memory: FloatArray,
    ready: FloatArray,
    order: IntArray,
    weights: FloatArray,
    assignments: IntArray,
    makespans: FloatArray,
    lanes: Lanes,
    capacity: FloatArray,
    visibility: Visibility,
) -> int:
    """Let an ant walk in each lane; return the number of those before the first without a choice.

    Assignments and makespans are those of these ants.
    """
    count = len(makespans)
    makespans[:] = 0.0
    for j in range(times.shape[1]):
        lanes.loads[j, :], lanes.used[j, :] = ready[j], 0.0
    for position in range(len(order)):
        i = order[position]
        _fill_shares(weights, times, i, capacity, memory[i], lanes, visibility, count)
        _sum_shares(lanes, count)
        count = _lanes_with_choice(lanes, count)
        for lane in range(count):
            lanes.point[lane] *= lanes.numbers[lane, position]
        _spin_all(lanes, count)
        for lane in range(count):
            j = _node_of(lanes, lane)
            assignments[lane, i] = j
            lanes.loads[j, lane] += times[i, j]
            lanes.used[j, lane] += memory[i]
            makespans[lane] = max(makespans[lane], lanes.loads[j, lane])
    return count


@jit_lean
def _fill_shares(
    weights: FloatArray,
    times: FloatArray,
    task: int,
    capacity: FloatArray,
    memory: float,
    lanes: Lanes,
    visibility: Visibility,
    count: int,
) -> None:
    """Fill the shares of each lane with the numerators of (2), as `roulette` does for one ant."""
    exponent, own = int(visibility.beta), visibility.counted * memory
    if visibility.completion:
        _find_earliest(times, task, capacity, memory, lanes, count)
    for j in range(len(capacity)):
        weight, time = weights[task, j], times[task, j]
        for lane in range(count):
            used = lanes.used[j, lane]
            eta = memory_ratio(used, capacity[j], own) if visibility.memory else 1.0
            if visibility.completion:
                completion = lanes.loads[j, lane] + time
                eta *= lanes.earliest[lane] / completion if completion > 0.0 else 1.0
            room = used + memory <= capacity[j] and time < np.inf
            lanes.share[j, lane] = weight * whole_power(eta, exponent) if room else 0.0  # (2)


@jit_lean
def _find_earliest(
    times: FloatArray, task: int, capacity: FloatArray, memory: float, lanes: Lanes, count: int
) -> None:
    """Find the least completion time among nodes with room in each lane."""
    for lane in range(count):
        lanes.earliest[lane] = np.inf
    for j in range(len(capacity)):
        for lane in range(count):
            room = lanes.used[j, lane] + memory <= capacity[j]
            completion = lanes.loads[j, lane] + times[task, j] if room else np.inf
            lanes.earliest[lane] = min(lanes.earliest[lane], completion)


@jit_lean
def _sum_shares(lanes: Lanes, count: int) -> None:
    """Sum the shares of each lane in the order of `sum_four`, into the points."""
    x = len(lanes.share)
    whole = x - x % 4
    for part in range(4):
        for lane in range(count):
            lanes.parts[part, lane] = 0.0
    for j in range(x):
        part = j % 4 if j < whole else 0
        for lane in range(count):
            lanes.parts[part, lane] += lanes.share[j, lane]
    for lane in range(count):
        left = lanes.parts[0, lane] + lanes.parts[1, lane]
        lanes.point[lane] = left + (lanes.parts[2, lane] + lanes.parts[3, lane])


@jit_lean
def _lanes_with_choice(lanes: Lanes, count: int) -> int:
    """Return the number of lanes before the first one whose shares do not sum to more than 0."""
    for lane in range(count):
        if not lanes.point[lane] > 0.0:
            return lane
    return count


@jit_lean
def _spin_all(lanes: Lanes, count: int) -> None:
    """Find the node in whose share the point of each lane lies, x where rounding leaves none."""
    for lane in range(count):
        lanes.node[lane], lanes.turning[lane] = 0, 1
    for j in range(len(lanes.share)):
        # counted on, not left: an ant's roulette ends anywhere, which no processor can predict
        for lane in range(count):
            lanes.point[lane] -= lanes.share[j, lane]
            lanes.turning[lane] = 0 if lanes.point[lane] < 0.0 else lanes.turning[lane]
            lanes.node[lane] += lanes.turning[lane]


@jit_lean
def _node_of(lanes: Lanes, lane: int) -> int:
    """Return the node that the roulette has come to; never one whose share is 0."""
    node: int = lanes.node[lane]
    if node == len(lanes.share):
        node -= 1
        while lanes.share[node, lane] == 0.0:
            node -= 1
    return node
