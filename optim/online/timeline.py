"""What a scheme asks of the tasks, and what the engine answers: one entry a task."""

from __future__ import annotations

from typing import NamedTuple

from optim.solver import IntArray
from problems.errors import FloatArray


class Stages(NamedTuple):
    """What each of the K tasks needs on its way; all arrays have shape (K,).

    Attributes
    ----------
    edge : ndarray
        Work on an edge node in FLOP; node j needs edge / flops[j] s. 0: the task is forwarded at
        once and does not queue at a node.
    upload_bits : ndarray
        What is sent over the uplink in bit. 0: the task ends at the edge.
    cloud : ndarray
        Service in the cloud in s.
    round_trip : ndarray
        Propagation to the cloud and back in s; half of it each way.
    memory : ndarray or None
        Memory that a task holds on its node in byte, from the moment the node is chosen until
        its work there ends. Windows heed it, dispatch task by task does not.
    """

    edge: FloatArray
    upload_bits: FloatArray
    cloud: FloatArray
    round_trip: FloatArray
    memory: FloatArray | None = None

    def part(self, tasks: slice | IntArray) -> Stages:
        """Return the stages of some of the tasks."""
        held = None if self.memory is None else self.memory[tasks]
        edge, upload_bits, cloud, round_trip = (values[tasks] for values in self[:4])
        return Stages(edge, upload_bits, cloud, round_trip, held)


class Timeline(NamedTuple):
    """When each of the K tasks was where; times in s, all arrays have shape (K,).

    Attributes
    ----------
    node : ndarray of int64
        The edge node that computed or forwarded the task.
    dispatch : ndarray
        When the node was chosen: the arrival, or the end of the window's scheduling; after a
        failure the last time.
    edge_start, edge_end : ndarray
        Work on the node. Both are `dispatch` where there is none.
    upload_start, upload_end : ndarray
        Use of the uplink. Both are `edge_end` where nothing is sent.
    cloud_start, cloud_end : ndarray
        Service in the cloud, which begins half a round trip after the upload or later. Both are
        `upload_end` where nothing is sent.
    finish : ndarray
        When the answer is back at the edge.
    """

    node: IntArray
    dispatch: FloatArray
    edge_start: FloatArray
    edge_end: FloatArray
    upload_start: FloatArray
    upload_end: FloatArray
    cloud_start: FloatArray
    cloud_end: FloatArray
    finish: FloatArray
