"""The engine: a million tasks on 30 nodes, dispatched task by task; windows; SimPy beside it."""

import numpy as np
import pytest
from naive.online import NaiveSystem

from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages, Uplink
from edgeopt.optim.online.sliding_window import Window
from edgeopt.optim.online.windows import simulate_windows
from edgeopt.optim.scheduling.heuristics.list_rules import mct
from edgeopt.problems.arrivals import streams
from edgeopt.problems.arrivals.streams import poisson

MILLION, NODES = 1_000_000, 30


def system(tasks, nodes, beyond=True):
    stream = poisson(0.8 * nodes, tasks=tasks, sizes=streams.exponential(1.0), rng=0)
    rng = np.random.default_rng(1)
    bits = rng.exponential(1.0, tasks) if beyond else np.zeros(tasks)
    stages = Stages(stream.size, bits, np.full(tasks, 0.5), np.full(tasks, 0.02))
    resources = Resources(np.ones(nodes), Uplink([1.0 * nodes]), cloud_servers=nodes)
    return stream.time, stages, resources


@pytest.mark.benchmark(group="a million tasks, 30 nodes")
@pytest.mark.parametrize("rule", ["fcfs", "earliest-finish", "round-robin"])
def test_edge_only(benchmark, rule):
    case = system(MILLION, NODES, beyond=False)
    simulate_dispatch(*case, rule=rule)
    timeline = benchmark.pedantic(simulate_dispatch, case, {"rule": rule}, rounds=5)
    assert np.isfinite(timeline.finish).all()


@pytest.mark.benchmark(group="a million tasks, 30 nodes")
def test_with_uplink_and_cloud(benchmark):
    case = system(MILLION, NODES)
    simulate_dispatch(*case)
    timeline = benchmark.pedantic(simulate_dispatch, case, rounds=5)
    assert np.isfinite(timeline.finish).all()


@pytest.mark.benchmark(group="a million tasks, 10,000 nodes")
def test_many_nodes(benchmark):
    case = system(MILLION, 10_000)
    simulate_dispatch(*case)
    timeline = benchmark.pedantic(simulate_dispatch, case, rounds=3)
    assert np.isfinite(timeline.finish).all()


@pytest.mark.benchmark(group="100,000 tasks in windows of 32, 30 nodes")
def test_windows(benchmark):
    case = system(100_000, NODES)
    simulate_windows(*case, mct, Window(32))
    run = benchmark.pedantic(simulate_windows, (*case, mct, Window(32)), rounds=3)
    assert np.isfinite(run.timeline.finish).all()


@pytest.mark.benchmark(group="10,000 tasks, 30 nodes")
def test_edgeopt(benchmark):
    case = system(10_000, NODES)
    simulate_dispatch(*case)
    benchmark(simulate_dispatch, *case)


@pytest.mark.benchmark(group="10,000 tasks, 30 nodes")
def test_simpy(benchmark):
    case = system(10_000, NODES)
    benchmark.pedantic(lambda: NaiveSystem(*case).run(), rounds=1)
