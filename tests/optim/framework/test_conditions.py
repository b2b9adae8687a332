"""Links over time, and how simulation files describe them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.optim.framework.conditions import LinkTrace, draw_conditions, read_link
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream, poisson
from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.reading import PRINTED
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import TerminalLink

TRACE = LinkTrace(np.array([0.01, 0.02, 0.03]), np.array([1e8, 2e8, 3e8]), step_s=2.0)


def test_a_trace_is_met_from_a_random_state_round_and_round(split: SplitSystem):
    stream = Stream(np.array([0.0, 1.9, 2.0, 5.0, 6.5]), np.ones(5))
    seen = set()
    for seed in range(20):
        met = draw_conditions(split, stream, TRACE, np.random.default_rng(seed))
        states = (met.round_trip_s * 100).round().astype(int) - 1
        first = states[0]
        assert states.tolist() == [(first + step) % 3 for step in (0, 0, 1, 2, 3)]
        np.testing.assert_allclose(met.rate_bit_s, (states + 1) * 1e7)  # ten nodes share it
        np.testing.assert_allclose(met.uplink.start, [0, 2, 4, 6])
        assert met.uplink.rate.shape == (4, 10)
        seen.add(int(first))
    assert seen == {0, 1, 2}


def test_without_a_trace_the_link_is_the_systems(split: SplitSystem, stream: Stream):
    met = draw_conditions(split, stream, None, np.random.default_rng(0))
    assert set(met.round_trip_s) == {0.02}
    assert set(met.rate_bit_s) == {1e8} == {split.rate_bit_s}
    assert met.uplink.rate.shape == (1, 10)


def test_as_printed_there_is_no_round_trip(split: SplitSystem, stream: Stream):
    printed = replace(split, reading=replace(PRINTED, uplink_counts=False))
    met = draw_conditions(printed, stream, None, np.random.default_rng(0))
    assert not met.round_trip_s.any()
    assert not met.terminal_s.any()  # which does not count
    assert set(met.rate_bit_s) == {1e9}  # nothing is shared


def test_terminals_have_the_measured_rates(split: SplitSystem):
    rates = TerminalLink(np.array([1e6, 4e6]))
    here = replace(split, system=replace(split.system, uplink=rates))
    stream = poisson(10.0, tasks=400, rng=1)
    met = draw_conditions(here, stream, None, np.random.default_rng(0))
    bits = 8.0 * 224 * 224 * 3
    slow = np.isclose(met.terminal_s, bits / 1e6)
    np.testing.assert_allclose(met.terminal_s[~slow], bits / 4e6)
    assert 150 < slow.sum() < 250


def test_a_nodes_own_interface_limits(split: SplitSystem, stream: Stream):
    lte = replace(split, system=load_system("pi_lte"))
    fast = LinkTrace(np.array([0.07]), np.array([1e9]), 1.0)
    assert set(draw_conditions(lte, stream, fast, np.random.default_rng(0)).rate_bit_s) == {6e6}


def test_the_real_trace_is_read_in_si_units(shared: Path, split: SplitSystem):
    table = {
        "path": str(shared / "traces" / "ccby4_cable" / "cable_uplink.csv"),
        "round_trip_column": "ping_ms",
        "round_trip_unit_s": 1e-3,
        "rate_column": "upload_mbit_s",
        "rate_unit_bit_s": 1e6,
        "step_s": 1.0,
    }
    trace = read_link(table, split.system.link)
    assert trace is not None
    assert len(trace.round_trip_s) == 1971
    assert trace.round_trip_s[0] == pytest.approx(0.019176)
    assert trace.bandwidth_bit_s[0] == pytest.approx(1.11e6)
    del table["rate_column"], table["rate_unit_bit_s"]
    constant = read_link(table, split.system.link)
    assert constant is not None
    assert set(constant.bandwidth_bit_s) == {1e9}


def test_lists_are_states_in_turn(split: SplitSystem):
    trace = read_link({"round_trips_s": [0.1, 0.2], "step_s": 3}, split.system.link)
    assert trace is not None
    assert trace.round_trip_s.tolist() == [0.1, 0.2]
    assert read_link({}, split.system.link) is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"round_trips_s": [0.1]}, "link.step_s: got None, must be given"),
        ({"round_trips_s": [], "step_s": 1}, "link.round_trips_s"),
        ({"round_trips_s": [-0.1], "step_s": 1}, "link.round_trips_s"),
        ({"round_trips_s": [0.1], "rates_bit_s": [0.0], "step_s": 1}, "link.bandwidth_bit_s"),
        ({"round_trips_s": [0.1], "rates_bit_s": [1.0, 2.0], "step_s": 1}, "bandwidth_bit_s.shape"),
        ({"round_trips_s": [0.1], "step_s": 0}, "link.step_s"),
        ({"round_trip": 0.1}, "link field: got 'round_trip'"),
        ({"step_s": 1}, "link.round_trips_s: got None"),
        ({"path": "nowhere.csv", "round_trip_column": "a", "step_s": 1}, "link.path"),
        (3, "link: got 3, must be a table"),
    ],
)
def test_bad_links_are_refused(split: SplitSystem, table, message):
    with pytest.raises(InputError, match=message):
        read_link(table, split.system.link)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "rows below its header"),
        ("a,b\n1,x\n", "must be numbers"),
        ("a,c\n1,2\n", "link.rate_column: got 'b'"),
        ("a,b\n1,0\n", "link.bandwidth_bit_s"),
        ("a,b\nnan,1\n", "link.round_trip_s"),
    ],
)
def test_bad_traces_are_refused(split: SplitSystem, tmp_path: Path, text, message):
    path = tmp_path / "trace.csv"
    path.write_text(text)
    table = {"path": str(path), "round_trip_column": "a", "rate_column": "b", "step_s": 1.0}
    with pytest.raises(InputError, match=message):
        read_link(table, split.system.link)
