"""What a scheme wants done with each task of a stream."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.setting import SplitSystem
from edgeopt.optim.online.resources import Stages
from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray


class Lanes(NamedTuple):
    """Servers that are shares of a node's speed, each with a queue of its own.

    Attributes
    ----------
    lane : ndarray, shape (K,)
        The server of each task.
    flops : ndarray, shape (lanes,)
        Their speeds in FLOP/s.
    node : ndarray, shape (lanes,)
        The node of each.
    """

    lane: IntArray
    flops: FloatArray
    node: IntArray


class Plan(NamedTuple):
    """The way of each of the K tasks; arrays have shape (K,).

    Attributes
    ----------
    stages : Stages
        What the engine needs.
    size : ndarray
        The tasks' sizes in samples.
    cut : ndarray
        Layers that ran on the edge when the task left its node.
    flop : ndarray
        Work on the node as equation (19) counts it, FLOP.
    exit_flop : ndarray
        Work of the master's simplified model behind the cut, FLOP; 0: the task has no such end.
    accuracy : ndarray
        Proxy of each answer's accuracy, see `SplitSystem.accuracy`.
    model_bytes : float
        What every node must hold, byte.
    lanes : Lanes or None
        Servers, where the scheme gives out the nodes' speed itself.
    limit_s : ndarray or None
        Round trip above which a task does not go to the cloud, s, where the scheme has one.
    redeploy_bytes : float
        What would have to be sent to a node while the cut changes, if it held no more than the cut
        of the moment needs, byte.

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
        self,
        setting: SplitSystem,
        stream: Stream,
        conditions: LinkConditions,
        rng: np.random.Generator,
    ) -> Plan:
        """Return the plan for a stream.

        Parameters
        ----------
        setting : Setting
            Network and system.
        stream : Stream
            The tasks.
        conditions : Conditions
            What the links are like when each task arrives.
        rng : Generator
            Source of randomness of the scheme alone.
        """
        ...


def plan_cuts(
    setting: SplitSystem, stream: Stream, conditions: LinkConditions, cut: IntArray
) -> Plan:
    """Return the plan in which task k leaves the edge at ``cut[k]`` and ends in the cloud.

    A task of size s is s times the work, the bits and the cloud's time of one sample.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """
    size = stream.size
    stages = Stages(
        edge=setting.work[cut] * size,
        upload_bits=setting.upload_bits[cut] * size,
        cloud=setting.cloud_s[cut] * size,
        round_trip=conditions.round_trip_s,
    )
    return Plan(
        stages=stages,
        size=size,
        cut=cut,
        flop=setting.flop[cut] * size,
        exit_flop=np.zeros(stream.tasks),
        accuracy=np.ones(stream.tasks),
        model_bytes=model_bytes(setting, int(cut.max())),
    )


def plan_cut(setting: SplitSystem, stream: Stream, conditions: LinkConditions, cut: int) -> Plan:
    """Return the plan in which all tasks leave the edge at `cut`."""
    return plan_cuts(setting, stream, conditions, np.full(stream.tasks, cut, dtype=np.int64))


def model_bytes(setting: SplitSystem, cut: int) -> float:
    """Return the size of the layers before `cut`, byte: what a node needs to have of the network.

    As many parameters as equation (10) counts, those of the chain alone as printed.
    """
    chain = setting.reading.parameters == "chain"
    parameters = setting.profile.chain_parameters if chain else setting.profile.edge_parameters
    return float(parameters[cut]) * setting.reading.element_bytes  # (10)
