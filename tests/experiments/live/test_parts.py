"""Routes of tasks through the parts of a network, and what the model makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.live.messages import HEADER_BYTES
from edgeopt.experiments.live.model import Hops, PartTimes, Profiled, measured_setting
from edgeopt.experiments.live.parts import Route, all_routes, routes, settle
from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.optim.framework.conditions import draw_conditions
from edgeopt.optim.framework.schemes.catalog import make_scheme
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layer_times import LayerTimes

SCENARIO = Path(__file__).parents[3] / "experiments" / "scenarios" / "small.toml"


@pytest.fixture(scope="module")
def split():
    """Three nodes 20, 20 and 40 times slower than a machine that takes 1 ms for each layer."""
    scenario = read_simulation(SCENARIO).scenarios[0]
    setting = scenario.make_setting(10.0, np.random.default_rng(1))
    layers = LayerTimes(np.full(len(setting.profile.layers), 1e-3))
    return measured_setting(setting, layers, [20.0, 20.0, 40.0], 2.0)


STREAM = Stream(np.arange(6.0), np.ones(6))


def conditions(split, trip_s=0.02):
    drawn = draw_conditions(split, STREAM, None, np.random.default_rng(1))
    return drawn._replace(round_trip_s=np.full(6, trip_s))


def made(split, name, **table):
    return settle(name, make_scheme(name, table), split)


def routes_of(split, scheme, **link):
    plan = scheme.plan(split, STREAM, conditions(split, **link), np.random.default_rng(3))
    return routes(scheme, split, plan)


@pytest.mark.parametrize(
    ("name", "table", "route"),
    [
        ("cloud-only", {}, Route((), ("0-8",))),
        ("edge-only", {}, Route(("0-8",), ())),
        ("collaborative", {"cut": 5}, Route(("0-5",), ("5-8",))),
        ("collaborative", {"cut": 8}, Route(("0-8",), ())),
    ],
)
def test_schemes_of_one_cut_have_one_route(split, name, table, route):
    scheme = made(split, name, **table)
    assert all_routes(scheme, split) == [route]
    assert routes_of(split, scheme) == [route] * 6


def test_while_the_cloud_sleeps_tasks_end_at_the_exit(split):
    scheme = made(split, "dormant", cut=7, threshold="fixed", fixed_s=0.05)
    awake, asleep = Route(("0-7",), ("7-8",)), Route(("0-7",), (), "exit-7")
    assert all_routes(scheme, split) == [awake, asleep]
    assert routes_of(split, scheme) == [awake] * 6
    assert routes_of(split, scheme, trip_s=0.09) == [asleep] * 6


def test_bnet_passes_exits_on_the_edge_and_in_the_cloud(split):
    table = {"exits": [2, 4, 6], "shares": [0.25, 0.25, 0.25, 0.25], "after": 2}
    scheme = made(split, "bnet", **table)
    one = Route(("0-2", "exit-2"), ())
    two = Route(("0-2", "exit-2", "2-4", "exit-4"), ())
    three = Route(two.edge, ("4-6", "exit-6"))
    four = Route(two.edge, ("4-6", "exit-6", "6-8"))
    assert all_routes(scheme, split) == [one, two, three, four]
    # The exit of each task is what the plan itself draws first.
    ends = np.random.default_rng(3).choice(4, size=6, p=table["shares"])
    wanted = [[one, two, three, four][end] for end in ends]
    assert len(set(ends)) > 2
    assert routes_of(split, scheme) == wanted


def test_neurosurgeon_may_take_every_cut_that_fits(split):
    scheme = made(split, "neurosurgeon")
    assert len(all_routes(scheme, split)) == 9
    taken = {route for trip in (1e-4, 1e3) for route in routes_of(split, scheme, trip_s=trip)}
    assert Route(("0-8",), ()) in taken


def test_cuts_are_chosen_once(split):
    assert made(split, "collaborative", objective="delay").cut >= 0
    assert made(split, "bnet", exits=[2, 4]).after >= 0
    assert made(split, "dormant", objective="deepest").cut >= 0


@pytest.mark.parametrize(
    ("name", "table", "field"),
    [("masm", {"cuts": [2, 8]}, "schemes.masm"), ("bnet", {"branch_cost": False}, "branch_cost")],
)
def test_what_cannot_run_is_refused(split, name, table, field):
    with pytest.raises(InputError, match=field):
        made(split, name, **table)


def test_the_setting_has_the_measured_times(split):
    layers = len(split.profile.layers)
    assert split.terms.execution_s[split.kinds, -1] == pytest.approx(
        np.array([20, 20, 40]) * 1e-3 * layers
    )
    assert split.cloud_s[0] == pytest.approx(2e-3 * layers)
    assert float(split.terms.columns.size_bytes) == 3 * 128 * 128 * 4


TIMES = PartTimes(
    edge={"0-4": 0.002, "exit-4": 0.0001, "4-7": 0.001, "exit-7": 0.0002, "0-7": 0.003},
    cloud={"7-8": 0.0004},
    slow_down=(20.0, 20.0, 40.0),
    cloud_slow_down=2.0,
)


def test_demands_are_what_the_parts_were_measured_to_take(split):
    table = {"exits": [4, 7], "shares": [0.3, 0.2, 0.5], "after": 2}
    scheme = made(split, "bnet", **table)
    plan = Profiled(scheme, TIMES).plan(split, STREAM, conditions(split), np.random.default_rng(3))
    taken = routes_of(split, scheme)
    seconds = {1: 0.0021, 2: 0.0033}
    wanted = [seconds[len(route.edge) // 2] for route in taken]
    for node, slow in enumerate(TIMES.slow_down):
        assert plan.stages.edge / split.speeds[node] == pytest.approx(slow * np.array(wanted))
    sends = np.array([bool(route.cloud) for route in taken])
    assert plan.stages.cloud == pytest.approx(np.where(sends, 0.0008, 0.0))
    size = 8.0 * (64 * 16 * 16 * 4 + HEADER_BYTES)
    assert plan.stages.upload_bits == pytest.approx(np.where(sends, size, 0.0))


def test_the_exit_runs_at_the_speed_of_the_master(split):
    setting = replace(split, master=2)
    scheme = made(setting, "dormant", cut=7, threshold="fixed", fixed_s=0.0)
    plan = Profiled(scheme, TIMES).plan(setting, STREAM, conditions(split), np.random.default_rng())
    assert plan.exit_flop / setting.speeds[2] == pytest.approx(np.full(6, 40 * 0.0002))


def test_paces_are_those_of_slowed_members_only():
    assert TIMES.pace("edge", 2)["4-7"] == pytest.approx(0.04)
    assert TIMES.pace("cloud", 0) == {"7-8": 0.0008}
    assert TIMES.pace("terminal", 0) == {}
    assert replace(TIMES, cloud_slow_down=1.0).pace("cloud", 0) == {}


def test_messages_of_each_route_are_counted(split):
    hops = Hops(message_s=1.0, byte_s=1e-6, wake_s=100.0)
    scheme = made(split, "dormant", cut=7, threshold="fixed", fixed_s=0.05)
    plan = scheme.plan(split, STREAM, conditions(split), np.random.default_rng())
    taken = [Route((), ("0-8",)), Route(("0-8",), ()), Route(("0-7",), ("7-8",))]
    plan = plan._replace(cut=np.array([0, 8, 7]))
    size, crossing = 0.196608, 0.065536
    wanted = [404 + 2 * size, 204 + 2 * size, 506 + 2 * size + 2 * crossing]
    assert hops.total_s(split, plan, taken) == pytest.approx(wanted)


def test_a_scheme_decides_on_other_round_trips_than_the_tasks_take(split):
    scheme = made(split, "dormant", cut=7, threshold="fixed", fixed_s=0.05)
    seen, taken = np.array([0.0, 0.1, 0.0, 0.1, 0.0, 0.1]), np.full(6, 0.03)
    profiled = Profiled(scheme, TIMES, conditions(split)._replace(round_trip_s=seen), taken)
    plan = profiled.plan(split, STREAM, conditions(split), np.random.default_rng())
    assert (plan.exit_flop > 0).tolist() == [False, True] * 3
    assert plan.stages.round_trip.tolist() == taken.tolist()
