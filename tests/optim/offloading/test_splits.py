"""The best split under all constraints against enumeration of every set of layers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.offloading.split_measures import SplitMeasures
from edgeopt.optim.offloading.splits import SPLIT_OBJECTIVES, best_split, split_network
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import CutProgram, build_program
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED, QUEUED, Reading
from edgeopt.problems.systems import system as parts
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import System, random_system

SEEDS = st.integers(0, 2**32 - 1)
READINGS = (
    CORRECTED,
    QUEUED,
    PRINTED,
    replace(CORRECTED, memory="peak", waiting="mm1", idle_power=True),
    replace(QUEUED, memory="peak", dynamic="cmos"),
)


def random_graph(rng: np.random.Generator, least: int = 2, most: int = 7) -> Profile:
    """Layers that read one to three earlier ones, some in place, some without work."""
    size, layers = int(rng.integers(least, most + 1)), []
    for i in range(size):
        sources = tuple(
            sorted({int(s) for s in rng.integers(-1, i, size=rng.integers(1, 4))} | {i - 1})
        )
        kind = str(rng.choice(["conv", "pool", "add", "conv"]))
        macs = int(10 ** rng.uniform(6, 9)) if kind == "conv" or i == 0 else 0
        held = int(10 ** rng.uniform(3, 6)) if macs else 0
        layers.append(Layer(f"l{i}", kind, macs, held, (int(10 ** rng.uniform(3, 6)),), sources))
    return Profile("graph", (3, 64, 64), tuple(layers), (size,))


def tight_system(rng: np.random.Generator, profile: Profile, reading: Reading) -> System:
    """A random system whose limits are within the range of what the cuts need."""
    system = random_system(nodes=int(rng.integers(1, 5)), kinds=int(rng.integers(1, 3)), rng=rng)
    cuts = build_program(replace(profile, cut_ends=tuple(range(1, len(profile.layers) + 1))),
                         system, reading=reading)  # fmt: skip
    delays = cuts.values[1][np.isfinite(cuts.values[1])]
    memory = cuts.terms.memory_bytes.max() * rng.uniform(0.2, 1.2)
    budget = max(float(cuts.terms.period_energy_j.max()) * rng.uniform(0.2, 1.2), 1e-3)
    devices = tuple(
        replace(device, memory_bytes=float(memory), energy_budget_j=budget)
        for device in system.pool.devices
    )
    deadline = float(delays.min() * rng.uniform(0.8, 4.0)) if delays.size else 1.0
    return replace(
        system,
        pool=replace(system.pool, devices=devices, memory_share=1.0),
        tasks=replace(system.tasks, deadline_s=deadline),
    )


def closed_sets(profile: Profile) -> list[np.ndarray]:
    """All sets of layers that read nothing from the cloud."""
    found = []
    for chosen in product([False, True], repeat=len(profile.layers)):
        reads = [chosen[s] for i, layer in enumerate(profile.layers) if chosen[i]
                 for s in layer.inputs if s >= 0]  # fmt: skip
        if all(reads):
            found.append(np.array(chosen))
    return found


def enumerated(program: CutProgram) -> float:
    """Least cost of all feasible splits; infinite if there is none."""
    measures = SplitMeasures(program)
    ones = [measures.of(on_edge) for on_edge in closed_sets(program.profile)]
    return min((float(one.cost[0]) for one in ones if one.feasible[0]), default=np.inf)


def random_case(seed: int, layers: tuple[int, int] = (2, 7)) -> CutProgram:
    rng = np.random.default_rng(seed)
    profile, reading = random_graph(rng, *layers), READINGS[seed % len(READINGS)]
    system = tight_system(rng, profile, reading)
    objective = SPLIT_OBJECTIVES[int(rng.integers(len(SPLIT_OBJECTIVES)))]
    return build_program(profile, system, reading=reading, objective=objective, weight=0.1)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_the_split_is_the_best_of_all_that_meet_the_constraints(seed: int):
    program = random_case(seed)
    split, expected = best_split(program), enumerated(program)
    if split is None:
        assert expected == np.inf
        return
    assert split.value == pytest.approx(expected, rel=3e-5)
    assert split.bound <= expected * (1 + 1e-9)
    assert all(row.holds for row in split.constraints)


@pytest.mark.parametrize("seed", range(5))
def test_fourteen_layers_are_split_as_well_as_by_enumeration(seed: int):
    program = random_case(seed, (14, 14))
    split, expected = best_split(program), enumerated(program)
    assert (np.inf if split is None else split.value) == pytest.approx(expected, rel=3e-5)


@pytest.mark.parametrize("seed", range(20))
def test_on_a_chain_the_split_is_the_best_cut(chain, seed: int):
    profile, reading = chain(seed), READINGS[seed % len(READINGS)]
    profile = replace(profile, cut_ends=tuple(range(1, len(profile.layers) + 1)))
    system = random_system(nodes=4, kinds=1, rng=seed)
    # Without a bandwidth of memory, a segment takes as long as its layers.
    program = build_program(profile, system, reading=reading, objective="delay")
    split, cost = best_split(program), np.where(program.feasible, program.cost, np.inf)
    assert (split is None) == (not program.feasible.any())
    if split is not None:
        assert split.value == split.bound == pytest.approx(cost.min(), rel=1e-12)
        assert split.cut == split.best_cut == int(cost.argmin())


def test_the_layers_are_added_up_by_kind_of_node():
    layers = (
        Layer("conv", "conv", 1000, 40, (10,), (-1,)),
        Layer("bn", "norm", 0, 20, (10,), (0,)),
        Layer("fc", "fc", 3000, 0, (5,), (1,)),
    )
    profile = Profile("three", (6,), layers, (2, 3))
    fast = parts.Device("fast", flops=200.0, memory_bytes=1e9, memory_bandwidth_byte_s=20.0)
    slow = parts.Device("slow", 100.0, 1e9, throughput_bit_s=50.0, memory_bandwidth_byte_s=10.0)
    system = parts.System(
        name="two",
        pool=parts.Pool((fast, slow)),
        cloud=parts.Cloud(1000.0),
        link=parts.CloudLink(200.0),
        uplink=parts.TerminalLink([1.0]),
        tasks=parts.TaskStream(1e-6, 1e9),
    )
    measures = SplitMeasures(build_program(profile, system))
    # 2,000 FLOP at 200 and 100 FLOP/s; 40 + 10, 20 and 5 elements of 4 bytes at 20 and 10 byte/s
    assert measures.edge_s.tolist() == [[10.0, 4.0, 30.0], [20.0, 8.0, 60.0]]
    assert measures.cloud_s.tolist() == [2.0, 0.0, 6.0]
    # six bytes as they came, then 10, 10 and 5 float32; a half of 200 bit/s, or 50
    assert measures.tensor_bits.tolist() == [48.0, 320.0, 320.0, 160.0]
    assert measures.rates.tolist() == [100.0, 50.0]
    one = measures.of(np.array([True, False, False]))
    assert one.terms.execution_s.ravel().tolist() == [10.0, 20.0]
    assert one.terms.crossing_bits.tolist() == [320.0]
    assert one.terms.cloud_s.tolist() == [6.0]
    assert one.terms.memory_bytes.tolist() == [(40 + 10) * 4.0]


@pytest.mark.parametrize("memory", ["sum", "peak"])
@pytest.mark.parametrize("network", ["resnet34", "mobilenet_v2"])
def test_a_cut_is_measured_as_the_split_that_it_is(network: str, memory: str):
    profile, system = load_network(network), load_system("pi_lte")
    reading = replace(QUEUED, memory=memory)
    program = build_program(profile, system, reading=reading, objective="delay")
    measures, cuts = SplitMeasures(program), SplitMeasures(program).prefixes()
    for cut in range(0, profile.depth + 1, 5):
        end = (0, *profile.cut_ends)[cut]
        one = measures.of(np.arange(len(profile.layers)) < end)
        np.testing.assert_allclose(one.values[:, 0], cuts.values[:, cut], rtol=1e-12)
    assert cuts.terms.memory_bytes.tolist() == program.terms.memory_bytes.tolist()
    # Slower than by segments, where a layer is limited by memory and its neighbour is not.
    assert (cuts.values[1] >= program.values[1] * (1 - 1e-12)).all()


@pytest.mark.parametrize("memory", ["sum", "peak"])
def test_a_split_has_the_element_types_of_its_tensors(memory: str):
    profile, system = load_network("alexnet"), load_system("pi_lte")
    layers = tuple(
        replace(layer, element_bytes=2, parameter_bytes=2 * layer.parameters)
        for layer in profile.layers
    )
    half = replace(profile, layers=layers)
    reading = replace(QUEUED, memory=memory, crossing="tensors", own_types=True)
    program = build_program(half, system, reading=reading, objective="delay")
    cuts = SplitMeasures(program).prefixes()
    assert cuts.terms.memory_bytes.tolist() == program.terms.memory_bytes.tolist()
    one = SplitMeasures(program).of(np.arange(len(layers)) < half.cut_ends[2])
    assert one.terms.crossing_bits.tolist() == [program.terms.crossing_bits[3]]
    assert one.terms.memory_bytes.tolist() == [program.terms.memory_bytes[3]]


@pytest.mark.parametrize("network", ["resnet34", "alexnet"])
@pytest.mark.parametrize("system", ["jetson_wifi", "mixed_5g", "pi_lte"])
def test_no_cut_of_a_real_network_is_better(network: str, system: str):
    split = split_network(load_network(network), load_system(system), reading=QUEUED)
    assert split is not None
    assert split.best_cut_value is not None
    assert split.value <= split.best_cut_value
    assert split.bound == pytest.approx(split.value, rel=3e-5)
    assert split.upload_bytes == pytest.approx(sum(one.bytes for one in split.crossing))
    assert sum(split.delay_parts_s.values()) == pytest.approx(split.delay_s)


def test_a_pooling_stays_with_the_edge_if_that_saves_upload():
    layers = (
        Layer("conv", "conv", 1000, 0, (1000,), (-1,)),
        Layer("pool", "pool", 0, 0, (10,), (0,)),
        Layer("big", "conv", 10**13, 0, (10,), (1,)),
    )
    profile = Profile("pooled", (10_000,), layers, (1, 3))
    slow = {"tasks.deadline_s": 10.0, "tasks.arrival_hz": 0.01}
    split = split_network(profile, load_system("pi_lte", changes=slow))
    assert split is not None
    assert split.edge_layers == ("conv", "pool")
    assert (split.cut, split.crossing[0].name) == (1, "pool")
    assert split.best_cut_value is not None
    assert split.value < split.best_cut_value


def test_what_was_not_decided_in_time_is_no_proof(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("edgeopt.optim.offloading.split_milp.SECONDS", 0.0)
    layers = tuple(replace(one, parameters=10**9) for one in load_network("resnet34").layers)
    profile = replace(load_network("resnet34"), layers=layers)
    tight = {"tasks.deadline_s": 1e-4}
    with pytest.warns(UserWarning, match="does not prove that none exists"):
        assert split_network(profile, load_system("pi_lte", changes=tight)) is None
