"""Early ends: the branch of an exit, and the queue before the master's model."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeopt.optim.framework.exits import exit_branch, run_exits, single_server
from edgeopt.optim.framework.plan import plan_cut
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.resources import Timeline
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.reading import PRINTED

MACS_7 = 9 * 64 * 64 * 28 * 28 + 64 * 1000  # 3 x 3, stride 2, on 64 maps of 56 x 56; then fc


def test_the_branch_is_a_convolution_and_a_layer(split: SplitSystem):
    branch = exit_branch(split, 7)
    assert branch.flop == 2 * MACS_7
    assert branch.bytes == 4 * (9 * 64 * 64 + 64 * 1000)
    assert exit_branch(split, 34) == (0.0, 0.0)


def test_a_map_without_area_gets_a_layer_alone(split: SplitSystem):
    alexnet = replace(split, profile=load_network("alexnet"))
    depth = alexnet.depth
    assert exit_branch(alexnet, depth - 1).flop == 2 * 4096 * 1000


def test_the_branch_is_counted_in_mac_as_printed(split: SplitSystem):
    assert exit_branch(replace(split, reading=PRINTED), 7).flop == MACS_7


def test_a_side_of_odd_length_is_rounded_up(split: SplitSystem):
    """Stride 2 with padding turns a map of 7 x 7 into one of 4 x 4."""
    cut = split.depth - 1
    branch = exit_branch(split, cut)
    shape = split.profile.layers[split.profile.cut_ends[cut - 1] - 1].output_shape
    side = -(-shape[1] // 2) if len(shape) == 3 else 0
    expected = 9 * shape[0] ** 2 * side**2 + shape[0] * 1000
    assert branch.flop == 2 * expected


@given(
    gaps=arrays(float, 9, elements=st.floats(0, 2)),
    service=arrays(float, 9, elements=st.floats(0, 3)),
)
def test_the_single_server_is_lindleys(gaps, service):
    arrival, free, ends = np.cumsum(gaps), 0.0, []
    for time, work in zip(arrival, service, strict=True):
        free = max(free, time) + work
        ends.append(free)
    np.testing.assert_allclose(single_server(arrival, service), ends, rtol=1e-12, atol=1e-12)


def naive_exits(split, plan, timeline):
    """Serve the tasks one by one in the order in which they reach the master."""
    start, end, free = timeline.edge_end.copy(), timeline.edge_end.copy(), 0.0
    arrivals = []
    for task in range(len(start)):
        if plan.exit_flop[task] > 0:
            bits = split.upload_bits[plan.cut[task]] * plan.size[task]
            travel = 0.0 if timeline.node[task] == split.master else bits / split.lan_bit_s
            arrivals.append((timeline.edge_end[task] + travel, task))
    for arrival, task in sorted(arrivals):
        start[task] = max(arrival, free)
        free = end[task] = start[task] + plan.exit_flop[task] / split.speeds[split.master]
    return start, end


@pytest.mark.parametrize("seed", range(10))
def test_the_masters_queue_is_that_of_a_loop_over_tasks(mixed: SplitSystem, conditions, seed: int):
    rng = np.random.default_rng(seed)
    split = replace(mixed, master=int(rng.integers(mixed.nodes)))
    stream = Stream(np.sort(rng.uniform(0, 0.02, 30)), rng.integers(1, 4, 30).astype(float))
    plan = plan_cut(split, stream, conditions(stream), 7)
    flop = exit_branch(split, 7).flop * stream.size
    plan = plan._replace(exit_flop=np.where(rng.random(30) < 0.6, flop, 0.0))
    edge_end = stream.time + rng.uniform(0, 0.01, 30)
    times = [edge_end] * (len(Timeline._fields) - 1)
    timeline = Timeline(rng.integers(0, split.nodes, 30), *times)
    exits = run_exits(split, plan, timeline)
    start, end = naive_exits(split, plan, timeline)
    np.testing.assert_allclose(exits.start, start, rtol=1e-9)
    np.testing.assert_allclose(exits.end, end, rtol=1e-9)
