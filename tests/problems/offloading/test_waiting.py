"""Queueing formulas against hand-computed values, direct sums and a simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.problems.offloading.waiting import (
    erlang_c,
    mdx_wait_s,
    mm1_wait_s,
    mmx_wait_s,
    printed_wait,
)


def direct_erlang_c(servers: int, load: float) -> float:
    """Sum the textbook formula term by term."""
    last = load**servers / math.factorial(servers) / (1 - load / servers)
    return last / (sum(load**n / math.factorial(n) for n in range(servers)) + last)


def simulated_mdx_wait(arrival: float, service: float, servers: int, tasks: int) -> float:
    """Mean wait of a FIFO queue with equal service times: task n follows task n - servers."""
    arrivals = np.cumsum(np.random.default_rng(5).exponential(1 / arrival, tasks)).tolist()
    starts: list[float] = []
    for n, time in enumerate(arrivals):
        free = starts[n - servers] + service if n >= servers else 0.0
        starts.append(max(time, free))
    return float(np.mean(np.array(starts) - np.array(arrivals)))


def test_values_of_the_paper_reading():
    # ten nodes of 5 tasks/s, 30 tasks/s in all: 0.300 s in ten queues, 0.0051 s in one
    assert mm1_wait_s(3.0, np.array(0.2)) == pytest.approx(0.3)
    assert mmx_wait_s(30.0, np.array(0.2), 10.0) == pytest.approx(0.0051, abs=5e-5)


def test_mm1_in_the_symbols_of_equation_12():
    a, work, speed = 2.0, 3e9, 1e10
    expected = a * work**2 / (speed * (speed - a * work))
    assert mm1_wait_s(a, np.array(work / speed)) == pytest.approx(expected)
    assert printed_wait(a, np.array(work), speed) == pytest.approx(expected / work)


@given(st.integers(1, 40), st.floats(0.001, 0.999))
def test_erlang_c_equals_the_direct_sum(servers: int, utilisation: float):
    load = utilisation * servers
    assert erlang_c(float(servers), np.array(load)) == pytest.approx(
        direct_erlang_c(servers, load), rel=1e-9
    )


@given(st.floats(0.01, 0.99), st.floats(0.001, 10))
def test_one_server_is_mm1(utilisation: float, service: float):
    arrival = utilisation / service
    expected = mm1_wait_s(arrival, np.array(service))
    assert mmx_wait_s(arrival, np.array(service), 1.0) == pytest.approx(expected)
    assert mdx_wait_s(arrival, np.array(service), 1.0) == pytest.approx(expected / 2)


@pytest.mark.parametrize(("servers", "load"), [(2, 0.5), (2, 0.9), (5, 0.7), (10, 0.8)])
def test_mdx_agrees_with_a_simulation(servers: int, load: float):
    approximation = mdx_wait_s(load * servers, np.array(1.0), float(servers))
    simulated = simulated_mdx_wait(load * servers, 1.0, servers, 200_000)
    assert approximation == pytest.approx(simulated, rel=0.06)


@pytest.mark.parametrize("load", [1.0, 1.5])
def test_an_unstable_queue_waits_for_ever(load: float):
    service = np.array([0.0, 0.1, load])
    for wait in (
        mm1_wait_s(1.0, service),
        mmx_wait_s(3.0, service, 3.0),
        mdx_wait_s(3.0, service, 3.0),
        printed_wait(1.0, service * 1e9, 1e9),
    ):
        assert wait[0] == 0.0
        assert 0.0 <= wait[1] < np.inf
        assert wait[2] == np.inf


@pytest.mark.parametrize("servers", [1.0, 2.0])
def test_without_work_nobody_waits(servers: float):
    assert mmx_wait_s(5.0, np.array([0.0]), servers).tolist() == [0.0]
    assert mdx_wait_s(5.0, np.array([0.0]), servers).tolist() == [0.0]


@given(st.integers(2, 30), st.floats(0.05, 0.95))
def test_one_queue_beats_many(nodes: int, load: float):
    service = np.array(1.0)
    assert mmx_wait_s(load * nodes, service, float(nodes)) < mm1_wait_s(load, service)
    assert mdx_wait_s(load * nodes, service, float(nodes)) < mmx_wait_s(
        load * nodes, service, float(nodes)
    )


def test_the_correction_of_equal_service_times_is_bounded():
    # At a load of 0.1 Cosmetatos' term is 0.49, above Whitt's bound of 0.24: half of 1.24 waits.
    service = np.array(0.1)
    expected = 0.62 * mmx_wait_s(2.0, service, 2.0)
    assert mdx_wait_s(2.0, service, 2.0) == pytest.approx(expected, rel=1e-12, abs=0.0)
