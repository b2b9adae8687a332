"""The best split under all constraints against enumeration of every set of layers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.offloading.split_measures import SplitMeasures
from edgeopt.optim.offloading.split_milp import SplitSearch
from edgeopt.optim.offloading.splits import SPLIT_OBJECTIVES, best_split, split_network
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import CutProgram, build_program
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED, QUEUED, Reading
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


def random_graph(rng: np.random.Generator, most: int = 7) -> Profile:
    """Layers that read one to three earlier ones, some in place, some without work."""
    size, layers = int(rng.integers(2, most + 1)), []
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


def random_case(seed: int) -> CutProgram:
    rng = np.random.default_rng(seed)
    profile, reading = random_graph(rng), READINGS[seed % len(READINGS)]
    system = tight_system(rng, profile, reading)
    objective = SPLIT_OBJECTIVES[int(rng.integers(len(SPLIT_OBJECTIVES)))]
    return build_program(profile, system, reading=reading, objective=objective, weight=0.1)


@settings(max_examples=60, deadline=None)
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
