"""Measures of runs small enough to reckon by hand."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.optim.framework.dispatcher import Dispatcher
from edgeopt.optim.framework.exits import exit_branch
from edgeopt.optim.framework.measures import (
    MEASURES,
    SimulatedRun,
    delay_quantiles_s,
    delay_s,
    jain_index,
    measure,
    node_energy_j,
    node_utilisation,
    span_s,
    use_of,
)
from edgeopt.optim.framework.schemes.dormant import Dormant
from edgeopt.optim.framework.schemes.plain import Collaborative
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.offloading.reading import PRINTED
from edgeopt.problems.systems.load import load_system

RNG = np.random.default_rng(0)
CUT = 20


@pytest.fixture
def run(split: SplitSystem, conditions) -> SimulatedRun:
    """Return two tasks at once, so that two of the ten nodes work, on a link with radio energy."""
    link = replace(split.system.link, energy_j_bit=1e-7)
    radio = replace(split, system=replace(split.system, link=link))
    stream = Stream(np.array([3.0, 3.0]), np.array([1.0, 2.0]))
    scheme = Collaborative(cut=CUT)
    return simulate(radio, stream, conditions(stream), scheme, Dispatcher(), RNG)


def test_delays_and_their_parts(run: SimulatedRun):
    edge = run.split.terms.execution_s[0, CUT]
    link = run.split.upload_bits[CUT] / 1e8
    cloud = run.split.cloud_s[CUT]
    lone = edge + link + cloud
    np.testing.assert_allclose(delay_s(run), [0.22 + lone, 0.22 + 2 * lone])
    values = measure(run, 0.0, "multicast")
    assert values["delay_mean_s"] == pytest.approx(0.22 + 1.5 * lone)
    assert values["execution_s"] == pytest.approx(1.5 * edge)
    assert values["link_s"] == pytest.approx(0.02 + 1.5 * link)
    assert values["cloud_s"] == pytest.approx(1.5 * cloud)
    assert values["terminal_s"] == pytest.approx(0.2)
    assert values["waiting_s"] == 0
    assert span_s(run) == pytest.approx(0.02 + 2 * lone)


def test_energy_is_counted_once(run: SimulatedRun):
    device = run.split.system.pool.devices[0]
    edge = run.split.terms.execution_s[0, CUT]
    use = use_of(run)
    np.testing.assert_allclose(use.busy_s, [edge, 2 * edge] + [0] * 8)
    np.testing.assert_allclose(use.static_j, device.static_power_w * use.busy_s)
    flop = run.split.flop[CUT]
    np.testing.assert_allclose(
        use.dynamic_j[:2], device.omega * device.flops * flop * np.arange(1, 3)
    )
    bits = run.split.upload_bits[CUT]
    np.testing.assert_allclose(use.radio_j[:2], np.array([1, 2]) * bits * 1e-7)
    idle = (10 * span_s(run) - 3 * edge) * device.static_power_w
    assert use.idle_j.sum() == pytest.approx(idle)
    total = (use.static_j + use.dynamic_j + use.radio_j).sum()
    values = measure(run, 0.0, "multicast")
    assert node_energy_j(run).sum() == pytest.approx(total)
    assert values["energy_j"] == pytest.approx(total / 2)
    parts = [values[f"energy_{part}_j"] for part in ("static", "dynamic", "radio")]
    assert sum(parts) == pytest.approx(values["energy_j"])


def test_a_lone_tasks_energy_is_that_of_equation_20(split: SplitSystem, conditions):
    stream = Stream(np.zeros(1), np.ones(1))
    for reading in (split.reading, PRINTED, replace(PRINTED, dynamic="cmos")):
        here = replace(split, reading=reading)
        run = simulate(here, stream, conditions(stream), Collaborative(cut=CUT), Dispatcher(), RNG)
        expected = float(here.terms.task_energy_j[0, CUT])
        assert node_energy_j(run).sum() == pytest.approx(expected, rel=1e-12)


def test_idle_power_counts_where_the_reading_says_so(run: SimulatedRun):
    idles = replace(run.split, reading=replace(run.split.reading, idle_power=True))
    more = node_energy_j(run._replace(split=idles)).sum() - node_energy_j(run).sum()
    assert more == pytest.approx(use_of(run).idle_j.sum())


def test_use_of_nodes_and_link(run: SimulatedRun):
    edge = run.split.terms.execution_s[0, CUT]
    span = span_s(run)
    values = measure(run, 0.0, "multicast")
    assert values["utilisation"] == pytest.approx(3 * edge / (10 * span))
    assert values["utilisation_max"] == pytest.approx(2 * edge / span)
    assert values["balance"] == pytest.approx(9 / (10 * 5))  # (1 + 2)^2 / (10 (1 + 4))
    bits = 3 * run.split.upload_bits[CUT]
    assert values["upload_bytes"] == pytest.approx(bits / 2 / 8)
    assert values["link_utilisation"] == pytest.approx(bits / (10 * 1e8 * span))
    assert values["throughput_hz"] == pytest.approx(2 / span)
    assert (values["offloaded"], values["asleep"], values["cut"]) == (1, 0, CUT)
    np.testing.assert_allclose(node_utilisation(run)[:2], [edge / span, 2 * edge / span])


def test_the_masters_model_counts_as_its_work(split: SplitSystem, conditions):
    stream = Stream(np.array([0.0, 1.0]), np.ones(2))
    scheme = Dormant(threshold="fixed", fixed_s=0.0, cut=7)
    here = replace(split, master=4)
    run = simulate(here, stream, conditions(stream), scheme, Dispatcher(), RNG)
    branch = exit_branch(here, 7).flop
    use = use_of(run)
    assert use.busy_s[4] == pytest.approx(2 * branch / here.speeds[4])
    device = here.system.pool.devices[4]
    assert use.dynamic_j[4] == pytest.approx(device.omega * device.flops * 2 * branch)
    assert measure(run, 0.0, "multicast")["asleep"] == 1


def test_late_tasks_and_warm_up(split: SplitSystem, with_tasks, conditions):
    stream = Stream(np.arange(10.0), np.where(np.arange(10) < 5, 9.0, 1.0))
    strict = with_tasks(deadline_s=0.35)
    run = simulate(strict, stream, conditions(stream), Collaborative(cut=7), Dispatcher(), RNG)
    assert measure(run, 0.0, "multicast")["missed"] == 0.5
    warm = measure(run, 0.5, "multicast")
    assert warm["missed"] == 0
    assert warm["delay_mean_s"] == pytest.approx(delay_s(run)[5:].mean())
    quantiles = delay_quantiles_s(run, 0.5)
    assert len(quantiles) == 101
    assert (np.diff(quantiles) >= 0).all()
    assert quantiles[50] == pytest.approx(warm["delay_p50_s"])


def test_all_measures_are_finite_numbers(run: SimulatedRun):
    values = measure(run, 0.0, "unicast")
    assert list(values) == list(MEASURES)
    assert all(np.isfinite(value) and isinstance(value, float) for value in values.values())


@pytest.mark.parametrize(
    ("values", "index"), [([1, 1, 1, 1], 1.0), ([1, 0, 0, 0], 0.25), ([0, 0], 1.0), ([2, 1], 0.9)]
)
def test_jains_index(values, index):
    assert jain_index(np.array(values, dtype=float)) == pytest.approx(index)


def test_a_shared_link_carries_more_for_one_than_slices(split: SplitSystem, conditions):
    from edgeopt.optim.framework.conditions import draw_conditions

    stream = Stream(np.zeros(1), np.ones(1))
    delays = []
    for uplink in ("own", "shared"):
        here = replace(split, uplink=uplink)
        drawn = draw_conditions(here, stream, None, RNG)
        run = simulate(here, stream, drawn, Collaborative(cut=CUT), Dispatcher(), RNG)
        delays.append(float(delay_s(run)[0]))
    bits = split.upload_bits[CUT]
    assert delays[0] - delays[1] == pytest.approx(bits / 1e8 - bits / 1e9)
    assert load_system("table1").pool.nodes == 10
