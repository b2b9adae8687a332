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
    assert {np.shape(value) for value in vars(batch).values()} == {(7, 1, 1)}


def test_sizes_must_be_positive():
    for build in (
        lambda: random_system(nodes=0),
        lambda: random_system(kinds=0),
        lambda: random_batch(0),
    ):
        with pytest.raises(InputError, match=">= 1"):
            build()
