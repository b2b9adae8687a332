"""Clairvoyant scheduling lies between the bound and what dispatch reaches."""

import itertools

import numpy as np
import pytest

from edgeopt.optim.online.clairvoyant import (
    least_edge_delay_s,
    queue_of_nodes,
    reassign,
    simulate_clairvoyant,
)
from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages, Uplink
from edgeopt.problems.errors import InputError


def random_case(seed, tasks, nodes):
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.exponential(1.0, tasks))
    work = rng.exponential(0.9 * nodes, tasks) * (rng.random(tasks) < 0.9)
    nothing = np.zeros(tasks)
    return time, Stages(work, nothing, nothing, nothing), Resources(rng.uniform(0.5, 2.0, nodes))


def ends(time, stages, resources, node):
    """When tasks end if each node works in the order of arrival."""
    free, end = [0.0] * resources.nodes, []
    for arrival, work, j in zip(time, stages.edge, node, strict=True):
        if work == 0:
            end.append(arrival)
        else:
            free[j] = max(arrival, free[j]) + work / resources.flops[j]
            end.append(free[j])
    return np.array(end)


@pytest.mark.parametrize("seed", range(20))
def test_between_the_bound_and_dispatch_and_near_the_optimum(seed):
    time, stages, resources = random_case(seed, 7, 3)
    best = min(
        (ends(time, stages, resources, node) - time).mean()
        for node in itertools.product(range(3), repeat=7)
    )
    timeline = simulate_clairvoyant(time, stages, resources)
    mean = (timeline.edge_end - time).mean()
    greedy = simulate_dispatch(time, stages, resources, rule="earliest-finish")
    assert least_edge_delay_s(time, stages, resources) <= best * (1 + 1e-12)
    assert best * (1 - 1e-12) <= mean <= (greedy.edge_end - time).mean() * (1 + 1e-12)
    assert mean <= best * 1.25
    np.testing.assert_allclose(timeline.edge_end, ends(time, stages, resources, timeline.node))
    spent = timeline.edge_end - timeline.edge_start
    np.testing.assert_allclose(spent, stages.edge / resources.flops[timeline.node], atol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_no_single_move_is_better_in_the_end(seed):
    time, stages, resources = random_case(seed, 25, 3)
    timeline = simulate_clairvoyant(time, stages, resources)
    total = timeline.edge_end.sum()
    for task, node in itertools.product(range(25), range(3)):
        moved = timeline.node.copy()
        moved[task] = node
        assert ends(time, stages, resources, moved).sum() >= total - 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_a_sweep_keeps_queues_and_ends_true(seed):
    time, stages, resources = random_case(seed, 200, 4)
    node = np.random.default_rng(seed).integers(0, 4, 200)
    queues = queue_of_nodes(time, stages.edge, resources.flops, node)
    before = np.inf
    for _ in range(3):
        np.testing.assert_allclose(queues.end, ends(time, stages, resources, queues.node))
        assert queues.end.sum() <= before
        before = queues.end.sum()
        reassign(time, stages.edge, resources.flops, queues)


def test_the_bound_by_hand():
    # One machine of speed 2: the task of 4 is interrupted by the task of 2 at time 1.
    nothing = np.zeros(2)
    stages = Stages(np.array([4.0, 1.0]), nothing, nothing, nothing)
    bound = least_edge_delay_s(np.array([0.0, 1.0]), stages, Resources([1.0, 1.0]))
    assert bound == pytest.approx(max((2.5 + 0.5) / 2, (4 + 1) / 2))
    bound = least_edge_delay_s(np.array([0.0, 1.0]), stages, Resources([1.5, 0.5]))
    assert bound == pytest.approx(max((2.5 + 0.5) / 2, (4 + 1) / 2 / 1.5))


def test_the_way_beyond_the_edge_is_simulated_too():
    stages = Stages(*(np.array([1.0]) for _ in range(4)))
    timeline = simulate_clairvoyant(np.zeros(1), stages, Resources([1.0], Uplink([1.0])))
    assert timeline.finish.tolist() == [4.0]
    with pytest.raises(InputError, match="sweeps"):
        simulate_clairvoyant(np.zeros(1), stages, Resources([1.0]), sweeps=-1)
