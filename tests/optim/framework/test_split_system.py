"""A network on a system: speeds, work, data and accuracy at every cut."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.systems.load import load_system


def test_speeds_give_the_times_of_the_offloading_terms(split: SplitSystem, mixed: SplitSystem):
    times = split.terms.execution_s
    np.testing.assert_allclose(split.work / split.speeds[0], times[0], rtol=1e-12)
    last = mixed.terms.execution_s[mixed.kinds, -1]
    np.testing.assert_allclose(mixed.work[-1] / mixed.speeds, last, rtol=1e-12)


def test_accuracy_falls_with_the_work_left_out(split: SplitSystem):
    half = replace(split, accuracy_drop=0.5)
    assert half.accuracy[[0, -1]].tolist() == [0.5, 1.0]
    assert (np.diff(half.accuracy) > 0).all()
    work = split.profile.edge_macs
    assert half.accuracy[20] == pytest.approx(1 - 0.5 * (1 - work[20] / work[-1]))


def test_the_accuracy_is_linear_in_the_work_by_hand(split: SplitSystem):
    """Four layers of equal work: 1 - 0.4 (1 - 1/4) = 0.7 after the first."""
    layers = tuple(Layer(f"fc{i}", "fc", 1000, 1000, (10,), (i - 1,)) for i in range(4))
    profile = Profile("four", (10,), layers, (1, 2, 3, 4))
    four = replace(split, profile=profile, accuracy_drop=0.4)
    np.testing.assert_allclose(four.accuracy, [0.6, 0.7, 0.8, 0.9, 1.0])


@pytest.mark.parametrize(
    "fields",
    [
        {"master": 10},
        {"lan_bit_s": 0.0},
        {"accuracy_drop": 1.1},
        {"uplink": "none"},
    ],
)
def test_settings_out_of_range_are_refused(split, fields):
    with pytest.raises(InputError, match=next(iter(fields))):
        replace(split, **fields)


def test_nodes_slower_than_the_link_cannot_share_it(split: SplitSystem):
    with pytest.raises(InputError, match="uplink: got 'shared', must be 'own'"):
        replace(split, system=load_system("pi_lte"), uplink="shared")


def test_each_node_has_the_row_of_its_kind(mixed: SplitSystem):
    kinds = list(mixed.system.pool.groups)
    assert [kinds[row] for row in mixed.kinds] == list(mixed.system.pool.devices)
    speeds = {device.name: speed for device, speed in zip(
        mixed.system.pool.devices, mixed.speeds, strict=True)}  # fmt: skip
    assert len(set(speeds.values())) == len(kinds)


def test_the_rate_without_queues_is_that_of_the_slowest_node(split: SplitSystem):
    assert split.rate_bit_s == 1e9 / 10  # ten nodes have a tenth of the link each
    assert replace(split, uplink="shared").rate_bit_s == 1e9
    slow = SplitSystem(load_network("resnet34"), load_system("pi_lte"))
    assert slow.rate_bit_s == slow.system.pool.per_node("throughput_bit_s").min()


def test_at_the_last_cut_nothing_is_left_to_send_or_to_do(split: SplitSystem):
    assert split.upload_bits[-1] == 0
    assert split.cloud_s[-1] == 0
    assert split.upload_bits[0] == 8 * 3 * 224 * 224
    assert split.cloud_s[0] == pytest.approx(split.flop[-1] / split.system.cloud.flops)


@pytest.mark.parametrize("cut", [35, -1, 1.0, True, "7", None])
def test_no_other_cut_is_one_of_the_network(split: SplitSystem, cut):
    with pytest.raises(InputError, match=r"a cut of resnet34, 0\.\.34"):
        split.check_cut("cut", cut)
    assert split.check_cut("cut", 34) == 34
    with pytest.raises(InputError, match=r"1\.\.34"):
        split.check_cut("cut", 0, at_least=1)
