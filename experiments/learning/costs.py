"""How long the steps of training tasks take, and what they send."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.framework.setting import Setting
from experiments.learning.tasks import Tasks
from optim.solver import IntArray
from problems.errors import FloatArray

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


def task_costs(setting: Setting, tasks: Tasks, path: Path) -> TaskCosts:
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


def crossing_bytes(setting: Setting, cut: int) -> int:
    """Return the bytes of the tensors at a cut for one example (15); at cut 0 the image's."""
    return round(float(setting.upload_bits[cut]) / BITS)


def map_bytes_of(setting: Setting, cut: int) -> int:
    """Return the bytes of the map at a cut for one example, without the skip tensor."""
    if cut == 0:
        return crossing_bytes(setting, cut)
    return math.prod(map_shape(setting, cut)) * int(setting.reading.element_bytes)


def map_shape(setting: Setting, cut: int) -> tuple[int, ...]:
    """Return (channels, height, width) of the map at a cut, of the image at cut 0."""
    profile = setting.profile
    shape: tuple[int, ...] = profile.input_shape
    return shape if cut == 0 else profile.layers[profile.cut_ends[cut - 1] - 1].output_shape


def _link_s(sent: IntArray, tasks: Tasks, half_trip_s: FloatArray) -> FloatArray:
    """Return the seconds on the link, (K, x)."""
    seconds = BITS * sent[:, None] / tasks.rate_bit_s + half_trip_s
    return np.asarray(np.where(sent[:, None] > 0, seconds, 0.0))


def _exit_s(setting: Setting, path: Path, size: IntArray, map_bytes: IntArray) -> FloatArray:
    """Return the seconds to the exit head, through it and back, (K, x)."""
    if path.exit is None:
        return np.zeros((len(size), setting.nodes))
    flop = (1.0 + BACKWARD) * setting.reading.flop_per_mac * _exit_macs(setting, path)
    lan_s = BITS * (2 * map_bytes + size * LABEL_BYTES)[:, None] / setting.lan_bit_s
    far = np.arange(setting.nodes) != setting.master
    return np.asarray(size[:, None] * flop / setting.speeds[setting.master] + lan_s * far)


def _exit_macs(setting: Setting, path: Path) -> int:
    """Return the work of the exit head for one example (8), MAC."""
    channels, *area = map_shape(setting, path.cut)
    convolution = 9 * channels**2 * math.prod(area) if path.exit == "convolved" else 0
    return convolution + channels * int(setting.profile.layers[-1].elements)
