"""How long the steps of training tasks take, and what they send."""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.framework.conditions import LinkConditions, LinkTrace, draw_conditions
from edgeopt.optim.framework.setting import SplitSystem
from edgeopt.optim.learning.training import Training
from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray

Exit = Literal["convolved", "pooled"]

BACKWARD = 2.0
"""Work of the way back for one of the way forth: gradients of the map and of the weights, each as
much as the layer itself (Kaplan et al., "Scaling laws for neural language models", 2020, 2.1)."""

LABEL_BYTES = 1

BITS = 8.0


class Path(NamedTuple):
    """The way of a scheme's tasks.

    Attributes
    ----------
    cut : int
        Layers on the edge, 0..N.
    exit : {"convolved", "pooled"} or None
        Kind of the exit head to which the maps go as well.
    asleep : ndarray of bool, shape (K,)
        Tasks that end there.
    """

    cut: int
    exit: Exit | None
    asleep: NDArray[np.bool_]


class TaskCosts(NamedTuple):
    """Seconds of each of K tasks on each of x nodes, shape (K, x), and bytes, shape (K,).

    Attributes
    ----------
    forward, backward : ndarray
        Layers 1..j on the node (11).
    upload, download : ndarray
        What crosses the cut (15), with half a round trip; 0 for a task that sends nothing.
    exit : ndarray
        To the exit head, through it, and back.
    cloud : ndarray, shape (K,)
        Layers j + 1..N, both ways (14).
    asleep : ndarray of bool, shape (K,)
        Tasks that do not go to the cloud.
    up_bytes, down_bytes : ndarray of int64, shape (K,)
        To the cloud: the tensors at the cut and the labels. Back: the gradients of the tensors.
    map_bytes : ndarray of int64, shape (K,)
        The map, which goes to the exit head with the labels, and whose gradient comes back, over
        the network of the edge; the master's own tasks send nothing.
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

        The node waits for the gradient; (1) itself has only the work on the node.
        """
        trip = np.where(self.asleep, 0.0, self.cloud)[:, None] + self.upload + self.download
        return self.forward + np.maximum(trip, self.exit) + self.backward


def task_costs(setting: SplitSystem, tasks: Tasks, path: Path) -> TaskCosts:
    """Return what tasks cost whose layers 1..cut run on the nodes, for training.

    Times are those of the offloading program for one example, by the task's size. The exit head
    runs on the master, which has no queue. At cut N nothing is sent.
    """
    cut, size = path.cut, tasks.size
    sends = ~path.asleep & (cut < setting.depth)
    up = np.where(sends, size * (crossing_bytes(setting, cut) + LABEL_BYTES), 0)
    down = np.where(sends & (cut > 0), size * crossing_bytes(setting, cut), 0)
    half_trip = 0.5 * tasks.round_trip_s[:, None]
    node_s = size[:, None] * setting.terms.execution_s[setting.kinds, cut]  # (11)
    map_bytes = size * map_bytes_of(setting, cut) * (path.exit is not None)
    return TaskCosts(
        forward=node_s,
        backward=BACKWARD * node_s,
        upload=_link_s(up, tasks, half_trip),  # (15)
        download=_link_s(down, tasks, half_trip),
        exit=_exit_s(setting, path, size, map_bytes),
        cloud=np.where(sends, (1.0 + BACKWARD) * size * setting.cloud_s[cut], 0.0),  # (14)
        asleep=path.asleep,
        up_bytes=up,
        down_bytes=down,
        map_bytes=map_bytes,
    )


def crossing_bytes(setting: SplitSystem, cut: int) -> int:
    """Return the bytes of the tensors at a cut for one example (15); at cut 0 the image's."""
    return round(float(setting.upload_bits[cut]) / BITS)


def map_bytes_of(setting: SplitSystem, cut: int) -> int:
    """Return the bytes of the map at a cut for one example, without the skip tensor."""
    if cut == 0:
        return crossing_bytes(setting, cut)
    return math.prod(map_shape(setting, cut)) * int(setting.reading.element_bytes)


def map_shape(setting: SplitSystem, cut: int) -> tuple[int, ...]:
    """Return (channels, height, width) of the map at a cut, of the image at cut 0."""
    profile = setting.profile
    shape: tuple[int, ...] = profile.input_shape
    return shape if cut == 0 else profile.layers[profile.cut_ends[cut - 1] - 1].output_shape


def _link_s(sent: IntArray, tasks: Tasks, half_trip_s: FloatArray) -> FloatArray:
    """Return the seconds on the link, (K, x)."""
    seconds = BITS * sent[:, None] / tasks.rate_bit_s + half_trip_s
    return np.asarray(np.where(sent[:, None] > 0, seconds, 0.0))


def _exit_s(setting: SplitSystem, path: Path, size: IntArray, map_bytes: IntArray) -> FloatArray:
    """Return the seconds to the exit head, through it and back, (K, x)."""
    if path.exit is None:
        return np.zeros((len(size), setting.nodes))
    flop = (1.0 + BACKWARD) * setting.reading.flop_per_mac * _exit_macs(setting, path)
    lan_s = BITS * (2 * map_bytes + size * LABEL_BYTES)[:, None] / setting.lan_bit_s
    far = np.arange(setting.nodes) != setting.master
    return np.asarray(size[:, None] * flop / setting.speeds[setting.master] + lan_s * far)


def _exit_macs(setting: SplitSystem, path: Path) -> int:
    """Return the work of the exit head for one example (8), MAC."""
    channels, *area = map_shape(setting, path.cut)
    convolution = 9 * channels**2 * math.prod(area) if path.exit == "convolved" else 0
    return convolution + channels * int(setting.profile.layers[-1].elements)


# Simulated time: a period of tasks that wait for their gradients.


class PeriodTimeline(NamedTuple):
    """A period.

    Attributes
    ----------
    order : ndarray of int64, shape (K,)
        The tasks in the order in which they reach the cloud, or the exit head if they end there.
    seconds : float
        When the last node is done.
    """

    order: IntArray
    seconds: float


def simulate_period(costs: TaskCosts, assignment: IntArray) -> PeriodTimeline:
    """Run each node's tasks one after another, in their order; ties go to the lower node.

    A node goes forth through its layers, sends, waits for the gradients and goes back. The cloud,
    of which there is one copy, takes one task at a time in the order of arrival; (14) has no queue.
    """
    queues = [deque(np.flatnonzero(assignment == node)) for node in range(costs.forward.shape[1])]
    arrivals: list[tuple[float, int]] = []

    def send_next(node: int, now: float) -> None:
        task = queues[node][0]
        arrival = now + costs.forward[task, node] + costs.upload[task, node]
        heapq.heappush(arrivals, (arrival, node))

    for node in range(len(queues)):
        if queues[node]:
            send_next(node, 0.0)
    order, cloud_free, end = [], 0.0, 0.0
    while arrivals:
        now, node = heapq.heappop(arrivals)
        task = queues[node].popleft()
        order.append(task)
        back = now - costs.upload[task, node] + costs.exit[task, node]
        if costs.cloud[task]:
            cloud_free = max(now, cloud_free) + costs.cloud[task]
            back = max(back, cloud_free + costs.download[task, node])
        done = float(max(back, now) + costs.backward[task, node])
        end = max(end, done)
        if queues[node]:
            send_next(node, done)
    return PeriodTimeline(np.array(order, dtype=np.int64), end)


# The tasks of a run: how large each is, and which link it meets.


class Tasks(NamedTuple):
    """All K tasks of a run, or those of a period.

    Attributes
    ----------
    size : ndarray of int64, shape (K,)
        Examples of each mini-batch.
    round_trip_s : ndarray, shape (K,)
        Round trip to the cloud that each meets, s.
    rate_bit_s : ndarray, shape (K, x)
        Rate between each node and the cloud, either way, bit/s.
    """

    size: IntArray
    round_trip_s: FloatArray
    rate_bit_s: FloatArray

    def of_period(self, period: int, window: int) -> Tasks:
        """Return the tasks of one period."""
        part = slice(period * window, (period + 1) * window)
        return Tasks(self.size[part], self.round_trip_s[part], self.rate_bit_s[part])


def draw_tasks(
    setting: SplitSystem, training: Training, link: LinkTrace | None, rng: np.random.Generator
) -> tuple[Tasks, LinkConditions]:
    """Draw the tasks of a run; all schemes of a repetition meet the same.

    They meet the link as tasks of the running framework that arrive one after another at the
    system's rate: the state of the link is a task's own and does not depend on how long
    the tasks before it take.
    """
    sizes = _sizes(training, rng)
    arrival = np.arange(len(sizes)) / setting.system.tasks.arrival_hz
    stream = Stream(arrival, sizes.astype(np.float64))
    conditions = draw_conditions(setting, stream, link, rng)
    uplink = conditions.uplink
    state = np.searchsorted(uplink.start, arrival, side="right") - 1
    return Tasks(sizes, conditions.round_trip_s, uplink.rate[state]), conditions


def _sizes(training: Training, rng: np.random.Generator) -> IntArray:
    """Draw the mini-batches' sizes; batch norm needs two examples."""
    reach = training.batch * training.spread
    low, high = round(training.batch - reach), round(training.batch + reach)
    return np.maximum(rng.integers(low, high + 1, training.tasks), 2)
