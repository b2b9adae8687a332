"""P1 at every cut against an independent scalar calculation, in both readings."""

import math
from dataclasses import replace

import numpy as np
import pytest
from naive.offloading import erlang_wait

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.arrays import network_arrays, random_batch
from edgeopt.problems.offloading.program import (
    DELAY_PARTS,
    CutProgram,
    build_program,
    delay_parts_s,
    meets_constraints,
)
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED, Reading
from edgeopt.problems.offloading.terms import CutTerms
from edgeopt.problems.systems import system as parts
from edgeopt.problems.systems.system import Device, Pool, System, random_system

CHAIN = Profile(
    name="chain",
    input_shape=(10,),
    layers=(
        Layer("a", "conv", 1_000, 10, (20,), (-1,)),
        Layer("b", "conv", 3_000, 20, (5,), (0,)),
        Layer("c", "fc", 500, 40, (5,), (1,)),
    ),
    cut_ends=(1, 2, 3),
)
NODE = Device(
    "node",
    flops=1e5,
    memory_bytes=1_000,
    throughput_bit_s=4_000,
    energy_budget_j=50.0,
    static_power_w=2.0,
    omega=1e-9,
    kappa=1e-6,
    clock_hz=10.0,
)
SYSTEM = System(
    name="small",
    pool=Pool((NODE, NODE), memory_share=0.5),
    cloud=parts.Cloud(1e6),
    link=parts.CloudLink(6_000.0, round_trip_s=0.1, energy_j_bit=1e-4),
    uplink=parts.TerminalLink([800.0]),
    tasks=parts.TaskStream(arrival_hz=2.0, deadline_s=0.5, period_s=100.0),
)


def test_all_terms_by_hand():
    terms = build_program(CHAIN, SYSTEM).terms
    assert terms.memory_bytes.tolist() == [0, 120, 220, 400]
    assert terms.crossing_bits.tolist() == [80, 640, 160, 0]  # cut 0: ten bytes as they came
    assert terms.execution_s[0].tolist() == pytest.approx([0, 0.02, 0.08, 0.09])
    rate = 3_000  # half of the shared link, below the node's own 4,000 bit/s
    link = [80 / rate + 0.05, 640 / rate + 0.05, 160 / rate + 0.05, 0]
    assert terms.link_s[0].tolist() == pytest.approx(link)
    assert terms.cloud_s.tolist() == pytest.approx([0.009, 0.007, 0.001, 0])
    assert float(terms.uplink_s) == pytest.approx(80 / 800)
    # M/M/2: C = 2 rho^2 / (1 + rho), W = C s / (2 (1 - rho)), rho = a s / 2 = s
    s = np.array([0, 0.02, 0.08, 0.09])
    wait = 2 * s**2 / (1 + s) * s / (2 * (1 - s))
    assert terms.waiting_s[0] == pytest.approx(wait)
    # two tasks/s through a link of 6,000 bit/s are more work for it than s is for the nodes
    assert terms.utilisation[0] == pytest.approx([160 / 6_000, 1_280 / 6_000, 0.08, 0.09])
    delay = wait + s + np.array(link) + [0.009, 0.007, 0.001, 0] + 0.1
    assert terms.delay_s[0] == pytest.approx(delay)


def test_segments_are_what_lies_between_cuts():
    work = network_arrays(CHAIN, CORRECTED)
    assert work.segment_flop.tolist() == [0, 2_000, 6_000, 1_000]
    # parameters of a, b and c, and the map that each writes, in float32
    assert work.segment_bytes.tolist() == [0, 4 * (10 + 20), 4 * (20 + 5), 4 * (40 + 5)]


def test_equal_nodes_share_the_time_without_rounding():
    alexnet = load_network("alexnet")
    terms = build_program(alexnet, replace(SYSTEM, pool=Pool((NODE,) * 3))).terms
    assert terms.pool_s.tolist() == (terms.execution_s / 3.0).tolist()


def test_energies_by_hand():
    terms = build_program(CHAIN, SYSTEM).terms
    flop, seconds = np.array([0, 2e3, 8e3, 9e3]), np.array([0, 0.02, 0.08, 0.09])
    task = 2.0 * seconds + 1e-9 * flop * 1e5 + 1e-4 * np.array([80, 640, 160, 0])
    assert terms.task_energy_j[0] == pytest.approx(task)
    assert terms.period_energy_j[0] == pytest.approx(100 * task)  # 200 tasks over two nodes
    cmos = build_program(CHAIN, SYSTEM, reading=replace(CORRECTED, dynamic="cmos")).terms
    assert cmos.task_energy_j[0] == pytest.approx(task + 1e-4 * flop - 1e-4 * flop)
    idle = build_program(CHAIN, SYSTEM, reading=replace(CORRECTED, idle_power=True)).terms
    assert idle.period_energy_j[0] == pytest.approx(100 * task + 2.0 * (100 - 100 * seconds))
    busy = replace(SYSTEM, tasks=replace(SYSTEM.tasks, arrival_hz=40.0))  # 20 x 0.08 s a second
    terms = build_program(CHAIN, busy, reading=replace(CORRECTED, idle_power=True)).terms
    assert terms.period_energy_j[0, 2:] == pytest.approx(20 * 100 * task[2:])  # never idle


def test_the_mean_energy_counts_every_node_of_a_mixed_pool():
    strong = replace(NODE, name="strong", static_power_w=8.0)
    system = replace(SYSTEM, pool=Pool((NODE, strong, NODE)))
    terms = build_program(CHAIN, system).terms
    weak_j, strong_j = terms.task_energy_j
    assert strong_j[1:] == pytest.approx(weak_j[1:] + 6.0 * np.array([0.02, 0.08, 0.09]))
    assert terms.mean_energy_j[0] == pytest.approx((2 * weak_j + strong_j) / 3)


def test_constraints_values_limits_and_slacks():
    program = build_program(CHAIN, SYSTEM)
    assert program.limits[:, 0].tolist() == [500, 0.5, 50, 1]
    assert program.slacks == pytest.approx(program.limits - program.values)
    assert program.holds[0].all()
    # energy of a node in one period: 0.8, 30.4, 97.6 and 108 J
    assert program.feasible.tolist() == [True, True, False, False]
    tight = replace(SYSTEM, pool=Pool((replace(NODE, memory_bytes=300),)))
    assert build_program(CHAIN, tight).holds[0].tolist() == [True, True, True, False]


def test_the_printed_reading():
    program = build_program(CHAIN, SYSTEM, reading=PRINTED)
    terms = program.terms
    assert terms.memory_bytes.tolist() == [0, 30, 55, 100]
    assert terms.execution_s[0].tolist() == pytest.approx([0, 0.01, 0.04, 0.045])
    assert terms.link_s[0] == pytest.approx(np.array([10, 20, 5, 5]) / 4_000)
    work = np.array([0, 1e3, 4e3, 4.5e3])
    assert terms.waiting_s[0] == pytest.approx(2 * work / (1e5 * (1e5 - 2 * work)))
    assert float(terms.uplink_s) == pytest.approx(2 * 80 / 800)  # summed over both nodes
    parts = terms.waiting_s + terms.execution_s + terms.link_s + terms.uplink_s
    assert terms.delay_s == pytest.approx(parts)  # (22): without the cloud's time


def test_the_paper_knows_neither_roofline_nor_radio():
    slow_memory = replace(NODE, memory_bandwidth_byte_s=1e3)
    system = replace(SYSTEM, pool=Pool((slow_memory, slow_memory), memory_share=0.5))
    printed = build_program(CHAIN, system, reading=PRINTED).terms
    assert printed.execution_s[0].tolist() == pytest.approx([0, 0.01, 0.04, 0.045])
    # 2 W for the time of computing, and 1e-9 J s/FLOP^2 times Z F
    assert printed.task_energy_j[0].tolist() == pytest.approx([0, 0.12, 0.48, 0.54])
    # 120, 100 and 180 bytes at 1 kB/s take longer than the work of the segments
    roofline = build_program(CHAIN, system).terms
    assert roofline.execution_s[0].tolist() == pytest.approx([0, 0.12, 0.22, 0.4])


def scalar_delay(system: System, profile: Profile, cut: int, reading: Reading) -> float:
    """Delay on the slowest node, in plain Python."""
    x, a = system.pool.nodes, system.tasks.arrival_hz
    flop = [2.0 * float(m) for m in profile.edge_macs]
    times = [flop[cut] / device.flops for device in system.pool.devices]
    if reading.waiting == "mm1":
        waits = [a / x * t * t / (1 - a / x * t) if a / x * t < 1 else math.inf for t in times]
    else:
        mean = x / sum(1 / t for t in times) if cut else 0.0
        waits = [erlang_wait(a, mean, x)] * x
    size = profile.output_elements[0] * 8 if cut == 0 else profile.crossing_elements[cut] * 32
    rates = [min(system.link.bandwidth_bit_s / x, d.throughput_bit_s) for d in system.pool.devices]
    sends = [size / rate + system.link.round_trip_s / 2 * (size > 0) for rate in rates]
    cloud = (flop[-1] - flop[cut]) / system.cloud.flops
    return max(w + t + s for w, t, s in zip(waits, times, sends, strict=True)) + cloud


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("waiting", ["mmx", "mm1"])
def test_delays_of_mixed_pools_equal_a_scalar_calculation(seed: int, waiting: str):
    profile, system = load_network("alexnet"), random_system(nodes=7, rng=seed)
    reading = replace(CORRECTED, waiting=waiting, uplink_counts=False)
    program = build_program(profile, system, reading=reading)
    expected = [scalar_delay(system, profile, j, reading) for j in range(profile.depth + 1)]
    assert program.values[1] == pytest.approx(expected, rel=1e-9)


def test_the_energy_row_shows_the_node_nearest_to_its_budget():
    poor = replace(NODE, name="poor", energy_budget_j=1.0)
    system = replace(SYSTEM, pool=Pool((NODE, poor, replace(NODE, energy_budget_j=math.inf))))
    program = build_program(CHAIN, system)
    assert program.limits[2].tolist() == [1.0] * 4


def test_the_nearest_node_is_nearest_in_per_cent():
    strong = replace(NODE, name="strong", static_power_w=40.0)
    weak_j, strong_j = build_program(
        CHAIN, replace(SYSTEM, pool=Pool((NODE, strong)))
    ).terms.period_energy_j[:, 3]
    # the weak node has less left, the strong one has used more of its budget
    weak = replace(NODE, energy_budget_j=weak_j + 0.9 * strong_j)
    strong = replace(strong, energy_budget_j=2.0 * strong_j)
    program = build_program(CHAIN, replace(SYSTEM, pool=Pool((weak, strong))))
    assert program.values[2, 3] / program.limits[2, 3] == pytest.approx(0.5)


def test_an_unstable_queue_is_a_violated_constraint():
    busy = replace(SYSTEM, tasks=replace(SYSTEM.tasks, arrival_hz=30.0))
    nodes = Pool((replace(NODE, throughput_bit_s=1e9),) * 2)
    program = build_program(
        CHAIN, replace(busy, pool=nodes, link=parts.CloudLink(1e9), cloud=parts.Cloud(1e12))
    )
    # rho = 30 s / 2 with s = 0, 0.02, 0.08, 0.09
    assert program.values[3] == pytest.approx([0, 0.3, 1.2, 1.35], abs=1e-4)
    assert program.holds[3].tolist() == [True, True, False, False]
    assert program.values[1, 2:].tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("waiting", ["mm1", "mmx", "mdx"])
def test_an_overloaded_link_or_cloud_violates_the_stability_too(waiting: str):
    reading = replace(CORRECTED, waiting=waiting)
    fast = tuple(replace(NODE, flops=flops, throughput_bit_s=1e9) for flops in (1e9, 2e9))
    system = replace(
        SYSTEM, pool=Pool(fast), tasks=parts.TaskStream(arrival_hz=12.0, deadline_s=9.0)
    )
    # 12 tasks/s of 80, 640 and 160 bit over 6,000 bit/s; the cloud needs 9, 7 and 1 ms
    loads = build_program(CHAIN, system, reading=reading).values[3]
    assert loads[:3] == pytest.approx([0.16, 1.28, 0.32])
    system = replace(system, link=parts.CloudLink(1e9), cloud=parts.Cloud(1e5))
    loads = build_program(CHAIN, system, reading=reading).values[3]
    assert loads[:3] == pytest.approx([12 * 0.09, 12 * 0.07, 12 * 0.01])
    # the paper knows neither: 12 tasks/s of 1 to 4.5 kMAC on the slower node
    printed = build_program(CHAIN, system, reading=PRINTED).values[3]
    assert printed == pytest.approx(np.array([0, 12e3, 48e3, 54e3]) / 1e9)


def goals(objective: str, weight: float = 0.0) -> CutProgram:
    return build_program(CHAIN, SYSTEM, objective=objective, weight=weight)


def test_objectives():
    terms = goals("delay").terms
    assert goals("deepest").goal.tolist() == [0, 1, 2, 3]
    assert goals("deepest").cost.tolist() == [0, -1, -2, -3]
    assert goals("delay").goal == pytest.approx(terms.delay_s[0])
    assert goals("energy").goal == pytest.approx(terms.mean_energy_j[0])
    weighted = terms.delay_s[0] + 0.5 * terms.mean_energy_j[0]
    assert goals("weighted", 0.5).goal == pytest.approx(weighted)
    # two nodes, a link of 6,000 bit/s and the cloud work on different tasks at once
    edge, link = np.array([0, 0.01, 0.04, 0.045]), np.array([80, 640, 160, 0]) / 6_000
    stages = np.maximum(np.maximum(edge, link), [0.009, 0.007, 0.001, 0])
    assert goals("throughput").goal == pytest.approx(stages)
    slow = replace(SYSTEM, cloud=parts.Cloud(1e5), link=parts.CloudLink(1e9))
    slow = replace(slow, pool=Pool((replace(NODE, throughput_bit_s=1e9),) * 2))
    stages = [0.09, 0.07, 0.04, 0.045]  # the cloud, then the edge
    goal = build_program(CHAIN, slow, objective="throughput").goal
    assert goal == pytest.approx(stages)
    for name in ("delay", "energy", "weighted", "throughput"):  # the less the better
        assert goals(name).cost.tolist() == goals(name).goal.tolist()


def test_peak_memory_needs_less_than_the_sum():
    profile, system = load_network("resnet34"), SYSTEM
    total = build_program(profile, system).terms.memory_bytes
    peak = build_program(profile, system, reading=replace(CORRECTED, memory="peak"))
    assert (peak.terms.memory_bytes[10:] < total[10:]).all()


@pytest.mark.parametrize("seed", range(12))
def test_a_cut_is_feasible_if_every_node_meets_every_constraint(seed: int):
    program = build_program(load_network("alexnet"), random_system(nodes=6, rng=seed))
    assert meets_constraints(program.terms).ravel().tolist() == program.feasible.tolist()
    assert (program.slacks >= 0).all(axis=0).tolist() == program.feasible.tolist()


def test_each_system_of_a_batch_meets_its_own_constraints():
    work, batch = network_arrays(load_network("alexnet"), CORRECTED), random_batch(20, rng=1)
    together = meets_constraints(CutTerms(work, batch, CORRECTED))
    assert 0 < together.sum() < together.size
    for index, row in enumerate(together):
        rows = {name: x[index : index + 1] for name, x in vars(batch).items() if np.ndim(x)}
        alone = replace(batch, **rows)
        assert meets_constraints(CutTerms(work, alone, CORRECTED)).tolist() == [row.tolist()]


def test_a_program_keeps_what_it_was_built_from():
    program = build_program(CHAIN, SYSTEM, reading=PRINTED, objective="weighted", weight=0.5)
    assert program.profile is CHAIN
    assert program.system is SYSTEM
    assert (program.reading, program.weight, program.depth) == (PRINTED, 0.5, 3)
    settings = {"objective": program.objective.name, "weight": program.weight}
    again = build_program(program.profile, program.system, reading=program.reading, **settings)
    assert again.goal.tolist() == program.goal.tolist()


def test_bad_objectives():
    with pytest.raises(InputError, match="objective"):
        goals("cheapest")
    with pytest.raises(InputError, match="weight"):
        goals("weighted", -1.0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("reading", [CORRECTED, PRINTED], ids=lambda reading: reading.name)
def test_the_parts_of_the_delay_sum_to_it(seed: int, reading: Reading):
    program = build_program(load_network("alexnet"), random_system(rng=seed), reading=reading)
    parts = delay_parts_s(program)
    assert tuple(parts) == DELAY_PARTS
    assert sum(parts.values()) == pytest.approx(program.values[1])
    free = replace(reading, uplink_counts=False, cloud_counts=False)
    parts = delay_parts_s(build_program(program.profile, program.system, reading=free))
    assert not parts["uplink"].any()
    assert not parts["cloud"].any()
