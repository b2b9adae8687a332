"""Placements on tiers in a row against enumeration, with costs computed one layer at a time."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.tiers import Costs, costs

from edgeopt.optim.offloading.tiers import (
    PLACEMENT_OBJECTIVES,
    Placement,
    best_placement,
    placement_front,
    undominated,
)
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.systems.system import CloudLink, Device, Pool, TaskStream, random_system
from edgeopt.problems.systems.tiers import Codec, Exit, Tier, Tiers, load_tiers

SEEDS = st.integers(0, 2**32 - 1)
FLOAT, BYTE = Codec("float32", 32.0), Codec("int8", 8.0, s_element=1e-9, accuracy_drop=0.02)


def random_tiers(seed: int, profile: Profile) -> Tiers:
    """Two or three tiers of one to three nodes of up to two kinds, one or two exits or none."""
    rng = np.random.default_rng(seed)
    pools = [random_system(nodes=int(rng.integers(1, 4)), kinds=2, rng=rng).pool
             for _ in range(int(rng.integers(2, 4)))]  # fmt: skip
    links = [random_system(nodes=1, rng=rng).link for _ in pools[1:]]
    names = profile.cut_names[1:-1]
    after = sorted(rng.choice(len(names), int(rng.integers(0, 3)), replace=False).tolist())
    shares = np.sort(rng.uniform(0.0, 0.9, len(after)))
    exits = tuple(
        Exit(names[i], float(share), float(rng.uniform(0.5, 1)), int(rng.integers(10**6)), 1000)
        for i, share in zip(after, shares, strict=True)
    )
    tiers = tuple(Tier(f"tier{i}", pool) for i, pool in enumerate(pools))
    tasks = TaskStream(float(10 ** rng.uniform(-1, 2)), float(10 ** rng.uniform(-1.5, 1)),
                       size_bytes=1e5)  # fmt: skip
    return Tiers("random", tiers, tuple(links), tasks, (FLOAT, BYTE), exits, 0.95)


def feasible_costs(profile: Profile, tiers: Tiers) -> list[Costs]:
    """The costs of every feasible placement."""
    depth, links = profile.depth, len(tiers.links)
    found = []
    for cuts in product(range(depth + 1), repeat=links):
        if list(cuts) == sorted(cuts):
            for codecs in product(tiers.codecs, repeat=links):
                for size in range(len(tiers.exits) + 1):
                    for exits in combinations(tiers.exits, size):
                        found.append(costs(profile, tiers, cuts, codecs, exits))  # noqa: PERF401
    return [one for one in found if one.feasible]


def told(placement: Placement, profile: Profile, tiers: Tiers) -> Costs:
    """The costs of a placement, recomputed."""
    codecs = {codec.name: codec for codec in tiers.codecs}
    exits = tuple(one for one in tiers.exits if one.after in placement.exits)
    chosen = tuple(codecs[name] for name in placement.codecs)
    return costs(profile, tiers, placement.cuts, chosen, exits)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_placement_is_the_best_of_all(chain, seed: int):
    profile = chain(seed, 4)
    tiers = random_tiers(seed, profile)
    every = feasible_costs(profile, tiers)
    for objective, key in zip(
        PLACEMENT_OBJECTIVES, ("delay_s", "energy_j", "period_s", "accuracy"), strict=True
    ):
        best = best_placement(profile, tiers, objective=objective)
        assert (best is None) == (not every)
        if best is not None:
            again = told(best, profile, tiers)
            assert again.feasible
            assert again[:4] == pytest.approx(
                (best.delay_s, best.period_s, best.energy_j, best.accuracy), rel=1e-9
            )
            least = min(-one.accuracy if key == "accuracy" else getattr(one, key) for one in every)
            found = -best.accuracy if key == "accuracy" else getattr(best, key)
            assert found == pytest.approx(least, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_fourteen_layers_are_placed_as_well_as_by_enumeration(chain, seed: int):
    profile = chain(seed, 14)
    tiers = replace(
        random_tiers(seed, profile), exits=(), tasks=TaskStream(0.1, 1e3, size_bytes=1e5)
    )
    every = feasible_costs(profile, tiers)
    assert every
    for objective, key in (("delay", "delay_s"), ("energy", "energy_j")):
        best = best_placement(profile, tiers, objective=objective)
        assert best is not None
        least = min(getattr(one, key) for one in every)
        assert getattr(best, key) == pytest.approx(least, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_the_front_is_that_of_all_placements(chain, seed: int):
    profile = chain(seed, 4)
    tiers = random_tiers(seed, profile)
    points = np.array(
        [(one.delay_s, one.energy_j, -one.accuracy) for one in feasible_costs(profile, tiers)]
    ).reshape(-1, 3)
    front = placement_front(profile, tiers)
    found = np.array([(one.delay_s, one.energy_j, -one.accuracy) for one in front]).reshape(-1, 3)
    expected = points[undominated(np.round(points, 12))]
    # Each front covers the other, up to rounding.
    for here, there in ((found, expected), (expected, found)):
        for point in here:
            assert (there <= point + 1e-9 * (1 + np.abs(point))).all(axis=1).any()


def test_a_pipeline_of_equal_nodes_is_as_fast_as_its_slowest_stage(chain):
    given = chain(1, 6)
    equal = tuple(replace(layer, macs=10**8, output_shape=(10,)) for layer in given.layers)
    profile = replace(given, layers=equal)
    node = Pool((Device("node", 1e9, 1e12),))
    tasks = TaskStream(0.5, deadline_s=1e3, size_bytes=100.0)
    links = (CloudLink(1e9), CloudLink(1e9))
    three = Tiers("line", tuple(Tier(f"n{i}", node) for i in range(3)), links, tasks)
    best = best_placement(profile, three, objective="throughput")
    assert best is not None
    assert best.cuts == (2, 4)
    assert best.period_s == pytest.approx(2 * 2e8 / 1e9)
    assert [stage.load for stage in best.stages[::2]] == pytest.approx([0.2] * 3)
    assert best.delay_s == pytest.approx(6 * 0.2 + sum(
        stage.seconds for stage in best.stages[1::2]) + best.wait_s)  # fmt: skip


def test_a_codec_is_used_where_its_loss_is_allowed(chain):
    profile = chain(3, 4)
    slow, fast = Pool((Device("slow", 1e9, 1e12),)), Pool((Device("fast", 1e12, 1e12),))
    tasks = TaskStream(0.01, deadline_s=1e4, size_bytes=1e9)
    tiers = Tiers(
        "two", (Tier("a", slow), Tier("b", fast)), (CloudLink(1e4),), tasks, (FLOAT, BYTE)
    )
    lossy = best_placement(profile, tiers)
    exact = best_placement(profile, tiers, least_accuracy=0.99)
    assert lossy is not None
    assert exact is not None
    assert lossy.delay_s <= exact.delay_s
    assert exact.accuracy == 1.0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"exits": (Exit("nowhere", 0.5, 0.9),)}, "exits.after"),
        ({"exits": (Exit("layer2", 0.1, 0.9), Exit("layer1", 0.2, 0.9))}, "exits.after"),
    ],
)
def test_exits_that_do_not_fit_are_refused(chain, change: dict, field: str):
    tiers = random_tiers(1, chain(1, 4))
    with pytest.raises(InputError) as caught:
        best_placement(chain(1, 4), replace(tiers, **change))
    assert caught.value.field == field


def test_a_file_names_the_place_of_an_error(tmp_path):
    path = tmp_path / "tiers.toml"
    path.write_text("""
tasks = {arrival_hz = 2, deadline_s = 1.0}
links = [{bandwidth_bit_s = -1}]
tiers = [{name = "a", nodes = [{device = "jetson_nano"}]},
         {name = "b", nodes = [{device = "jetson_nano"}]}]
""")
    with pytest.raises(InputError, match=r"links\[0\]"):
        load_tiers(path)
    for change, field in (({"links": ()}, "links"), ({"codecs": ()}, "codecs")):
        with pytest.raises(InputError) as caught:
            replace(random_tiers(1, load_profile()), **change)
        assert caught.value.field == field


def load_profile() -> Profile:
    """Some network."""
    from edgeopt.problems.networks.load import load_network

    return load_network("alexnet")
