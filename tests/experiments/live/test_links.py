"""When messages arrive, without a clock: by hand, and tick by tick."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.live.links import Link, LinkState, link_of_trace
from edgeopt.optim.framework.conditions import LinkTrace, read_link
from edgeopt.problems.errors import InputError
from edgeopt.problems.systems.system import CloudLink

INF = float("inf")


def test_messages_queue_at_the_rate_and_arrive_after_the_delay():
    link = Link([LinkState(0.0, 8e6, 0.25)])
    assert [link.send(1e6, now) for now in (0.0, 0.5, 4.0)] == [1.25, 2.25, 5.25]
    assert link.send(0, 4.5) == 5.25  # behind what is still being sent
    assert link.send(1e6, 1.0) == 6.25  # as if given at 4.5: time does not run backwards


def test_a_burst_leaves_at_once_after_a_pause():
    link = Link([LinkState(0.0, 8e6, 0.0)], burst_bytes=1e6)
    assert link.send(5e5, 0.0) == 0.0
    assert link.send(1e6, 0.0) == 0.5  # half of it is in the bucket
    assert link.send(1e6, 1.0) == 1.5  # the debt is paid at 0.5
    assert link.send(1e6, 99.0) == 99.0


def test_a_message_goes_on_after_an_outage():
    link = Link([LinkState(0.0, 8e6, 0.0), LinkState(1.0, 0.0, 0.0), LinkState(5.0, 16e6, 0.125)])
    assert link.send(1.5e6, 0.0) == 5.375
    assert link.send(0.5e6, 2.0) == 5.625
    assert [link.state(t).rate_bit_s for t in (0.5, 1.0, 7.0)] == [8e6, 0.0, 16e6]


def test_no_limit_of_the_rate():
    link = Link([LinkState(0.0, 0.0, 0.0), LinkState(2.0, INF, 1.0)], burst_bytes=10)
    assert [link.send(1e9, now) for now in (0.0, 0.0, 3.0)] == [3.0, 3.0, 4.0]


def naive(states, period, burst, messages):
    """Return when messages (bits, tick) leave, tick by tick; the debt is paid linearly."""
    rates = [rate for start, rate in states]
    starts = [start for start, rate in states]
    level, leaving, tick = burst, [], 0
    for bits, now in messages:
        for t in range(tick, now):
            place = t % period if period else t
            level = min(burst, level + rates[sum(s <= place for s in starts) - 1])
        tick, level = now, level - bits
        debt, t = -level, now
        while debt > 0:
            place = t % period if period else t
            rate = rates[sum(s <= place for s in starts) - 1]
            if rate >= debt:
                break
            debt, t = debt - rate, t + 1
        leaving.append(t + (debt / rate if debt > 0 else 0))
    return leaving


@given(
    rates=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    gaps=st.lists(st.integers(1, 3), min_size=4, max_size=4),
    is_cyclic=st.booleans(),
    burst=st.integers(0, 10),
    messages=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), min_size=1, max_size=6),
)
def test_a_link_is_the_bucket_tick_by_tick(rates, gaps, is_cyclic, burst, messages):
    rates[-1] += 1  # the last state carries something
    starts = [sum(gaps[:i]) for i in range(len(rates))]
    period = sum(gaps[: len(rates)]) if is_cyclic else None
    times = [sum(gap for _, gap in messages[: i + 1]) for i in range(len(messages))]
    states = [LinkState(float(s), float(r), 0.0) for s, r in zip(starts, rates, strict=True)]
    link = Link(states, burst_bytes=burst / 8, period_s=period)
    found = [
        link.send(bits / 8, float(now)) for (bits, _), now in zip(messages, times, strict=True)
    ]
    pairs = [(bits, now) for (bits, _), now in zip(messages, times, strict=True)]
    expected = naive([*zip(starts, rates, strict=True)], period, burst, pairs)
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_recorded_line_is_replayed_from_any_state(shared: Path):
    table = {
        "path": str(shared / "traces" / "ccby4_cable" / "cable_uplink.csv"),
        "round_trip_column": "ping_ms", "round_trip_unit_s": 1e-3,
        "rate_column": "upload_mbit_s", "rate_unit_bit_s": 1e6,
        "step_s": 1.0,
    }  # fmt: skip
    trace = read_link(table, CloudLink(1e6, 0.0))
    assert trace is not None
    count = len(trace.round_trip_s)
    link = link_of_trace(trace)
    assert link.state(0.5) == (0.0, 1.11e6, pytest.approx(0.019176 / 2))
    # 1.11 Mbit in the first second, and 0.39 of 0.91 in the second
    assert link.send(1.5e6 / 8, 0.0) == pytest.approx(1 + 0.39 / 0.91 + 0.01782 / 2)
    assert link.state(count + 1.5).rate_bit_s == 0.91e6
    later = link_of_trace(trace, first=count - 1)
    assert later.state(1.5).rate_bit_s == 1.11e6


@pytest.mark.parametrize(
    ("states", "options", "message"),
    [
        ([], {}, "at least one"),
        ([LinkState(1.0, 1.0, 0.0)], {}, "increasing from 0"),
        ([LinkState(0.0, 1.0, 0.0)] * 2, {}, "increasing from 0"),
        ([LinkState(0.0, -1.0, 0.0)], {}, "rate_bit_s"),
        ([LinkState(0.0, float("nan"), 0.0)], {}, "rate_bit_s"),
        ([LinkState(0.0, 1.0, INF)], {}, "delay_s"),
        ([LinkState(0.0, 1.0, 0.0), LinkState(1.0, 0.0, 0.0)], {}, "> 0 in the last state"),
        ([LinkState(0.0, 0.0, 0.0)], {"period_s": 1.0}, "> 0 in the last state"),
        ([LinkState(0.0, 1.0, 0.0)], {"period_s": 0.0}, "period_s"),
        ([LinkState(0.0, 1.0, 0.0)], {"burst_bytes": -1.0}, "burst_bytes"),
    ],
)
def test_what_is_no_link(states, options, message):
    with pytest.raises(InputError, match=message):
        Link(states, **options)


def test_what_is_no_message_and_no_state():
    with pytest.raises(InputError, match="size_bytes"):
        Link([LinkState(0.0, 1.0, 0.0)]).send(-1.0, 0.0)
    trace = LinkTrace([0.0], [1.0], 1.0)
    with pytest.raises(InputError, match="first"):
        link_of_trace(trace, first=1)


def test_a_link_knows_when_a_message_has_left():
    """At 1 s the delay changes: what leaves after that, at 1.5 s, arrives after the new one."""
    link = Link([LinkState(0.0, 8e6, 0.5), LinkState(1.0, 8e6, 0.1)])
    assert (link.send(1.5e6, 0.0), link.left_s) == (1.6, 1.5)
    assert (link.send(1e6, 1.0), link.left_s) == (2.6, 2.5)
