"""The training tasks of a run, and the time and traffic of each on each node."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.framework.conditions import LinkConditions, LinkTrace, draw_conditions
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.learning.training import Training
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray, IntArray

ExitKind = Literal["convolved", "pooled"]
"""Whether an exit head has a convolution before its pooling."""

BACKWARD = 2.0
"""Work of a backward pass per work of the forward pass: gradients of map and weights, each as much
as the layer itself (Kaplan et al., "Scaling laws for neural language models", 2020, sec. 2.1)."""

LABEL_BYTES = 1
"""Size of a label: at most 256 classes."""

BITS = 8.0
"""Bits of a byte."""


class Tasks(NamedTuple):
    """All K tasks of a run, or those of a period.

    Attributes
    ----------
    size : ndarray of int64, shape (K,)
        Examples of each mini-batch.
    round_trip_s : ndarray, shape (K,)
        Round trip to the cloud at each task, s.
    rate_bit_s : ndarray, shape (K, x)
        Rate between each node and the cloud, in either direction, bit/s.
    """

    size: IntArray
    round_trip_s: FloatArray
    rate_bit_s: FloatArray

    def of_period(self, period: int, window: int) -> Tasks:
        """Return the tasks of one period."""
        part = slice(period * window, (period + 1) * window)
        return Tasks(self.size[part], self.round_trip_s[part], self.rate_bit_s[part])


def draw_tasks(
    split: SplitSystem, training: Training, link: LinkTrace | None, rng: np.random.Generator
) -> tuple[Tasks, LinkConditions]:
    """Draw the tasks of a run, the same for all schemes of a repetition.

    The tasks meet the link as if they arrived at regular intervals at the system's rate: the state
    of the link at a task does not depend on how long the tasks before it take.
    """
    sizes = _sizes(training, rng)
    # Not the simulated times: they depend on the scheme, and all must meet the same link.
    arrival = np.arange(len(sizes)) / split.system.tasks.arrival_hz
    stream = Stream(arrival, sizes.astype(np.float64))
    conditions = draw_conditions(split, stream, link, rng)
    uplink = conditions.uplink
    state = np.searchsorted(uplink.start, arrival, side="right") - 1
    return Tasks(sizes, conditions.round_trip_s, uplink.rate[state]), conditions


def _sizes(training: Training, rng: np.random.Generator) -> IntArray:
    """Draw the sizes of the mini-batches, at least 2: batch norm needs two examples."""
    reach = training.batch * training.spread
    low, high = round(training.batch - reach), round(training.batch + reach)
    return np.maximum(rng.integers(low, high + 1, training.tasks), 2)


# What a task takes and sends if its layers 1..cut run on a node.


class TaskPath(NamedTuple):
    """Where a scheme's tasks run.

    Attributes
    ----------
    cut : int
        Layers on the edge, 0..N.
    exit : {"convolved", "pooled"} or None
        Kind of the exit head to which the maps are sent as well.
    asleep : ndarray of bool, shape (K,)
        Tasks that end at the exit head.
    """

    cut: int
    exit: ExitKind | None
    asleep: NDArray[np.bool_]


class TaskCosts(NamedTuple):
    """Times of K tasks on each of x nodes in s, shape (K, x), and traffic in byte, shape (K,).

    Attributes
    ----------
    forward, backward : ndarray
        The node's passes through its layers 1..j (11).
    upload, download : ndarray
        Transfer across the cut (15) and half a round trip; 0 for a task that sends nothing.
    exit : ndarray
        To the exit head, through it, and back.
    cloud : ndarray, shape (K,)
        Both passes through layers j + 1..N in the cloud (14).
    asleep : ndarray of bool, shape (K,)
        Tasks that do not go to the cloud.
    up_bytes, down_bytes : ndarray of int64, shape (K,)
        To the cloud: the tensors at the cut and the labels. Back: the gradients of the tensors.
    map_bytes : ndarray of int64, shape (K,)
        The map. Over the edge network it goes to the exit head with the labels, and its gradient
        returns; the master's own tasks send nothing.
    """

    forward: FloatArray
    backward: FloatArray
    upload: FloatArray
    download: FloatArray
    exit: FloatArray
    cloud: FloatArray
    asleep: NDArray[np.bool_]
    up_bytes: IntArray
    down_bytes: IntArray
    map_bytes: IntArray

    @property
    def occupied_s(self) -> FloatArray:
        """How long each task occupies each node if the cloud is idle, (K, x): ET of (1).

        Departs from (1), which has only the work on the node: it also waits for the gradients.
        """
        trip = np.where(self.asleep, 0.0, self.cloud)[:, None] + self.upload + self.download
        return self.forward + np.maximum(trip, self.exit) + self.backward


def task_costs(split: SplitSystem, tasks: Tasks, path: TaskPath) -> TaskCosts:
    """Return time and traffic of training tasks whose layers 1..cut run on the nodes.

    The times of the offloading program for one example, times the task's size. The exit head runs
    on the master, without a queue. At cut N nothing is sent.
    """
    cut, size = path.cut, tasks.size
    sends = ~path.asleep & (cut < split.depth)
    up = np.where(sends, size * (crossing_bytes(split, cut) + LABEL_BYTES), 0)
    # At cut 0 the nodes have no layers that could use a gradient.
    down = np.where(sends & (cut > 0), size * crossing_bytes(split, cut), 0)
    half_trip = 0.5 * tasks.round_trip_s[:, None]
    node_s = size[:, None] * split.terms.execution_s[split.kinds, cut]  # (11)
    map_bytes = size * map_bytes_of(split, cut) * (path.exit is not None)
    return TaskCosts(
        forward=node_s,
        backward=BACKWARD * node_s,
        upload=_link_s(up, tasks, half_trip),  # (15)
        download=_link_s(down, tasks, half_trip),
        exit=_exit_s(split, path, size, map_bytes),
        cloud=np.where(sends, (1.0 + BACKWARD) * size * split.cloud_s[cut], 0.0),  # (14)
        asleep=path.asleep,
        up_bytes=up,
        down_bytes=down,
        map_bytes=map_bytes,
    )


def crossing_bytes(split: SplitSystem, cut: int) -> int:
    """Return the bytes of the tensors at a cut for one example (15); at cut 0, of the image."""
    return round(float(split.upload_bits[cut]) / BITS)


def map_bytes_of(split: SplitSystem, cut: int) -> int:
    """Return the bytes of the map at a cut for one example, without the skip tensor."""
    if cut == 0:
        return crossing_bytes(split, cut)
    return math.prod(map_shape(split, cut)) * int(split.reading.element_bytes)


def map_shape(split: SplitSystem, cut: int) -> tuple[int, ...]:
    """Return (channels, height, width) of the map at a cut; at cut 0, of the image."""
    profile = split.profile
    shape: tuple[int, ...] = profile.input_shape
    return shape if cut == 0 else profile.layers[profile.cut_ends[cut - 1] - 1].output_shape


def _link_s(sent: IntArray, tasks: Tasks, half_trip_s: FloatArray) -> FloatArray:
    """Return the time of a transfer on the link, (K, x) s."""
    seconds = BITS * sent[:, None] / tasks.rate_bit_s + half_trip_s
    return np.asarray(np.where(sent[:, None] > 0, seconds, 0.0))


def _exit_s(split: SplitSystem, path: TaskPath, size: IntArray, map_bytes: IntArray) -> FloatArray:
    """Return the time to the exit head, through it and back, (K, x) s."""
    if path.exit is None:
        return np.zeros((len(size), split.nodes))
    flop = (1.0 + BACKWARD) * split.reading.flop_per_mac * _exit_macs(split, path)
    lan_s = BITS * (2 * map_bytes + size * LABEL_BYTES)[:, None] / split.lan_bit_s
    # The master's own maps do not cross the network.
    far = np.arange(split.nodes) != split.master
    return np.asarray(size[:, None] * flop / split.speeds[split.master] + lan_s * far)


def _exit_macs(split: SplitSystem, path: TaskPath) -> int:
    """Return the work of the exit head for one example (8), MAC."""
    channels, *area = map_shape(split, path.cut)
    convolution = 9 * channels**2 * math.prod(area) if path.exit == "convolved" else 0
    return convolution + channels * int(split.profile.layers[-1].elements)
