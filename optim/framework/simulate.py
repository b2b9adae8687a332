"""The simulation of one run: a scheme plans, the engine serves, the master's model ends tasks."""

from __future__ import annotations

import warnings

import numpy as np

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.dispatcher import AnyDispatcher, Dispatcher
from edgeopt.optim.framework.exits import run_exits
from edgeopt.optim.framework.loads import warn_of_busy_lanes, warn_of_busy_parts
from edgeopt.optim.framework.measures import SimulatedRun
from edgeopt.optim.framework.plan import Lanes, Plan, Scheme
from edgeopt.optim.framework.schemes.plain import SchemeWarning
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages, Timeline
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import InputError


def simulate(
    split: SplitSystem,
    stream: Stream,
    conditions: LinkConditions,
    scheme: Scheme,
    dispatcher: AnyDispatcher,
    rng: np.random.Generator,
) -> SimulatedRun:
    """Simulate a scheme on a stream.

    Parameters
    ----------
    split : SplitSystem
        Network and system.
    stream : Stream
        The tasks.
    conditions : LinkConditions
        The links as the tasks meet them.
    scheme : Scheme
        Plans where and how each task runs.
    dispatcher : Dispatcher or WindowDispatcher
        Assigns tasks to nodes; ignored if the plan has lanes.
    rng : Generator
        Source of randomness of scheme and dispatcher.

    Raises
    ------
    InputError
        If the scheme does not fit the network, the system or the dispatcher.

    Warns
    -----
    OverloadWarning
        If the load exceeds the capacity and queues grow as long as the stream lasts.
    BusyWarning
        If the load of nodes, links or cloud is above 80 %.
    SchemeWarning
        If the scheme's layers do not fit into the nodes' memory (21), or it has to deviate from
        its rule.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import SplitSystem, load_network, load_system, poisson, simulate
    >>> from edgeopt.optim.framework import Dispatcher, delay_s, draw_conditions
    >>> from edgeopt.optim.framework.schemes import CloudOnly
    >>> rng = np.random.default_rng(1)
    >>> setting = SplitSystem(load_network("resnet34"), load_system("table1", nodes=10))
    >>> stream = poisson(2.0, tasks=50, rng=rng)
    >>> conditions = draw_conditions(setting, stream, None, rng)
    >>> run = simulate(setting, stream, conditions, CloudOnly(), Dispatcher(), rng)
    >>> delay_s(run).shape
    (50,)
    """
    plan = scheme.plan(split, stream, conditions, rng)
    _warn_of_memory(split, plan)
    if plan.lanes is None:
        # The cloud has no queue in the paper, thus no limit on its servers.
        servers = 1 if split.reading.waiting == "queued" else None
        resources = Resources(split.speeds, conditions.uplink, servers)
        timeline = dispatcher.run(stream.time, plan.stages, resources, rng)
        in_turn = isinstance(dispatcher, Dispatcher) and dispatcher.rule == "round-robin"
        warn_of_busy_parts(stream.time, plan.stages, timeline.node, resources, in_turn=in_turn)
    else:
        if dispatcher.changes:
            rule = "left out with a scheme that divides the nodes' speed itself"
            raise InputError("dispatch.changes", dispatcher.changes, rule)
        timeline = run_lanes(stream, plan, plan.lanes)
        warn_of_busy_lanes(stream.time, plan.stages, plan.lanes)
    exits = run_exits(split, plan, timeline)
    return SimulatedRun(split, stream, conditions, plan, timeline, exits)


def _warn_of_memory(split: SplitSystem, plan: Plan) -> None:
    """Warn if the nodes cannot hold the layers that they run (C1 of (22))."""
    needed = float(split.terms.memory_bytes[plan.cut.max()])
    usable = float(split.terms.columns.memory_limit_bytes)
    if needed > usable:
        mib = 2.0**20
        text = f"its layers need {needed / mib:.4g} MiB of a node's {usable / mib:.4g} MiB"
        warnings.warn(text, SchemeWarning, stacklevel=3)


def run_lanes(stream: Stream, plan: Plan, lanes: Lanes) -> Timeline:
    """Simulate each lane alone, as one queue before one server; its tasks upload nothing."""
    times = (np.zeros(stream.tasks) for _ in Timeline._fields[1:])
    timeline = Timeline(np.zeros(stream.tasks, dtype=np.int64), *times)
    for lane, flops in enumerate(lanes.flops):
        tasks = np.flatnonzero(lanes.lane == lane)
        if tasks.size:
            # Each lane is a system of one node, so that the engine serves it as any other.
            stages = Stages(*(part[tasks] for part in plan.stages if part is not None))
            part = simulate_dispatch(stream.time[tasks], stages, Resources(np.array([flops])))
            for whole, values in zip(timeline, part, strict=True):
                whole[tasks] = values
            timeline.node[tasks] = lanes.node[lane]
    return timeline
