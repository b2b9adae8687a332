"""The plan that a scheme makes for the tasks of a stream, and the protocol of schemes."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.random import Generator

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.resources import Stages
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.offloading.equations import parameters_of


class Lanes(NamedTuple):
    """Servers that each have a part of a node's speed and a queue of their own.

    Attributes
    ----------
    lane : ndarray, shape (K,)
        The server of each task.
    flops : ndarray, shape (lanes,)
        Their speeds in FLOP/s.
    node : ndarray, shape (lanes,)
        The node of each server.
    """

    lane: IntArray
    flops: FloatArray
    node: IntArray


class Plan(NamedTuple):
    """The demands of each of the K tasks on the system; arrays have shape (K,).

    Attributes
    ----------
    stages : Stages
        The demands at each stage, for the engine.
    size : ndarray
        Size of each task in samples.
    cut : ndarray
        Number of layers that run on the edge.
    flop : ndarray
        Work on the node as (19) counts it, FLOP.
    exit_flop : ndarray
        Work of the master's simplified model, FLOP; 0: the task does not end there.
    accuracy : ndarray
        Proxy of the accuracy of each answer, see `SplitSystem.accuracy`.
    model_bytes : float
        Size of the model that every node must hold, byte.
    lanes : Lanes or None
        The servers, if the scheme itself divides the nodes' speed.
    limit_s : ndarray or None
        Round trip T_0 above which a task does not go to the cloud, s, if the scheme has one.
    redeploy_bytes : float
        Parameters that would be sent to a node over the run, byte, if it held only those that the
        current cut needs.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """

    stages: Stages
    size: FloatArray
    cut: IntArray
    flop: FloatArray
    exit_flop: FloatArray
    accuracy: FloatArray
    model_bytes: float
    lanes: Lanes | None = None
    limit_s: FloatArray | None = None
    redeploy_bytes: float = 0.0


class Scheme(Protocol):
    """A way to run tasks on edge and cloud: a frozen dataclass of parameters with one method.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan for a stream; the arguments are those of `simulate`."""
        ...


def plan_cuts(
    split: SplitSystem, stream: Stream, conditions: LinkConditions, cut: IntArray
) -> Plan:
    """Return the plan in which task k leaves the edge at ``cut[k]`` and ends in the cloud.

    A task of s samples has s times the work, the upload and the cloud time of one sample.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """
    size = stream.size
    stages = Stages(
        edge=split.work[cut] * size,
        upload_bits=split.upload_bits[cut] * size,
        cloud=split.cloud_s[cut] * size,
        round_trip=conditions.round_trip_s,
    )
    return Plan(
        stages=stages,
        size=size,
        cut=cut,
        flop=split.flop[cut] * size,
        exit_flop=np.zeros(stream.tasks),
        accuracy=np.ones(stream.tasks),
        model_bytes=model_bytes(split, int(cut.max())),
    )


def plan_cut(split: SplitSystem, stream: Stream, conditions: LinkConditions, cut: int) -> Plan:
    """Return the plan in which all tasks leave the edge at `cut`."""
    return plan_cuts(split, stream, conditions, np.full(stream.tasks, cut, dtype=np.int64))


def model_bytes(split: SplitSystem, cut: int) -> float:
    """Return the size of the layers 1..cut, which a node has to hold, byte.

    The parameters that (10) counts: as printed, those of the chain only.
    """
    # As printed, (10) leaves out projections, biases and batch norm.
    parameters = parameters_of(split.profile, split.reading)
    return float(parameters[cut]) * split.reading.element_bytes  # (10)
