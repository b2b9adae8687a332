"""Cloud dormancy: thresholds, hysteresis and the master's model."""

from dataclasses import replace
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeopt.optim.framework.dispatcher import Dispatcher
from edgeopt.optim.framework.exits import exit_branch
from edgeopt.optim.framework.measures import delay_s, task_delay_parts_s
from edgeopt.optim.framework.schemes.dormant import Dormant, mean_limit_s, slack_limit_s, sleeps
from edgeopt.optim.framework.schemes.plain import Collaborative
from edgeopt.optim.framework.simulate import simulate
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.reading import CORRECTED

RNG = np.random.default_rng(0)
TRIPS = np.array([0.02, 0.05, 0.02, 0.3, 0.3, 0.02])


def test_the_mean_is_of_the_round_trips_before():
    limit = mean_limit_s(np.array([4.0, 2.0, 3.0, 9.0]))
    assert limit.tolist() == [np.inf, 4.0, 3.0, 3.0]


def test_with_the_mean_as_limit_the_cloud_sleeps_half_the_time():
    trips = np.random.default_rng(1).normal(0.02, 0.001, 20_000)
    share = sleeps(trips, mean_limit_s(trips)).mean()
    assert share == pytest.approx(0.5, abs=0.02)


def test_the_slack_is_what_the_deadline_leaves(with_tasks, stream, conditions):
    here = with_tasks(deadline_s=0.4)
    limit = slack_limit_s(here, conditions(stream), stream.size, 7)
    execution, bits = here.terms.execution_s[0, 7], 32 * 200_704
    known = 0.2 + (execution + bits / 1e8 + here.cloud_s[7]) * stream.size
    np.testing.assert_allclose(limit, 0.4 - known, atol=1e-5)  # the wait is below 10 us


def erlang_c(servers: int, load: float) -> float:
    """Return the probability of waiting from the sum over the states of an M/M/x queue."""
    full = load**servers / factorial(servers) * servers / (servers - load)
    return full / (sum(load**k / factorial(k) for k in range(servers)) + full)


def test_the_slack_knows_the_queue(with_tasks, stream, conditions):
    """At 95 % load the wait of M/M/10 takes a good part of the deadline."""
    execution = with_tasks(deadline_s=1.0).terms.execution_s[0, 20]
    here = with_tasks(deadline_s=1.0, arrival_hz=0.95 * 10 / execution)
    here = replace(here, reading=CORRECTED)
    wait = erlang_c(10, 9.5) * execution / (10 - 9.5)
    assert wait > execution
    limit = slack_limit_s(here, conditions(stream), stream.size, 20)
    sent = here.upload_bits[20] / 1e8
    known = 0.2 + (execution + sent + here.cloud_s[20]) * stream.size
    np.testing.assert_allclose(limit, 1.0 - known - wait, rtol=1e-9)


def naive_sleeps(trips, limits, hysteresis):
    asleep, answers = False, []
    for trip, limit in zip(trips, limits, strict=True):
        up, down = (hysteresis, -hysteresis) if limit > 0 else (-hysteresis, hysteresis)
        if trip > limit * (1 + up):
            asleep = True
        elif trip < limit * (1 + down) or hysteresis == 0:
            asleep = False
        answers.append(asleep)
    return answers


@given(
    trips=arrays(float, 12, elements=st.floats(0, 1)),
    limits=arrays(float, 12, elements=st.floats(-1, 1) | st.just(np.inf)),
    hysteresis=st.sampled_from([0.0, 0.1, 0.5]),
)
def test_sleeping_is_that_of_a_machine_with_two_states(trips, limits, hysteresis):
    assert sleeps(trips, limits, hysteresis).tolist() == naive_sleeps(trips, limits, hysteresis)


def test_hysteresis_wakes_and_sleeps_less_often():
    trips = np.random.default_rng(2).normal(0.1, 0.02, 2000)
    limits = np.full(2000, 0.1)
    flips = [np.diff(sleeps(trips, limits, h)).sum() for h in (0.0, 0.2, 0.4)]
    assert flips[0] > flips[1] > flips[2] > 0


def test_only_sleeping_tasks_end_at_the_master(split, stream, conditions):
    here = conditions(stream, trips=TRIPS)
    scheme = Dormant(threshold="fixed", fixed_s=0.1, cut=7)
    plan = scheme.plan(split, stream, here, RNG)
    awake = Collaborative(cut=7).plan(split, stream, here, RNG)
    asleep = np.array([False, False, False, True, True, False])
    np.testing.assert_array_equal(plan.stages.upload_bits == 0, asleep)
    np.testing.assert_array_equal(plan.stages.cloud == 0, asleep)
    np.testing.assert_array_equal(plan.stages.edge, awake.stages.edge)
    branch = exit_branch(split, 7)
    assert plan.exit_flop.tolist() == [0, 0, 0, 2 * branch.flop, 2 * branch.flop, 0]
    assert plan.accuracy.tolist() == [
        1,
        1,
        1,
        split.accuracy[7],
        split.accuracy[7],
        1,
    ]
    assert plan.model_bytes == awake.model_bytes + branch.bytes


def test_sleeping_tasks_travel_to_the_master_and_are_served_there(split, conditions):
    stream = Stream(np.zeros(2), np.ones(2))
    here = replace(split, master=1)
    scheme = Dormant(threshold="fixed", fixed_s=0.0, cut=7)
    run = simulate(here, stream, conditions(stream), scheme, Dispatcher(), RNG)
    edge, service = here.terms.execution_s[0, 7], exit_branch(here, 7).flop / here.speeds[1]
    transfer = 32 * 200_704 / 1e9  # from node 0 to node 1; while the master's own task is served
    waits = max(transfer, service)
    expected = [0.2 + edge + waits + service, 0.2 + edge + service]
    np.testing.assert_allclose(delay_s(run), expected)
    np.testing.assert_allclose(task_delay_parts_s(run)["exit"], np.array(expected) - 0.2 - edge)


def test_the_deadline_decides_how_often_the_cloud_sleeps(with_tasks, stream, conditions):
    here = conditions(stream, trips=TRIPS)
    shares = [
        (Dormant(cut=7).plan(with_tasks(deadline_s=d), stream, here, RNG).exit_flop > 0).sum()
        for d in (10.0, 0.5, 0.35, 0.2)
    ]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 6


def test_at_the_last_cut_there_is_nothing_to_sleep_from(split, stream, conditions):
    plan = Dormant(threshold="fixed", fixed_s=0.0, cut=34).plan(
        split, stream, conditions(stream), RNG
    )
    assert not plan.exit_flop.any()


@pytest.mark.parametrize(
    "fields",
    [{"threshold": "median"}, {"fixed_s": -0.1}, {"hysteresis": 1.0}, {"objective": "fun"}],
)
def test_bad_fields_are_refused(fields):
    with pytest.raises(InputError, match=next(iter(fields))):
        Dormant(**fields)


def test_dormancy_needs_layers_on_the_edge(split, stream, conditions):
    with pytest.raises(InputError, match="cut: got 0, must be >= 1"):
        Dormant(cut=0).plan(split, stream, conditions(stream), RNG)
