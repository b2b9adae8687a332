"""The cases of a live run: every scheme on every stream at every load, and their simulation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from edgeopt.experiments.live.config import LiveOptions
from edgeopt.experiments.live.links import Link, LinkState
from edgeopt.experiments.live.model import Hops, Profiled, measured_setting
from edgeopt.experiments.live.parts import Route, routes, settle
from edgeopt.experiments.live.round_trips import seen_rates_bit_s, seen_trips_s
from edgeopt.experiments.live.serving import Job
from edgeopt.experiments.simulation.cell import seeds_of
from edgeopt.experiments.simulation.config import SimulationConfig
from edgeopt.experiments.simulation.scenario import Scenario
from edgeopt.optim.framework.conditions import LinkConditions, draw_conditions
from edgeopt.optim.framework.deployment import choose_master
from edgeopt.optim.framework.dispatcher import AnyDispatcher, Dispatcher, WindowDispatcher
from edgeopt.optim.framework.measures import SimulatedRun
from edgeopt.optim.framework.plan import Plan, Scheme
from edgeopt.optim.framework.schemes.catalog import make_scheme
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.spec import draw_stream
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layer_times import LayerTimes


class Case(NamedTuple):
    """A scheme on a stream, once.

    Attributes
    ----------
    stream_label, label : str
        Names of stream (with its load) and scheme.
    repetition : int
        Which run.
    scenario : Scenario
        The scenario.
    split : SplitSystem
        With the times of the layers before the run.
    stream : Stream
        The tasks.
    scheme : Scheme
        Settled.
    dispatcher : Dispatcher or WindowDispatcher
        Assigns tasks to nodes.
    load : float or None
        To which the stream is stretched.
    seeds : list of SeedSequence
        Of arrivals, links, master and choices.
    """

    stream_label: str
    label: str
    repetition: int
    scenario: Scenario
    split: SplitSystem
    stream: Stream
    scheme: Scheme
    dispatcher: AnyDispatcher
    load: float | None
    seeds: list[np.random.SeedSequence]


def cases_of(config: SimulationConfig, options: LiveOptions, layers: LayerTimes) -> Iterator[Case]:
    """Yield the cases, repetition by repetition."""
    scenario = config.scenarios[0]
    for repetition in range(config.repetitions):
        for name, table in config.streams.items():
            seeds = seeds_of(config.seed, name, json.loads(json.dumps(table)), repetition)
            arrivals, _, masters, _ = (np.random.default_rng(seed) for seed in seeds)
            default_hz = scenario.loaded_system.tasks.arrival_hz
            stream, rate_hz = draw_stream(name, table, scenario.tasks, default_hz, arrivals)
            if (stream.size != 1.0).any():
                raise InputError(f"streams.{name}", "tasks of other sizes", "of one sample each")
            setting = scenario.make_setting(rate_hz, masters)
            factors = options.factors(setting.nodes)
            split = measured_setting(setting, layers, factors, options.cloud_slow_down)
            how = scenario.edge_value("master")
            split = replace(split, master=choose_master(split.system.pool, how, masters))
            for load in options.loads or (None,):
                label = name if load is None else f"{name} {load:.0%}"
                for scheme, described in config.schemes.items():
                    yield Case(
                        label,
                        scheme,
                        repetition,
                        scenario,
                        split,
                        stream,
                        settle(scheme, make_scheme(scheme, described), split),
                        scenario.make_dispatcher(described),
                        load,
                        seeds,
                    )


def job_of(
    number: int, case: Case, profiled: Profiled, layers: LayerTimes, options: LiveOptions
) -> Job:
    """Return what the master serves, now that the times of the parts are known."""
    times = profiled.times
    scale = _scale(profiled, case.split, layers)
    split = measured_setting(
        case.split,
        LayerTimes(layers.seconds * scale),
        times.slow_down,
        times.cloud_slow_down,
    )
    split = replace(split, master=case.split.master)
    stream, conditions = case.stream, _conditions(case, split, case.stream)
    if case.load is not None:
        plan = profiled.plan(split, stream, conditions, np.random.default_rng(case.seeds[3]))
        factor = busiest(split, plan, conditions, case.dispatcher, stream) / case.load
        stream = Stream(stream.time * factor, stream.size, name=stream.name)
        tasks = split.system.tasks
        tasks = replace(tasks, arrival_hz=tasks.arrival_hz / factor)
        split = replace(split, system=replace(split.system, tasks=tasks))
        conditions = _conditions(case, split, stream)
    trip_s, links = _links(conditions, stream)

    def work(route: Route) -> float:
        return times.work(split, route.edge)

    return Job(
        number=number,
        split=split,
        stream=stream,
        conditions=conditions,
        scheme=case.scheme,
        dispatcher=case.dispatcher,
        work=work,
        seed=lambda: np.random.default_rng(case.seeds[3]),
        links=links,
        trip_s=trip_s,
        grace_s=options.grace_s,
    )


def _scale(profiled: Profiled, split: SplitSystem, layers: LayerTimes) -> float:
    """Return what the parts take, as a ratio to the sum of their layers measured before."""
    ends = [0, *split.profile.cut_ends]
    parts = [name.split("-") for name in profiled.times.edge if name[0].isdigit()]
    if not parts:
        return 1.0
    sums = [layers.seconds[ends[int(a)] : ends[int(b)]].sum() for a, b in parts]
    found = [profiled.times.edge["-".join(part)] for part in parts]
    return float(np.sum(found) / np.sum(sums))


def _conditions(case: Case, split: SplitSystem, stream: Stream) -> LinkConditions:
    """Return the links as the tasks of a stream meet them."""
    links = np.random.default_rng(case.seeds[1])
    return draw_conditions(split, stream, case.scenario.link_trace, links)


def busiest(
    split: SplitSystem,
    plan: Plan,
    conditions: LinkConditions,
    dispatcher: AnyDispatcher,
    stream: Stream,
) -> float:
    """Return the load of the busiest of nodes, exit, uplinks and cloud."""
    stages, span = plan.stages, float(stream.time[-1] - stream.time[0])
    in_turn = isinstance(dispatcher, Dispatcher) and dispatcher.rule == "round-robin"
    able = split.speeds.min() * split.nodes if in_turn else split.speeds.sum()
    queued = split.reading.waiting == "queued"
    seconds = (
        stages.edge.sum() / able,
        plan.exit_flop.sum() / split.speeds[split.master],
        stages.upload_bits.sum() / conditions.uplink.rate.mean(axis=0).sum(),
        stages.cloud.sum() if queued else 0.0,
    )
    return float(max(seconds)) / span


def _links(
    conditions: LinkConditions, stream: Stream
) -> tuple[Callable[[float], float], list[Link]]:
    """Return the round trip over time, and the uplinks that have the conditions of the tasks."""
    start, rate = conditions.uplink.start, conditions.uplink.rate
    state = np.searchsorted(start, stream.time, side="right") - 1
    trips = np.full(len(start), np.nan)
    trips[state] = conditions.round_trip_s
    # A state in which no task arrives has the round trip of the one before.
    last = np.maximum.accumulate(np.where(np.isnan(trips), 0, np.arange(len(start))))
    trips = np.where(np.isnan(trips[last]), conditions.round_trip_s[0], trips[last])

    def trip_s(now: float) -> float:
        return float(trips[max(int(np.searchsorted(start, now, side="right")) - 1, 0)])

    columns = zip(*(rate.tolist()), strict=True)
    made = [
        Link([LinkState(*state) for state in zip(start.tolist(), column, trips / 2.0, strict=True)])
        for column in columns
    ]
    return trip_s, made


_PASSES = 2  # the first finds when maps are sent, the second when the cloud is done


def simulated_run(
    job: Job, profiled: Profiled, hops: Hops, solver_s: Sequence[float]
) -> SimulatedRun:
    """Return the simulation of a job: the same arrivals, links, and times of the parts.

    The scheme decides on the round trips and rates that the master can have measured, and a task
    takes half a round trip as it is when its map has been sent, and half as it is when the cloud is
    done. (By itself, a simulation takes both as they are at the task's arrival.)

    Parameters
    ----------
    job : Job
        What was run.
    profiled : Profiled
        Its scheme with the times of its parts.
    hops : Hops
        What messages take, which is added to each task's delay: tasks do not queue for it.
    solver_s : sequence of float
        What the solver of windows took in the run, whose mean it takes in the simulation, s.
    """
    dispatcher = job.dispatcher
    if isinstance(dispatcher, WindowDispatcher) and len(solver_s):
        dispatcher = replace(dispatcher, scheduling_s=float(np.mean(solver_s)))
    seen = job.conditions._replace(
        round_trip_s=seen_trips_s(job.trip_s, job.stream.time),
        rate_bit_s=seen_rates_bit_s(job.conditions.uplink, job.stream.time),
    )
    profiled = replace(profiled, seen=seen)
    run = simulate(job.split, job.stream, job.conditions, profiled, dispatcher, job.seed())
    for _ in range(_PASSES):
        ways = zip(run.timeline.upload_end.tolist(), run.timeline.cloud_end.tolist(), strict=True)
        trips = [(job.trip_s(sent) + job.trip_s(done)) / 2.0 for sent, done in ways]
        profiled = replace(profiled, trips_s=np.array(trips))
        run = simulate(job.split, job.stream, job.conditions, profiled, dispatcher, job.seed())
    added = hops.total_s(job.split, run.plan, routes(job.scheme, job.split, run.plan))
    ends = run.plan.exit_flop > 0
    return run._replace(
        timeline=run.timeline._replace(finish=run.timeline.finish + np.where(ends, 0.0, added)),
        exits=run.exits._replace(end=run.exits.end + np.where(ends, added, 0.0)),
    )
