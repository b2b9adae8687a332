"""Layers of a graph on tiers against enumeration, with costs computed one layer at a time."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from naive.tiers import Costs, graph_costs

from edgeopt.optim.offloading.tier_milp import GRAPH_OBJECTIVES, best_graph_placement
from edgeopt.optim.offloading.tiers import best_placement
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import QUEUED
from edgeopt.problems.systems.system import TaskStream, random_system
from edgeopt.problems.systems.tiers import Codec, Exit, Tier, Tiers

CODECS = (Codec("float32", 32.0), Codec("int8", 8.0, s_element=1e-9, accuracy_drop=0.02))
FIELDS = dict(zip(GRAPH_OBJECTIVES, ("delay_s", "energy_j", "period_s"), strict=True))


def random_graph(rng: np.random.Generator) -> Profile:
    """Layers that read one to three earlier ones or the input."""
    layers = []
    for i in range(int(rng.integers(3, 7))):
        sources = {int(s) for s in rng.integers(-1, i, size=rng.integers(1, 4))}
        macs, held, elements = (int(10 ** rng.uniform(low, low + 3)) for low in (6, 3, 3))
        layers.append(Layer(f"l{i}", "conv", macs, held, (elements,), tuple(sorted(sources))))
    return Profile("graph", (3, 64, 64), tuple(layers), (len(layers),))


def random_tiers(rng: np.random.Generator) -> Tiers:
    """Two or three tiers of one to three nodes of up to two kinds, some of them tight."""
    pools = []
    for _ in range(int(rng.integers(2, 4))):
        pool = random_system(nodes=int(rng.integers(1, 4)), kinds=2, rng=rng).pool
        memory, budget = 10 ** rng.uniform(6, 7.5), 10 ** rng.uniform(2, 6)
        devices = tuple(replace(one, memory_bytes=memory, energy_budget_j=budget)
                        for one in pool.devices)  # fmt: skip
        pools.append(replace(pool, devices=devices))
    links = tuple(random_system(nodes=1, rng=rng).link for _ in pools[1:])
    tasks = TaskStream(float(10 ** rng.uniform(-1, 1.5)), float(10 ** rng.uniform(-1.5, 1)),
                       size_bytes=1e5)  # fmt: skip
    tiers = tuple(Tier(f"tier{i}", pool) for i, pool in enumerate(pools))
    return Tiers("random", tiers, links, tasks, CODECS, (), 0.95)


def every(profile: Profile, tiers: Tiers) -> list[Costs]:
    """The costs of every feasible placement."""
    found = []
    for position in product(range(len(tiers.tiers)), repeat=len(profile.layers)):
        order = all(position[s] <= position[i] for i, layer in enumerate(profile.layers)
                    for s in layer.inputs if s >= 0)  # fmt: skip
        if order:
            found += [graph_costs(profile, tiers, position, codecs)
                      for codecs in product(CODECS, repeat=len(tiers.links))]  # fmt: skip
    return [one for one in found if one.feasible]


@pytest.mark.parametrize("seed", range(18))
def test_the_placement_is_the_best_of_all(seed: int):
    rng = np.random.default_rng(seed)
    profile, tiers = random_graph(rng), random_tiers(rng)
    objective, least = GRAPH_OBJECTIVES[seed % 3], (0.0, 0.94)[seed % 2]
    best = best_graph_placement(profile, tiers, objective=objective, least_accuracy=least)
    costs = [one for one in every(profile, tiers) if one.accuracy >= least - 1e-9]
    assert (best is None) == (not costs)
    if best is None:
        return
    expected = min(getattr(one, FIELDS[objective]) for one in costs)
    assert best.feasible
    assert best.value == pytest.approx(expected, rel=1e-5)
    assert best.bound <= expected * (1 + 1e-9)
    assert best.bound == pytest.approx(best.value, rel=1e-5)
    tier = {name: k for k, names in enumerate(best.layers) for name in names}
    codecs = {codec.name: codec for codec in CODECS}
    position = tuple(tier[layer.name] for layer in profile.layers)
    again = graph_costs(profile, tiers, position, tuple(codecs[name] for name in best.codecs))
    assert again[:4] == pytest.approx(
        (best.delay_s, best.period_s, best.energy_j, best.accuracy), rel=1e-9
    )


def test_a_chain_is_cut_as_by_dynamic_programming(chain):
    profile, tiers = chain(2, 6), random_tiers(np.random.default_rng(7))
    tiers = replace(tiers, tasks=TaskStream(0.1, 1e3, size_bytes=1e5))
    for objective in GRAPH_OBJECTIVES:
        best = best_graph_placement(profile, tiers, objective=objective)
        cuts = best_placement(profile, tiers, objective=objective)
        assert best is not None
        assert cuts is not None
        assert best.value == pytest.approx(getattr(cuts, FIELDS[objective]), rel=1e-9)


def test_what_does_not_fit_a_graph_is_refused(chain):
    profile, tiers = chain(2, 6), random_tiers(np.random.default_rng(7))
    with pytest.raises(InputError, match="exits"):
        best_graph_placement(profile, replace(tiers, exits=(Exit("layer1", 0.5, 0.9),)))
    with pytest.raises(InputError, match="memory"):
        best_graph_placement(profile, tiers, reading=replace(QUEUED, memory="peak"))
