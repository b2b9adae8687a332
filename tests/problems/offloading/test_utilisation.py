"""The load of the busiest queue, by hand on nodes of two kinds."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED
from edgeopt.problems.offloading.terms import terms_of
from edgeopt.problems.systems import system as parts

ALEXNET = load_network("alexnet")
CUT = 5
ARRIVAL_HZ = 3.0


def system_of(*flops: float, cloud: float = 1e15, bandwidth: float = 1e15) -> parts.System:
    """Return a system whose nodes have these speeds, with a cloud and a link without load."""
    devices = tuple(parts.Device(f"node{speed:g}", speed, 1e12) for speed in flops)
    return parts.System(
        name="by hand",
        pool=parts.Pool(devices),
        cloud=parts.Cloud(cloud),
        link=parts.CloudLink(bandwidth),
        uplink=parts.TerminalLink([1e9]),
        tasks=parts.TaskStream(ARRIVAL_HZ, 1.0),
    )


@pytest.mark.parametrize("flops", [(1e9, 1e9, 4e9), (4e9, 1e9, 1e9)])
def test_with_a_queue_each_the_slowest_kind_of_node_decides(flops):
    """M/M/1 at a / x = 1 task/s on each of three nodes; the slow ones do 1 GFLOP/s."""
    terms = terms_of(ALEXNET, system_of(*flops), replace(CORRECTED, waiting="mm1"))
    flop = 2.0 * ALEXNET.edge_macs[CUT]
    assert float(terms.utilisation[..., CUT].squeeze()) == pytest.approx(1.0 * flop / 1e9)


def test_as_printed_the_slowest_node_meets_all_arrivals():
    terms = terms_of(ALEXNET, system_of(1e9, 4e9), PRINTED)
    work = float(ALEXNET.edge_macs[CUT]) * float(PRINTED.flop_per_mac)
    assert float(terms.utilisation[..., CUT].squeeze()) == pytest.approx(3.0 * work / 1e9)


def test_one_queue_before_all_nodes_is_served_at_the_sum_of_their_speeds():
    terms = terms_of(ALEXNET, system_of(1e9, 1e9, 4e9), CORRECTED)
    flop = 2.0 * ALEXNET.edge_macs[CUT]
    assert float(terms.utilisation[..., CUT].squeeze()) == pytest.approx(3.0 * flop / 6e9)


def test_the_cloud_or_the_link_may_be_the_busiest():
    reading = replace(CORRECTED, waiting="mm1")
    slow_cloud = terms_of(ALEXNET, system_of(1e15, cloud=1e9), reading)
    left = 2.0 * (ALEXNET.edge_macs[-1] - ALEXNET.edge_macs[CUT])
    assert float(slow_cloud.utilisation[..., CUT].squeeze()) == pytest.approx(3.0 * left / 1e9)
    slow_link = terms_of(ALEXNET, system_of(1e15, bandwidth=1e6), reading)
    bits = 32.0 * ALEXNET.crossing_elements[CUT]
    assert float(slow_link.utilisation[..., CUT].squeeze()) == pytest.approx(3.0 * bits / 1e6)
    assert np.all(slow_link.utilisation[..., -1] < 1)  # nothing is sent at the last cut
