"""How long a scan takes, against two plain Python rivals that find the same cuts.

Run with ``pytest tests/benchmarks/bench_offloading.py``. In the group "one system" all scan
ResNet-34 on the same system: ours in numpy, `plain_cut` with the same model in plain Python, and
`neurosurgeon`, whose model is the layers' latencies alone. In the group "many systems" compare
the time per system: 100,000 in one call of ours, 500 in the plain loop.
"""

import math

import numpy as np
import pytest
from naive.offloading import erlang_wait

from edgeopt.optim.offloading.relaxation import relax
from edgeopt.optim.offloading.solvers import best_cuts, scan
from edgeopt.optim.offloading.splits import split_network
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.arrays import (
    NetworkArrays,
    SystemArrays,
    network_arrays,
    random_batch,
    system_arrays,
)
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.offloading.reading import CORRECTED
from edgeopt.problems.systems.load import load_system

NETWORK = load_network("resnet34")
WORK = network_arrays(NETWORK, CORRECTED)
SYSTEMS = 100_000


def scalars(columns: SystemArrays, index: int) -> dict[str, float]:
    """One system of equal nodes as plain numbers."""
    flat = {name: np.ravel(values) for name, values in vars(columns).items()}
    return {name: float(values[index % values.size]) for name, values in flat.items()}


def plain_work(work: NetworkArrays) -> list[tuple[float, ...]]:
    """The network as plain numbers, cut by cut, for 8-bit input that goes on as it came."""
    bits = work.crossing_bits + 8.0 * work.input_bytes * work.tasks_forwarded
    moved = (work.segment_flop, work.segment_bytes)
    columns = (*moved, work.edge_flop, work.cloud_flop, work.memory_bytes, bits)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def plain_cut(work: list[tuple[float, ...]], c: dict[str, float]) -> int:
    """Scan one system cut by cut in plain Python, deepest feasible cut."""
    best, run = -1, 0.0
    nodes, arrival = int(c["nodes"]), c["arrival_hz"]
    tasks = arrival * c["period_s"] / nodes
    uplink = 8.0 * c["size_bytes"] * c["inverse_rate_s_bit"]
    for cut, (segment, moved, flop, cloud_flop, memory, bits) in enumerate(work):
        run += max(segment / c["flops"], moved / c["memory_bandwidth_byte_s"])
        send = bits / c["rate_bit_s"]
        cloud = cloud_flop / c["cloud_flops"]
        delay = erlang_wait(arrival, run, nodes) + run + send + cloud + uplink
        delay += c["round_trip_s"] / 2 if bits else 0.0
        energy = c["static_power_w"] * run + c["omega"] * c["flops"] * flop
        energy = tasks * (energy + c["energy_j_bit"] * bits)
        if (
            memory <= c["memory_limit_bytes"]
            and delay <= c["deadline_s"]
            and energy <= c["energy_budget_j"]
            and arrival * max(run / nodes, send / nodes, cloud) <= 1.0
        ):
            best = cut
    return best


def neurosurgeon(macs: list[int], bits: list[float], edge: float, cloud: float, rate: float) -> int:
    """Try every cut, summing per-layer latencies (Kang et al., ASPLOS 2017, Algorithm 1)."""
    best, best_time = 0, math.inf
    for cut in range(len(macs) + 1):
        time = sum(2 * n / edge for n in macs[:cut]) + sum(2 * n / cloud for n in macs[cut:])
        time += bits[cut] / rate
        if time < best_time:
            best, best_time = cut, time
    return best


@pytest.mark.benchmark(group="one system")
@pytest.mark.parametrize("system", ["table1", "jetson_wifi"])
def test_one_scan(benchmark, system: str):
    columns = system_arrays(load_system(system), WORK, CORRECTED)
    cut = benchmark(best_cuts, WORK, columns)
    assert cut == scan(build_program(NETWORK, load_system(system))).cut
    assert benchmark.stats.stats.median <= 100e-6


@pytest.mark.benchmark(group="one system")
@pytest.mark.parametrize(("nodes", "cut"), [(10, 20), (30, 7)])
def test_plain_python_on_one_system(benchmark, nodes: int, cut: int):
    system = load_system("table1", nodes=nodes)
    one = scalars(system_arrays(system, WORK, CORRECTED), 0)
    assert benchmark(plain_cut, plain_work(WORK), one) == cut


@pytest.mark.benchmark(group="one system")
def test_neurosurgeon_style_scan(benchmark):
    system = load_system("table1")
    macs = np.diff(NETWORK.edge_macs).tolist()
    bits = WORK.crossing_bits.tolist()
    speeds = (system.pool.per_node("flops").min(), system.cloud.flops, 1e7)
    assert 0 <= benchmark(neurosurgeon, macs, bits, *speeds) <= NETWORK.depth


@pytest.mark.benchmark(group="many systems")
def test_100_000_systems(benchmark):
    batch = random_batch(SYSTEMS, rng=0)
    cuts = benchmark.pedantic(best_cuts, (WORK, batch), rounds=3)
    assert cuts.shape == (SYSTEMS,)
    assert benchmark.stats.stats.max <= 2.0


@pytest.mark.benchmark(group="many systems")
def test_plain_python_on_500_systems(benchmark):
    batch = random_batch(500, rng=0)
    systems, work = [scalars(batch, index) for index in range(500)], plain_work(WORK)

    def plain_loop() -> list[int]:
        return [plain_cut(work, one) for one in systems]

    cuts = benchmark.pedantic(plain_loop, rounds=3)
    assert np.array_equal(cuts, best_cuts(WORK, batch))


def test_building_a_program(benchmark):
    system = load_system("table1")
    assert benchmark(build_program, NETWORK, system).depth == 34


def test_minimum_cut_of_resnet_50(benchmark):
    split = benchmark(split_network, load_network("resnet50"), load_system("jetson_wifi"))
    assert split.value <= split.best_cut_value


def test_relaxation(benchmark):
    program = build_program(NETWORK, load_system("table1"))
    assert benchmark(relax, program).rounded.cut == 20
