"""A cut for each node: the mixed-integer program against enumeration."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.offloading.per_node_cuts import NodeProgram, node_program, solve_node_program
from edgeopt.optim.offloading.solvers import scan
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.offloading.reading import CORRECTED
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import Device, Pool, random_system

ALEXNET = load_network("alexnet")


def enumerate_assignments(program: NodeProgram) -> float | None:
    """Least mean cost over every assignment of a cut to each single node."""
    kinds = np.repeat(np.arange(program.count.size), program.count)
    best = None
    for cuts in product(range(program.cost.shape[1]), repeat=kinds.size):
        places = (kinds, np.array(cuts))
        fits = (
            program.allowed[places].all()
            and program.link_use[places].sum() <= 1 + 1e-9
            and program.cloud_use[places].sum() <= 1 + 1e-9
        )
        if fits:
            cost = float(program.cost[places].mean())
            best = cost if best is None else min(best, cost)
    return best


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_finds_the_best_assignment(seed: int):
    rng = np.random.default_rng(seed)
    shape = (2, int(rng.integers(2, 5)))
    program = NodeProgram(
        count=rng.integers(1, 3, size=2),
        cost=rng.integers(0, 9, size=shape).astype(float),
        allowed=rng.random(shape) < 0.8,
        link_use=rng.random(shape) * 0.7,
        cloud_use=rng.random(shape) * 0.7,
    )
    expected, found = enumerate_assignments(program), solve_node_program(program)
    if expected is None:
        assert found.nodes_at_cut is None
        assert found.mean_cost is None
        return
    assert found.mean_cost == pytest.approx(expected, abs=1e-6)
    assert found.nodes_at_cut.sum(axis=1).tolist() == program.count.tolist()
    assert not found.nodes_at_cut[~program.allowed].any()


def test_a_small_node_no_longer_holds_back_the_others():
    big = Device("big", flops=1e11, memory_bytes=1e9)
    small = replace(big, name="small", memory_bytes=12e6)
    system = replace(load_system("table1"), pool=Pool((big, big, small)))
    common = scan(build_program(ALEXNET, system)).cut
    nodes = solve_node_program(node_program(ALEXNET, system)).nodes_at_cut
    depth = [int(np.flatnonzero(row).max()) for row in nodes]
    assert depth[1] == common < depth[0] == ALEXNET.depth


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("objective", ["deepest", "delay", "energy"])
def test_own_cuts_are_no_worse_than_a_common_one(seed: int, objective: str):
    system = random_system(nodes=6, rng=seed)
    program = node_program(ALEXNET, system, objective=objective)
    common = [
        float((program.cost[:, j] * program.count).sum() / program.count.sum())
        for j in range(ALEXNET.depth + 1)
        if program.allowed[:, j].all()
        and (program.link_use[:, j] * program.count).sum() <= 1
        and (program.cloud_use[:, j] * program.count).sum() <= 1
    ]
    found = solve_node_program(program)
    if common:
        assert found.mean_cost <= min(common) + 1e-6 * abs(min(common))


def test_each_node_is_held_to_its_own_limits():
    system = random_system(nodes=4, rng=1)
    program = node_program(ALEXNET, system)
    memory = build_program(ALEXNET, system).terms.memory_bytes
    limits = [system.pool.memory_share * device.memory_bytes for device in system.pool.groups]
    assert not program.allowed[memory > np.array(limits)[:, np.newaxis]].any()
    free = replace(system, tasks=replace(system.tasks, arrival_hz=1e-6, deadline_s=1e9))
    assert node_program(ALEXNET, free).allowed.sum() >= program.allowed.sum()


def test_a_node_must_carry_its_share_of_the_tasks():
    # 30 tasks/s on ten nodes: cut 0 sends 3 x 150,528 bytes a second from each
    system = load_system("table1", changes={"tasks.deadline_s": 1e3})
    needed = 3 * 8 * 150_528
    assert system.link.bandwidth_bit_s / 10 > needed
    for rate, allowed in ((0.99 * needed, False), (1.01 * needed, True)):
        device = replace(system.pool.devices[0], throughput_bit_s=rate)
        limited = replace(system, pool=replace(system.pool, devices=(device,) * 10))
        assert node_program(load_network("resnet34"), limited).allowed[0, 0] == allowed
    program = node_program(load_network("resnet34"), system)
    assert program.link_use[0, 0] == pytest.approx(needed / 1e9)
    total = 2 * 3_663_761_408  # FLOP of the whole network, 3 times a second from each node
    assert program.cloud_use[0, 0] == pytest.approx(3 * total / 10e12)


def test_each_node_waits_in_its_own_queue():
    system = load_system("table1")
    waits = node_program(load_network("resnet34"), system, objective="delay")
    pooled = build_program(load_network("resnet34"), system, objective="delay")
    assert waits.cost[0, 34] > pooled.goal[34]  # one queue before ten nodes waits less


def test_only_objectives_of_a_node_are_known():
    with pytest.raises(InputError, match="objective"):
        node_program(ALEXNET, load_system("table1"), reading=CORRECTED, objective="throughput")


def test_a_delay_at_the_deadline_is_allowed():
    system = load_system("table1")
    delay = node_program(ALEXNET, system, objective="delay").cost[0]
    exact = replace(system, tasks=replace(system.tasks, deadline_s=float(delay[3])))
    within = replace(exact, tasks=replace(exact.tasks, deadline_s=float(delay[3]) * (1 - 1e-15)))
    assert node_program(ALEXNET, exact).allowed[0, 3]
    assert not node_program(ALEXNET, within).allowed[0, 3]


def test_small_costs_differ_too():
    use, free = np.array([[0.0, 0.6], [0.6, 0.0]]), np.zeros((2, 2))
    cost = np.array([[3.0, 1.0], [1.0, 2.0]])
    for unit in (1.0, 1e-12):
        program = NodeProgram(np.array([1, 1]), cost * unit, np.ones((2, 2), bool), use, free)
        found = solve_node_program(program)
        assert found.nodes_at_cut.tolist() == [[0, 1], [0, 1]]
        assert found.mean_cost == pytest.approx(1.5 * unit)
