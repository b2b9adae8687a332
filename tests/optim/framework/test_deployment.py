"""Deployment: choosing the master, sending the model."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.optim.framework.deployment import choose_master, deploy
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.errors import InputError
from edgeopt.problems.systems.load import load_system


def test_multicast_sends_the_model_once(split: SplitSystem):
    cost = deploy(split, 1e6)
    # 1 MB at 1 Gbit/s from the cloud, half of 20 ms, 1 MB at 1 Gbit/s to all nodes at once
    assert cost.seconds == pytest.approx(8e6 / 1e9 + 0.01 + 8e6 / 1e9)
    assert (cost.cloud_bytes, cost.lan_bytes) == (1e6, 1e6)


def test_unicast_sends_it_to_one_node_after_another(split: SplitSystem):
    cost = deploy(split, 1e6, "unicast")
    assert cost.lan_bytes == 9e6
    assert cost.seconds == pytest.approx(8e6 / 1e9 + 0.01 + 9 * 8e6 / 1e9)


def test_a_single_node_needs_no_edge_network(split: SplitSystem):
    alone = replace(split, system=load_system("table1", nodes=1))
    for transport in ("multicast", "unicast"):
        assert deploy(alone, 1e6, transport).lan_bytes == 0


def test_the_masters_own_interface_limits(split: SplitSystem):
    lte = replace(split, system=load_system("pi_lte"))
    assert deploy(lte, 1e6).seconds == pytest.approx(8e6 / 6e6 + 0.035 + 8e6 / 1e9)


def test_the_master_is_the_most_capable_or_drawn(mixed: SplitSystem):
    pool = mixed.system.pool
    rng = np.random.default_rng(0)
    assert pool.devices[choose_master(pool, "capability", rng)].name == "jetson_xavier_nx"
    drawn = np.bincount([choose_master(pool, "random", rng) for _ in range(3000)], minlength=10)
    assert (np.abs(drawn - 300) < 5 * np.sqrt(270)).all()


def test_of_equal_nodes_the_first_is_master(split: SplitSystem):
    assert choose_master(split.system.pool, "capability", np.random.default_rng(0)) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: deploy(s, -1.0), "size_bytes"),
        (lambda s: deploy(s, 1.0, "pigeon"), "transport: got 'pigeon'"),
        (lambda s: choose_master(s.system.pool, "fastest", np.random.default_rng(0)), "master"),
    ],
)
def test_bad_values_are_refused(split: SplitSystem, call, message):
    with pytest.raises(InputError, match=message):
        call(split)
