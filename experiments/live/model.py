"""The model of a live run: the scheme's plan, with what its parts were measured to take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from edgeopt.experiments.live.messages import HEADER_BYTES
from edgeopt.experiments.live.parts import Route, routes
from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.plan import Plan, Scheme
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.systems.system import Cloud, Pool, System

CLOUD = "cloud"


class Hops(NamedTuple):
    """What processes take to pass on a task, which no simulation has; means, measured before.

    Attributes
    ----------
    message_s : float
        From one process to another without any link between them: a message without arrays, s.
    byte_s : float
        Of each byte more, s.
    wake_s : float
        By how much a wait for a time ends too late, s.
    """

    message_s: float
    byte_s: float
    wake_s: float

    def total_s(self, split: SplitSystem, plan: Plan, taken: Sequence[Route]) -> FloatArray:
        """Return the time of all messages and late waits of each task, s.

        Messages go from the terminal to the master, to the node and back, to cloud or exit and
        back, and to the terminal again. The terminal waits for the arrival, node, exit and cloud
        until the pace is kept, the master until a map has arrived and an answer is back.
        """
        size = float(split.terms.columns.size_bytes)
        crossing = split.upload_bits[plan.cut] / 8.0
        at_node = np.array([bool(route.edge) for route in taken])
        beyond = np.array([bool(route.cloud or route.exit) for route in taken])
        messages = 2.0 + 2.0 * at_node + 2.0 * beyond
        bytes_ = size + (size + crossing * beyond) * at_node + crossing * beyond
        waits = np.array([1.0 + bool(r.edge) + bool(r.exit) + 3.0 * bool(r.cloud) for r in taken])
        return np.asarray(self.message_s * messages + self.byte_s * bytes_ + self.wake_s * waits)


def measured_setting(
    setting: SplitSystem, layers: LayerTimes, slow_down: Sequence[float], cloud_slow_down: float
) -> SplitSystem:
    """Return a setting whose nodes and cloud have times measured on this machine.

    Parameters
    ----------
    setting : SplitSystem
        Of the scenario; memories, links and tasks stay.
    layers : LayerTimes
        Of the network's layers on this machine.
    slow_down : sequence of float
        How many times slower than this machine each node is.
    cloud_slow_down : float
        The same of the cloud.
    """
    profile, system = setting.profile, setting.system
    factors = {f"edge{node}": slow for node, slow in enumerate(slow_down)}
    factors[CLOUD] = cloud_slow_down
    measured = {name: LayerTimes(factor * layers.seconds) for name, factor in factors.items()}
    flop = float(setting.flop[-1]) or 1.0
    devices = tuple(
        replace(device, times=f"edge{node}", flops=flop / measured[f"edge{node}"].total_s)
        for node, device in enumerate(system.pool.devices)
    )
    return replace(
        setting,
        profile=replace(profile, measured=measured),
        system=replace(
            system,
            pool=Pool(devices, system.pool.memory_share),
            cloud=Cloud(flop / measured[CLOUD].total_s, CLOUD),
            tasks=replace(system.tasks, size_bytes=input_bytes(profile, system)),
        ),
    )


def input_bytes(profile: Profile, system: System) -> float:
    """Return what a terminal sends for a task: the input tensor, unless the system says it."""
    given = system.tasks.size_bytes
    size = float(np.prod(profile.input_shape)) * profile.input_element_bytes
    return size if given is None else given


@dataclass(frozen=True)
class PartTimes:
    """What each part takes without slowing down, measured before the run.

    Attributes
    ----------
    edge, cloud : mapping
        Mean over the edge nodes, and the cloud's own, s, by part.
    slow_down : tuple of float
        Of each node, as set or as its machine is slower than the others'.
    cloud_slow_down : float
        Of the cloud.
    """

    edge: Mapping[str, float]
    cloud: Mapping[str, float]
    slow_down: tuple[float, ...]
    cloud_slow_down: float

    def work(self, split: SplitSystem, parts: Sequence[str]) -> float:
        """Return the work of parts on a node, FLOP: divided by `SplitSystem.speeds`, their time."""
        seconds = sum(self.edge[name] for name in parts)
        return seconds * self.slow_down[0] * float(split.speeds[0])

    def pace(self, role: str, node: int) -> dict[str, float]:
        """Return what each part is to take on a member, s; nothing where nothing is slowed."""
        if role == "edge" and self.slow_down[node] > 1.0:
            return {name: self.slow_down[node] * value for name, value in self.edge.items()}
        if role == CLOUD and self.cloud_slow_down > 1.0:
            return {name: self.cloud_slow_down * value for name, value in self.cloud.items()}
        return {}


@dataclass(frozen=True, eq=False)
class Profiled:
    """A scheme whose demands are what its parts were measured to take; see `Scheme`.

    The header of each message counts as sent.

    Parameters
    ----------
    scheme : Scheme
        Makes the decisions.
    times : PartTimes
        What the parts take.
    seen : LinkConditions, optional
        Links on which the scheme decides; by default as the tasks meet them on arrival.
    trips_s : (K,) array, optional
        Round trips that the tasks take, s; by default the same.
    """

    scheme: Scheme
    times: PartTimes
    seen: LinkConditions | None = None
    trips_s: FloatArray | None = None

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        trips = conditions.round_trip_s if self.trips_s is None else self.trips_s
        plan = self.scheme.plan(split, stream, self.seen or conditions, rng)
        plan = self.priced(split, plan, routes(self.scheme, split, plan))
        return plan._replace(stages=plan.stages._replace(round_trip=trips))

    def priced(self, split: SplitSystem, plan: Plan, taken: Sequence[Route]) -> Plan:
        """Return a plan with the demands of the routes."""
        cloud = [sum(self.times.cloud[name] for name in route.cloud) for route in taken]
        bits = plan.stages.upload_bits
        return plan._replace(
            stages=plan.stages._replace(
                edge=self._work(split, [route.edge for route in taken]) * plan.size,
                upload_bits=np.where(bits > 0, bits + 8.0 * HEADER_BYTES, 0.0),
                cloud=np.array(cloud) * self.times.cloud_slow_down * plan.size,
            ),
            exit_flop=self._work(split, [(r.exit,) if r.exit else () for r in taken]) * plan.size,
        )

    def _work(self, split: SplitSystem, parts: Sequence[tuple[str, ...]]) -> FloatArray:
        """Return the work of the parts of each task, FLOP."""
        return np.array([self.times.work(split, names) for names in parts])
