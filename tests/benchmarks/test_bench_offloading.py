"""How long a scan takes: one system, 100,000 systems, and two plain Python rivals.

Run with ``pytest tests/benchmarks/test_bench_offloading.py``.
"""

import math

import numpy as np
import pytest

from optim.offloading.batch import best_cuts
from optim.offloading.mincut import min_cut
from optim.offloading.network_split import split_costs
from optim.offloading.relaxation import relax
from optim.offloading.scan import scan
from problems.offloading.columns import Columns, columns_of
from problems.offloading.generate_systems import random_batch
from problems.offloading.networks import load_network
from problems.offloading.program import build_program
from problems.offloading.reading import CORRECTED
from problems.offloading.system_file import load_system
from problems.offloading.work import Work, work_of

NETWORK = load_network("resnet34")
WORK = work_of(NETWORK, CORRECTED)
SYSTEMS = 100_000


def plain_loop(work: Work, batch: Columns, count: int) -> list[int]:
    """Scan `count` systems cut by cut in plain Python, deepest feasible cut."""
    lists = {name: values[:count, 0, 0].tolist() for name, values in vars(batch).items()}
    flop, cloud = work.edge_flop.tolist(), work.cloud_flop.tolist()
    memory, bits = work.memory_bytes.tolist(), work.crossing_bits.tolist()
    bits[0] = 8.0 * work.input_bytes
    found = []
    for index in range(count):
        c = {name: values[index] for name, values in lists.items()}
        tasks = c["arrival_hz"] * c["period_s"] / c["nodes"]
        best = -1
        for cut in range(len(flop)):
            run = flop[cut] / c["flops"]
            wait = erlang_wait(c["arrival_hz"], run, int(c["nodes"]))
            send = bits[cut] / c["rate_bit_s"] + c["round_trip_s"] / 2 * (bits[cut] > 0)
            delay = wait + run + send + cloud[cut] / c["cloud_flops"]
            delay += 8.0 * work.input_bytes * c["inverse_rate_s_bit"]
            energy = c["static_power_w"] * run + c["omega"] * c["flops"] * flop[cut]
            energy = tasks * (energy + c["energy_j_bit"] * bits[cut])
            if (
                memory[cut] <= c["memory_limit_bytes"]
                and delay <= c["deadline_s"]
                and energy <= c["energy_budget_j"]
            ):
                best = cut
        found.append(best)
    return found


def erlang_wait(arrival: float, service: float, servers: int) -> float:
    """Mean wait of M/M/x."""
    load, blocked = arrival * service, 1.0
    if load >= servers:
        return math.inf
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    wait = blocked / (1 - load / servers * (1 - blocked))
    return wait * service / (servers - load)


def neurosurgeon(macs: list[int], bits: list[float], edge: float, cloud: float, rate: float) -> int:
    """Try every cut, summing per-layer latencies (Kang et al., ASPLOS 2017, Algorithm 1)."""
    best, best_time = 0, math.inf
    for cut in range(len(macs) + 1):
        time = sum(2 * n / edge for n in macs[:cut]) + sum(2 * n / cloud for n in macs[cut:])
        time += bits[cut] / rate
        if time < best_time:
            best, best_time = cut, time
    return best


@pytest.mark.parametrize("system", ["table1", "jetson_wifi"])
def test_one_scan(benchmark, system: str):
    columns = columns_of(load_system(system), CORRECTED)
    cut = benchmark(best_cuts, WORK, columns)
    assert cut == scan(build_program(NETWORK, load_system(system))).cut
    assert benchmark.stats.stats.median <= 100e-6


def test_100_000_systems(benchmark):
    batch = random_batch(SYSTEMS, rng=0)
    cuts = benchmark.pedantic(best_cuts, (WORK, batch), rounds=3)
    assert cuts.shape == (SYSTEMS,)
    assert benchmark.stats.stats.max <= 2.0


def test_plain_python_loop_over_500_systems(benchmark):
    batch = random_batch(500, rng=0)
    cuts = benchmark.pedantic(plain_loop, (WORK, batch, 500), rounds=2)
    assert np.array_equal(cuts, best_cuts(WORK, batch))


def test_neurosurgeon_style_scan(benchmark):
    system = load_system("jetson_wifi")
    macs = np.diff(NETWORK.edge_macs).tolist()
    bits = WORK.crossing_bits.tolist()
    speeds = (system.pool.per_node("flops").min(), system.cloud.flops, 1e7)
    assert 0 <= benchmark(neurosurgeon, macs, bits, *speeds) <= NETWORK.depth


def test_building_a_program(benchmark):
    system = load_system("table1")
    assert benchmark(build_program, NETWORK, system).depth == 34


def test_minimum_cut_of_resnet_50(benchmark):
    costs = split_costs(load_network("resnet50"), load_system("jetson_wifi"), CORRECTED)
    assert benchmark(min_cut, costs).size > 50


def test_relaxation(benchmark):
    program = build_program(NETWORK, load_system("table1"))
    assert benchmark(relax, program).rounded.cut == 20
