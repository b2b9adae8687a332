"""Input and output of the simulations: resources, demands, timeline; warnings of overload."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.problems.errors import FloatArray, InputError, IntArray, check_array, check_integer


@dataclass(frozen=True, eq=False)
class Uplink:
    """One uplink that all nodes share, or one for each node; rates may change with time.

    Parameters
    ----------
    rate : array_like, shape (u,) or (p, u)
        Rate in bit/s of u = 1 shared uplink or of u = x uplinks, one for each node; one row for
        each piece of time. Infinity is legal; 0 is an outage, legal in all pieces but the last.
    start : array_like, shape (p,)
        When each piece begins in s, increasing from 0. An upload under way when a piece ends
        continues at the next piece's rate.

    Raises
    ------
    InputError
        If shapes do not match, times do not increase from 0, or a rate is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.optim.online import Resources, Uplink
    >>> uplink = Uplink(rate=np.array([[8e6], [1e6]]), start=np.array([0.0, 60.0]))
    >>> Resources(np.array([1e9, 2e9]), uplink).nodes
    2
    """

    rate: FloatArray = field(default_factory=lambda: np.array([np.inf]))
    start: FloatArray = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        start = check_array("uplink.start", self.start, ndim=1, at_least=0)
        if start[0] != 0 or (np.diff(start) <= 0).any():
            raise InputError("uplink.start", start, "increasing from 0")
        rate = np.array(self.rate, dtype=np.float64, ndmin=2, order="C")
        if rate.ndim != 2 or len(rate) != len(start) or rate.shape[1] == 0:
            rule = f"({len(start)}, u): a row for each start, a column for each uplink"
            raise InputError("uplink.rate.shape", rate.shape, rule)
        if not (rate >= 0).all():
            raise InputError("uplink.rate", rate.min(), ">= 0")
        if not (rate[-1] > 0).all():
            raise InputError("uplink.rate", rate[-1].min(), "> 0 in the last piece of time")
        rate.flags.writeable = False
        object.__setattr__(self, "rate", rate)
        object.__setattr__(self, "start", start)

    @property
    def count(self) -> int:
        """Number of uplinks u."""
        return int(self.rate.shape[1])


@dataclass(frozen=True, eq=False)
class Resources:
    """The x edge nodes, their uplink and the cloud.

    Parameters
    ----------
    flops : array_like, shape (x,)
        Speed of each node in FLOP/s, > 0.
    uplink : Uplink
        Shared, or one for each node. The default takes no time.
    cloud_servers : int, optional
        Number of tasks that the cloud serves in parallel; None: all, without a queue.
    capacity : array_like, shape (x,), optional
        Memory of each node in byte, required if tasks hold memory.

    Raises
    ------
    InputError
        If a value is out of range or a shape does not match.

    Examples
    --------
    See `simulate_dispatch`.
    """

    flops: FloatArray
    uplink: Uplink = field(default_factory=Uplink)
    cloud_servers: int | None = None
    capacity: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "flops", check_array("flops", self.flops, ndim=1, above=0))
        if self.uplink.count not in (1, self.nodes):
            raise InputError("uplinks", self.uplink.count, f"1 (shared) or {self.nodes} (nodes)")
        if self.cloud_servers is not None:
            check_integer("cloud_servers", self.cloud_servers, at_least=1)
        if self.capacity is not None:
            given: ArrayLike = self.capacity
            capacity = check_array("capacity", given, ndim=1, at_least=0)
            if len(capacity) != self.nodes:
                raise InputError("capacity.shape", capacity.shape, f"({self.nodes},)")
            object.__setattr__(self, "capacity", capacity)

    @property
    def nodes(self) -> int:
        """Number of nodes x."""
        return len(self.flops)


# One entry for each task: what a scheme demands, and when the engine served it.


class Stages(NamedTuple):
    """Demands of each of the K tasks at each stage; all arrays have shape (K,).

    Attributes
    ----------
    edge : ndarray
        Work on an edge node in FLOP; node j needs edge / flops[j] s. 0: the task is forwarded at
        once, without queueing at a node.
    upload_bits : ndarray
        Data sent over the uplink in bit. 0: the task ends at the edge.
    cloud : ndarray
        Service time in the cloud in s.
    round_trip : ndarray
        Propagation to the cloud and back in s, half of it each way.
    memory : ndarray or None
        Memory that a task holds on its node in byte, from its dispatch until its work there ends.
        Respected by windows, ignored by dispatch task by task.

    Examples
    --------
    See `simulate_dispatch`.
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
    """When each of the K tasks passed each stage, in s; all arrays have shape (K,).

    Attributes
    ----------
    node : ndarray of int64
        The edge node that computed or forwarded the task.
    dispatch : ndarray
        When the node was chosen: on arrival or at the end of the window's scheduling; the last
        time, if the task was dispatched again.
    edge_start, edge_end : ndarray
        Work on the node; both equal `dispatch` without work.
    upload_start, upload_end : ndarray
        Use of the uplink; both equal `edge_end` if nothing is sent.
    cloud_start, cloud_end : ndarray
        Service in the cloud, at the earliest half a round trip after the upload; both equal
        `upload_end` if nothing is sent.
    finish : ndarray
        When the answer is back at the edge.

    Examples
    --------
    See `simulate_dispatch`.
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


# Overload: more work arrives than can be done, and queues grow as long as the stream lasts.

_ENOUGH_TASKS = 100  # fewer tell little about rates


class OverloadWarning(UserWarning):
    """Delays grow with the length of the stream and are no property of the system."""


def overloads(time: FloatArray, stages: Stages, resources: Resources) -> tuple[str, ...]:
    """Return a sentence for each part of the system whose load exceeds its capacity.

    The work that arrives is compared with the capacity between the first and the last arrival.
    """
    return tuple(
        f"{part}: the load is {_percent(need, able)} of what can be done; queues grow"
        for part, need, able in demands(time, stages, resources)
        if need > able
    )


def demands(
    time: FloatArray, stages: Stages, resources: Resources
) -> list[tuple[str, float, float]]:
    """Return each part's name, the work that arrives there, and its capacity in the same time.

    Nothing for fewer than 100 tasks, or tasks that all arrive at once, which have no rate.
    """
    span = float(time[-1] - time[0])
    if span == 0 or len(time) < _ENOUGH_TASKS:
        return []
    sent = stages.upload_bits > 0
    # Each part by itself, as if the parts before it held nothing back.
    return [
        ("edge nodes", stages.edge.sum(), resources.flops.sum() * span),
        ("uplink", stages.upload_bits.sum(), link_bits(resources.uplink, time).sum()),
        ("cloud", stages.cloud[sent].sum(), (resources.cloud_servers or np.inf) * span),
    ]


def warn_of_overload(time: FloatArray, stages: Stages, resources: Resources) -> None:
    """Issue an `OverloadWarning` that names the overloaded parts, if any."""
    sentences = overloads(time, stages, resources)
    if sentences:
        warnings.warn("; ".join(sentences), OverloadWarning, stacklevel=3)


def warn_of_slow_scheduler(time: FloatArray, seconds: float) -> None:
    """Issue an `OverloadWarning` if scheduling takes longer than the stream lasts."""
    span = float(time[-1] - time[0])
    if len(time) >= _ENOUGH_TASKS and seconds > span > 0:
        sentence = f"scheduler: the load is {_percent(seconds, span)} of what can be done"
        warnings.warn(f"{sentence}; windows queue", OverloadWarning, stacklevel=3)


def _percent(need: float, able: float) -> str:
    """Return the ratio in per cent, as text."""
    return f"{100 * need / able:.4g} %" if able > 0 else "infinitely many per cent"


def link_bits(uplink: Uplink, time: FloatArray) -> FloatArray:
    """Return how much each uplink can send between the first and the last arrival, (u,) bit."""
    # Pieces outside the interval get the length 0, and their rates may be infinite.
    edges = np.clip(np.append(uplink.start, np.inf), time[0], time[-1])
    seconds = np.diff(edges)
    used = seconds > 0
    return np.asarray((uplink.rate[used] * seconds[used, np.newaxis]).sum(axis=0))
