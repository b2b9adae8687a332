"""The delay of a cut by formula is that of the simulation, over systems, cuts and loads."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.experiments.offload.choice import offload
from edgeopt.experiments.simulation.scenario import Scenario
from edgeopt.optim.framework.conditions import draw_conditions
from edgeopt.optim.framework.dispatcher import Dispatcher
from edgeopt.optim.framework.measures import batch_interval, delay_s, task_delay_parts_s
from edgeopt.optim.framework.schemes.plain import Collaborative
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import poisson
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.reading import QUEUED
from edgeopt.problems.offloading.waiting import mdx_wait_s
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import System

pytestmark = pytest.mark.filterwarnings("ignore::edgeopt.optim.framework.loads.BusyWarning")

NETWORK = load_network("alexnet")
TASKS = 20_000


def at_load(system: System, cut: int, load: float) -> SplitSystem:
    """A system whose busiest part has a load, with the link and dispatch of `edgeopt simulate`."""
    slow = replace(system, tasks=replace(system.tasks, arrival_hz=1.0, deadline_s=1e3))
    busy_s = SplitSystem(NETWORK, slow, QUEUED).terms.utilisation.ravel()[cut]
    tasks = replace(slow.tasks, arrival_hz=float(load / busy_s))
    shared = system.pool.per_node("throughput_bit_s").min() >= system.link.bandwidth_bit_s
    uplink = "shared" if shared else "own"
    return SplitSystem(NETWORK, replace(slow, tasks=tasks), QUEUED, uplink=uplink)


def systems() -> dict[str, System]:
    """Pools with one link for all, and with a link for each node; a fast and a slow cloud."""
    one, own = load_system("table1", nodes=10), load_system("pi_lte", nodes=10)
    roomy = replace(one.pool, devices=tuple(
        replace(device, memory_bytes=1e12) for device in one.pool.devices))  # fmt: skip
    one = replace(one, pool=roomy)
    return {
        "one link": one,
        "one fast link": replace(one, link=replace(one.link, bandwidth_bit_s=2e10)),
        "one node": replace(one, pool=replace(roomy, devices=roomy.devices[:1])),
        "a slow cloud": replace(one, cloud=replace(one.cloud, flops=5e10)),
        "own links": own,
        "own fast links": replace(
            own,
            pool=replace(
                own.pool,
                devices=tuple(replace(device, throughput_bit_s=1e9) for device in own.pool.devices),
            ),
            link=replace(own.link, bandwidth_bit_s=9.9e9),
        ),
    }


def left_out_s(split: SplitSystem, cut: int) -> float:
    """The most that the formula leaves out: 0 unless a pool of several nodes is the slowest."""
    terms, rate = split.terms, split.system.tasks.arrival_hz
    loads = {name: float(load.ravel()[cut]) for name, load in terms.loads.items()}
    if split.uplink == "own" or loads["nodes"] <= max(loads["link"], loads["cloud"]):
        return 0.0
    pooled = float(mdx_wait_s(rate, terms.pool_s, 1.0).ravel()[cut])
    return pooled - float(terms.waiting_s.ravel()[cut])


@pytest.mark.parametrize("name", systems())
@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
def test_the_mean_delay_is_within_the_interval_of_the_simulation(name: str, load: float):
    for cut in (0, 3, 5, 8):
        split = at_load(systems()[name], cut, load)
        rng = np.random.default_rng(cut)
        stream = poisson(split.system.tasks.arrival_hz, tasks=TASKS, rng=rng)
        conditions = draw_conditions(split, stream, None, rng)
        rule = "fcfs" if split.uplink == "shared" else "round-robin"
        run = simulate(split, stream, conditions, Collaborative(cut=cut), Dispatcher(rule), rng)
        interval = batch_interval(delay_s(run)[TASKS // 10 :], 20, confidence=0.998)
        terms, parts = split.terms, task_delay_parts_s(run)
        delay = float(terms.delay_s.ravel()[cut])
        assert delay <= interval.mean + interval.half + 1e-9
        assert interval.mean - interval.half - 1e-9 <= delay + left_out_s(split, cut)
        assert parts["execution"].mean() == pytest.approx(terms.execution_s.ravel()[cut])
        assert parts["cloud"].mean() == pytest.approx(terms.cloud_s.ravel()[cut])


@pytest.mark.parametrize("reading", [None, "corrected"])
def test_a_scenario_plans_with_the_delay_that_offload_tells(reading: str | None):
    """By default both have one model; with links of their own also if the file asks for them."""
    named = {} if reading is None else {"reading": reading}
    for edge in ({}, {"uplink": "own"}):
        scenario = Scenario("alexnet", "table1", nodes=10, edge=edge, **named)
        split = scenario.make_setting(30.0, np.random.default_rng(0))
        told = offload("alexnet", "table1", nodes=10, **named).answer.program.terms
        assert split.reading == told.reading
        assert (split.terms.delay_s == told.delay_s).all() == (not edge or reading is not None)
        one_link = reading is None and not edge
        assert split.terms.columns.one_link is one_link
        assert split.terms.columns.rate_bit_s == pytest.approx(1e9 if one_link else 1e8)


def test_near_full_load_the_formula_grows_as_the_simulation_does():
    split = at_load(load_system("pi_lte"), 0, 0.99)
    assert split.terms.link_s[0, 0] > 1.5 * (split.upload_bits[0] / 6e6 + 0.07)
    assert split.terms.loads["link"].ravel()[0] == pytest.approx(0.99)
