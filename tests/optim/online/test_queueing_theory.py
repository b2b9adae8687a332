"""Waiting times agree with formulae, within confidence intervals over independent runs."""

import numpy as np
import pytest
from scipy import stats

from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages
from edgeopt.problems.arrivals import streams
from edgeopt.problems.arrivals.streams import poisson
from edgeopt.problems.offloading.waiting import mm1_wait_s, mmx_wait_s

TASKS, WARM_UP, RUNS = 60_000, 10_000, 20


def simulate(seed, rate_hz, nodes, size, rule="fcfs"):
    stream = poisson(rate_hz, tasks=TASKS, sizes=size, rng=seed)
    nothing = np.zeros(TASKS)
    stages = Stages(stream.size, nothing, nothing, nothing)
    return stream.time, simulate_dispatch(stream.time, stages, Resources(np.ones(nodes)), rule=rule)


def mean_wait(seed, *system):
    time, timeline = simulate(seed, *system)
    return (timeline.edge_start - time)[WARM_UP:].mean()


def assert_mean(values, expected):
    """The expected value lies within the 99.9 % interval, which is narrow enough to tell."""
    half = stats.t.ppf(0.9995, len(values) - 1) * stats.sem(values)
    assert abs(np.mean(values) - expected) <= half
    assert half < 0.15 * expected


@pytest.mark.parametrize(("nodes", "load"), [(1, 0.5), (1, 0.8), (3, 0.8), (10, 0.9), (30, 0.9)])
def test_mmx_waits_as_erlang_c_says(nodes, load):
    rate = load * nodes
    values = [mean_wait(seed, rate, nodes, streams.exponential(1.0)) for seed in range(RUNS)]
    assert_mean(values, float(mmx_wait_s(rate, np.array(1.0), nodes)))


@pytest.mark.parametrize(
    ("size", "second_moment"),
    [
        (streams.constant(1.0), 1.0),
        (streams.uniform(0.5, 1.5), 1.0 + 1 / 12),
        (streams.lognormal(1.0, 1.5), 1.0 + 1.5**2),
        (streams.exponential(1.0), 2.0),
    ],
    ids=["constant", "uniform", "lognormal", "exponential"],
)
def test_mg1_waits_as_pollaczek_and_khinchine_say(size, second_moment):
    load = 0.7
    values = [mean_wait(seed, load, 1, size) for seed in range(RUNS)]
    assert_mean(values, load * second_moment / (2 * (1 - load)))


def test_round_robin_waits_less_than_random_and_more_than_one_queue():
    # In turn each node sees Erlang-4 arrivals: E4/M/1, from the root of z = A*(1 - z).
    nodes, load = 4, 0.8
    z = 0.5
    for _ in range(200):
        z = (load * nodes / (load * nodes + 1 - z)) ** nodes
    values = [
        mean_wait(seed, load * nodes, nodes, streams.exponential(1.0), "round-robin")
        for seed in range(RUNS)
    ]
    assert_mean(values, z / (1 - z))
    assert np.mean(values) < mm1_wait_s(load, np.array(1.0))
    assert np.mean(values) > mmx_wait_s(load * nodes, np.array(1.0), nodes)


def test_littles_law():
    """The mean number in the system, counted at random moments, is rate times mean stay."""
    differences, rate = [], 2.4
    for seed in range(RUNS):
        time, timeline = simulate(seed, rate, 3, streams.exponential(1.0))
        moments = np.random.default_rng(seed).uniform(time[WARM_UP], time[-1], 20_000)
        inside = np.searchsorted(time, moments) - np.searchsorted(np.sort(timeline.finish), moments)
        stay = (timeline.finish - time)[WARM_UP:].mean()
        differences.append(inside.mean() - rate * stay)
    half = stats.t.ppf(0.9995, RUNS - 1) * stats.sem(differences)
    assert abs(np.mean(differences)) <= half
    assert half < 0.4
