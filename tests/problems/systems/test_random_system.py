"""Random systems: reproducible, valid, and spread over what may bind."""

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.arrays import random_batch
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.systems.system import random_system


def test_the_same_seed_gives_the_same_system():
    left, right = random_system(rng=3), random_system(rng=3)
    assert left.pool == right.pool
    assert left.tasks == right.tasks
    assert left.pool != random_system(rng=4).pool
    assert vars(random_batch(5, rng=1))["flops"].tolist() == random_batch(5, rng=1).flops.tolist()


@pytest.mark.parametrize(("nodes", "kinds"), [(1, 3), (4, 2), (9, 3)])
def test_sizes(nodes: int, kinds: int):
    pool = random_system(nodes=nodes, kinds=kinds, rng=0).pool
    assert pool.nodes == nodes
    assert len(pool.groups) == min(nodes, kinds)


def test_each_constraint_binds_in_some_systems():
    network = load_network("alexnet")
    programs = [build_program(network, random_system(rng=seed)) for seed in range(60)]
    violated = np.array([(~program.holds).any(axis=1) for program in programs])
    assert (violated.mean(axis=0) > 0.05).all()
    assert any(program.feasible.any() for program in programs)


def test_a_batch_has_one_leading_axis():
    batch = random_batch(7, rng=0)
    values = {name: value for name, value in vars(batch).items() if value is not None}
    del values["one_link"]
    assert {np.shape(value) for value in values.values()} == {(7, 1, 1)}
    assert batch.one_link is False


def test_a_seed_always_gives_the_same_numbers():
    """Published results name seeds; a change of a range or of the order would change them all."""
    expected = {
        "count": 26.0,
        "nodes": 26.0,
        "flops": 34639644598.91805,
        "memory_bandwidth_byte_s": np.inf,
        "rate_bit_s": 464487.1458587743,
        "static_power_w": 6.505343586220127,
        "omega": 6.817242176850231e-21,
        "kappa": 0.0,
        "clock_hz": 0.0,
        "energy_budget_j": 6605.52479805032,
        "memory_limit_bytes": 115094113.80028298,
        "cloud_flops": 5096504597132.462,
        "round_trip_s": 0.07480579390302146,
        "energy_j_bit": 2.432824139355615e-07,
        "inverse_rate_s_bit": 9.87467929353893e-07,
        "size_bytes": 224 * 224 * 3,
        "arrival_hz": 612.9028564892774,
        "deadline_s": 0.0573707116468724,
        "period_s": 3600.0,
        "one_link": 0.0,
    }
    given = {k: v for k, v in vars(random_batch(1, rng=0)).items() if v is not None}
    found = {name: float(np.squeeze(value)) for name, value in given.items()}
    assert found == pytest.approx(expected, rel=4e-15)
    many = random_batch(2000, rng=0)
    assert (many.nodes.min(), many.nodes.max()) == (1.0, 30.0)
    # the nodes of the sixth system send as fast as they can, which is less than their share
    assert float(many.rate_bit_s[5, 0, 0]) == pytest.approx(10128889.518799879, rel=4e-15)


def test_a_seed_always_gives_the_same_system():
    system = random_system(nodes=3, kinds=2, rng=0)
    first, second, third = system.pool.devices
    assert third == second != first
    assert (first.name, second.name) == ("kind0", "kind1")
    expected = {
        "flops": 187898526614.99503,
        "memory_bytes": 4316336.178152552,
        "throughput_bit_s": 371816980.1956365,
        "energy_budget_j": 54735.20283788646,
        "memory_bandwidth_byte_s": np.inf,
        "static_power_w": 4.042367334155789,
        "omega": 3.112624809006883e-23,
        "kappa": 8.896934705887639e-30,
        "clock_hz": 810783445.9864873,
    }
    assert {name: getattr(first, name) for name in expected} == pytest.approx(expected, rel=4e-15)
    assert vars(system.link) == pytest.approx(
        {
            "bandwidth_bit_s": 121038195.53385453,
            "round_trip_s": 0.023976951242990784,
            "energy_j_bit": 5.2255608584781424e-08,
        },
        rel=4e-15,
    )
    found = system.pool.memory_share, system.cloud.flops, system.tasks.arrival_hz
    found += system.tasks.deadline_s, *system.uplink.rates_bit_s[[0, 7]]
    assert found == pytest.approx(
        (
            *(0.5878278103012795, 13274606911924.346, 147.34430649322223, 0.7171086807442926),
            *(8332988.126847064, 5604818.946752578),
        ),
        rel=4e-15,
    )


def test_sizes_must_be_positive():
    for build in (
        lambda: random_system(nodes=0),
        lambda: random_system(kinds=0),
        lambda: random_batch(0),
    ):
        with pytest.raises(InputError, match=">= 1"):
            build()
