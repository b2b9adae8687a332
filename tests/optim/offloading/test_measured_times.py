"""Measured times replace those of the model in every solver.

Where the measured times are those of the model, nothing may change, whatever the speed of the
device is said to be.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.framework.conditions import draw_conditions
from edgeopt.optim.framework.dispatcher import Dispatcher
from edgeopt.optim.framework.measures import delay_s
from edgeopt.optim.framework.node_use import node_use
from edgeopt.optim.framework.schemes.bnet import BNet
from edgeopt.optim.framework.schemes.plain import Collaborative
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.offloading.per_node_cuts import node_program
from edgeopt.optim.offloading.sensitivity import sensitivities
from edgeopt.optim.offloading.splits import split_network
from edgeopt.optim.offloading.tier_milp import best_graph_placement
from edgeopt.optim.offloading.tiers import placement_front
from edgeopt.problems.arrivals.streams import poisson
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED, QUEUED
from edgeopt.problems.systems.load import load_system, save_system
from edgeopt.problems.systems.system import Device, Pool, System, TaskStream, random_system
from edgeopt.problems.systems.tiers import Exit, Tier, Tiers

NETWORK = load_network("alexnet")
SEEDS = st.integers(0, 2**32 - 1)


def same(
    system: System, *, joules: bool = False, network: Profile = NETWORK
) -> tuple[Profile, System]:
    """Network and system with the times of the model as measured ones, and other speeds."""
    flop = np.array([2.0 * layer.macs for layer in network.layers])
    measured, devices = {"cloud": LayerTimes(flop / system.cloud.flops)}, {}
    for one in system.pool.groups:
        seconds = flop / one.flops
        power = one.static_power_w + one.omega * one.flops**2
        measured[one.name] = LayerTimes(seconds, power * seconds if joules else None)
        # The same power at full speed.
        other = replace(one, flops=one.flops * 7.0, omega=one.omega / 49.0, times=one.name)
        if joules:  # then nothing else of the energy counts
            other = replace(other, omega=0.0)
        devices[one] = other
    pool = replace(system.pool, devices=tuple(devices[one] for one in system.pool.devices))
    cloud = replace(system.cloud, flops=system.cloud.flops * 7.0, times="cloud")
    return replace(network, measured=measured), replace(system, pool=pool, cloud=cloud)


def loose(seed: int, **given: int) -> System:
    """A random system without tight limits."""
    system = random_system(rng=seed, **given)
    return replace(system, tasks=TaskStream(0.1, deadline_s=1e3))


@given(SEEDS, st.booleans(), st.sampled_from([CORRECTED, QUEUED]))
@settings(max_examples=25, deadline=None)
def test_terms_of_all_cuts(seed, joules, reading):
    system = random_system(rng=seed)
    old = build_program(NETWORK, system, reading=reading, objective="energy")
    new = build_program(*same(system, joules=joules), reading=reading, objective="energy")
    np.testing.assert_allclose(new.values, old.values, rtol=1e-9)
    np.testing.assert_allclose(new.goal, old.goal, rtol=1e-9)


@given(SEEDS, st.booleans(), st.sampled_from(["delay", "energy"]))
@settings(max_examples=10, deadline=None)
def test_splits_and_cuts_of_single_nodes(seed, joules, objective):
    system = loose(seed)
    network, measured = same(system, joules=joules)
    old = split_network(NETWORK, system, objective=objective)
    new = split_network(network, measured, objective=objective)
    assert new.value == pytest.approx(old.value, rel=1e-6)
    assert new.energy_j == pytest.approx(old.energy_j, rel=1e-6)
    assert new.delay_parts_s == pytest.approx(old.delay_parts_s, rel=1e-6, abs=1e-12)
    programs = [
        node_program(*each, objective=objective)
        for each in ((NETWORK, system), (network, measured))
    ]
    np.testing.assert_allclose(programs[1].cost, programs[0].cost, rtol=1e-9)
    np.testing.assert_allclose(programs[1].cloud_use, programs[0].cloud_use, atol=1e-12)


@given(SEEDS, st.booleans())
@settings(max_examples=10, deadline=None)
def test_tiers(seed, joules):
    system = loose(seed, nodes=2, kinds=2)
    cloud = Device("server", system.cloud.flops, 1e12)
    systems = system, replace(system, pool=Pool((cloud,)))
    exits = (Exit("conv3", 0.3, 0.8),)
    both = []
    for pairs in [
        [(NETWORK, one) for one in systems], [same(one, joules=joules) for one in systems]
    ]:  # fmt: skip
        measured = {k: v for network, _ in pairs for k, v in network.measured.items()}
        parts = tuple(Tier(f"t{i}", one.pool) for i, (_, one) in enumerate(pairs))
        tiers = Tiers("x", parts, (system.link,), system.tasks, exits=exits)
        both.append(placement_front(replace(NETWORK, measured=measured), tiers))
    assert [one.cuts for one in both[1]] == [one.cuts for one in both[0]]
    for new, old in zip(*reversed(both), strict=True):
        assert new.delay_s == pytest.approx(old.delay_s, rel=1e-9)
        assert new.energy_j == pytest.approx(old.energy_j, rel=1e-9)


@pytest.mark.parametrize("joules", [False, True])
def test_tiers_that_split_the_graph(joules):
    system, found = loose(7, nodes=2, kinds=2), []
    for network, on in ((NETWORK, system), same(system, joules=joules)):
        parts = Tier("edge", on.pool), Tier("last", on.pool)
        tiers = Tiers("x", parts, (on.link,), on.tasks)
        one = best_graph_placement(network, tiers, objective="energy")
        found.append((one.value, one.delay_s, one.energy_j))
    assert found[1] == pytest.approx(found[0], rel=1e-6)


@pytest.mark.parametrize("joules", [False, True])
@pytest.mark.parametrize("scheme", [Collaborative(cut=3), BNet(exits=(3, 5))])
def test_simulation(scheme, joules):
    system = loose(3, nodes=3, kinds=1)
    runs = []
    for network, on in ((NETWORK, system), same(system, joules=joules)):
        rng = np.random.default_rng(1)
        split = SplitSystem(network, on, replace(CORRECTED, roofline=False))
        stream = poisson(2.0, tasks=50, rng=rng)
        conditions = draw_conditions(split, stream, None, rng)
        runs.append(simulate(split, stream, conditions, scheme, Dispatcher(), rng))
    np.testing.assert_allclose(delay_s(runs[1]), delay_s(runs[0]), rtol=1e-9)
    use = [node_use(run.split, run.plan, run.timeline, run.exits, 100.0) for run in runs]
    np.testing.assert_allclose(use[1].busy_s, use[0].busy_s, rtol=1e-9)
    if isinstance(scheme, Collaborative):  # the work of branches has the energy of layers before
        total = [one.static_j + one.dynamic_j for one in use]
        np.testing.assert_allclose(total[1], total[0], rtol=1e-9)


def test_sensitivity_to_speeds_scales_measured_times():
    system = loose(5, nodes=4, kinds=2)
    old = sensitivities(NETWORK, system, objective="delay")
    new = sensitivities(*same(system), objective="delay")
    for one, other in zip(old, new, strict=True):
        assert (other.below, other.above) == (one.below, one.above)
        assert other.lowest == pytest.approx(one.lowest, rel=1e-6)
        assert other.highest == pytest.approx(one.highest, rel=1e-6)


def test_one_kind_of_node_may_be_measured_and_another_not():
    system = random_system(nodes=4, kinds=2, rng=2)
    network, measured = same(system)
    kinds = list(system.pool.groups)
    devices = tuple(
        new if old == kinds[0] else old
        for old, new in zip(system.pool.devices, measured.pool.devices, strict=True)
    )
    mixed = replace(system, pool=replace(system.pool, devices=devices))
    old = build_program(NETWORK, system)
    np.testing.assert_allclose(build_program(network, mixed).values, old.values, rtol=1e-9)


def test_measured_numbers_by_hand():
    """Cut 1 of two layers: 3 s and 4 J on the node, 0.5 s in the cloud."""
    network = replace(
        NETWORK,
        measured={
            "pi": LayerTimes([3.0] + [0.0] * 11, [4.0] + [0.0] * 11),
            "gpu": LayerTimes([9.0] + [0.05] * 11),
        },
    )
    changes = {"pool.times": "pi", "cloud.times": "gpu"}
    program = build_program(network, load_system("table1", nodes=1, changes=changes))
    terms = program.terms
    assert terms.execution_s[0].tolist() == [0.0] + [3.0] * 8
    assert terms.computing_j[0].tolist() == [0.0] + [4.0] * 8
    ends = np.array([0, *NETWORK.cut_ends])
    expected = np.where(ends == 0, 9.55, 0.05 * (12 - ends))
    np.testing.assert_allclose(terms.cloud_s, expected, atol=1e-12)


def test_columns_that_are_missing_are_refused():
    system = load_system("table1", changes={"pool.times": "pi"})
    with pytest.raises(InputError, match="times: got 'pi', must be left out: this network has no"):
        build_program(NETWORK, system)
    network = replace(NETWORK, measured={"tx2": LayerTimes([1.0] * 12)})
    with pytest.raises(InputError, match="times: got 'pi', must be one of tx2"):
        build_program(network, system)
    system = load_system("table1", changes={"cloud.times": "tx2"})
    with pytest.raises(InputError, match=r"reading\.waiting: got 'printed', must be another one"):
        build_program(network, system, reading=PRINTED)
    with pytest.raises(InputError, match=r"pool\.nodes.*times|times: got 3"):
        load_system("table1", changes={"pool.times": 3})


def test_systems_with_times_are_written_and_read(tmp_path):
    system = load_system("pi_lte", changes={"pool.times": "pi", "cloud.times": "gpu"})
    save_system(system, tmp_path / "mine.toml")
    back = load_system(tmp_path / "mine.toml")
    assert (back.pool, back.cloud) == (system.pool, system.cloud)
    assert back.pool.devices[0].times == "pi"
