"""The measures of one setting against slow, obvious versions, and properties of the box."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.paper.claims import Claim, Rule
from edgeopt.experiments.paper.outcome import PAPER_FOLDER
from edgeopt.experiments.paper.search import offloading, scheduling
from edgeopt.experiments.paper.search.part import nearest
from edgeopt.experiments.paper.search.space import (
    MOST_LOAD,
    Dimension,
    Evaluated,
    SettingSpace,
    places,
    read_space,
)
from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.files import read_toml
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.scheduling.paper_pool import paper_pool

TABLE = read_toml(PAPER_FOLDER / "search.toml")["spaces"]
shares = st.floats(0.0, 1.0, exclude_max=True)


def case(space: str, name: str) -> dict:
    return read_space(space, TABLE[space], quick=True).cases[name]


def test_ratios_of_schedules_by_the_definitions(monkeypatch):
    monkeypatch.setattr(scheduling, "TASKS", 20)
    monkeypatch.setattr(scheduling, "NODES", (4,))
    monkeypatch.setattr(scheduling, "_RIVALS", ("fcfs",))
    setting = {**case("scheduling", "memory like speed"), "evaluations": 100}
    found = scheduling.measures_of(setting, np.random.default_rng(3))
    products = dict.fromkeys(("makespan", "total_time", "imbalance"), 1.0)
    for seed in np.random.default_rng(3).integers(2**32, size=2).tolist():
        problem = paper_pool(20, 4, slack=2.0, memory="proportional", batch="unequal", rng=seed)
        measures = []
        for solver in (ATSA(occupancy="before-task"), fcfs):
            result = solve(problem, solver, stop=Evaluations(100), rng=seed)
            loads = [0.0] * 4
            for task, node in enumerate(result.assignment):
                loads[node] += problem.matrix[task, node]
            spread = np.sqrt(np.mean((np.array(loads) - np.mean(loads)) ** 2))
            measures.append((max(loads), sum(loads), spread / np.mean(loads)))
        for name, own, rival in zip(products, *measures, strict=True):
            products[name] *= own / rival
    for name, product in products.items():  # the geometric mean over two pools
        assert found[f"{name}_atsa_over_fcfs_4"] == pytest.approx(np.sqrt(product))


def test_uploads_of_a_setting_are_the_maps_of_the_cuts(monkeypatch):
    monkeypatch.setattr(offloading, "TASKS", 60)
    setting = {**case("offloading", "table1"), "numbers": "float16", "crossing": "map"}
    found = offloading.measures_of(setting, np.random.default_rng(1))
    network = load_network("resnet34")
    for nodes, cut in offloading.CUTS.items():
        map_bytes = 2 * network.output_elements[cut]
        assert found[f"upload_against_cloud_only_{nodes}_nodes"] == pytest.approx(
            100 * (map_bytes / 150_528 - 1)
        )
    assert found["upload_against_a_cloud_that_never_sleeps"] <= 0.0
    assert found["delay_30_over_10"] == pytest.approx(
        found["delay_20_over_10"] * found["delay_30_over_20"]
    )


@given(shares, shares, st.sampled_from(["linear", "log"]))
def test_a_range_is_covered_in_order(first, second, kind):
    dimension = Dimension("x", kind, (0.5, 32.0))
    low, high = (dimension.at(share) for share in sorted((first, second)))
    assert 0.5 * (1 - 1e-12) <= low <= high <= 32.0 * (1 + 1e-12)


@given(shares, st.integers(2, 6))
def test_choices_have_equal_parts_of_the_range(share, count):
    dimension = Dimension("x", "of", tuple(range(count)))
    assert dimension.at(share) == sum(share * count >= step for step in range(1, count))


def evaluated(measures: list[dict]) -> Evaluated:
    kind = Dimension("kind", "of", ("b", "a"))
    space = SettingSpace("s", len(measures), (kind,), {}, {"t": {"x": 2.0, "y": 4.0}})
    return Evaluated(space, [{"kind": "ab"[i % 2]} for i in range(len(measures))], measures)


def test_the_nearest_setting_is_judged_by_its_worst_measure():
    found = evaluated([
        {"x": 2.0, "y": 6.0, "load": 0.1},  # 50 % off in y
        {"x": 2.4, "y": 3.6, "load": 0.1},  # 20 % off in x
        {"x": 2.0, "y": 4.0, "load": MOST_LOAD},  # exact, but overloaded
    ])  # fmt: skip
    ((name, distance),) = nearest(found)
    assert name == "nearest_to_t"
    assert distance.value == pytest.approx(20.0)


def test_choices_are_placed_by_their_index():
    found = evaluated([{"load": 0.0}] * 3)
    assert places(found, found.space.dimensions[0]).tolist() == [1.0, 0.0, 1.0]


def test_a_claim_needs_all_its_measures_and_a_rule():
    found = evaluated([{"x": 1.0, "y": -1.0, "load": 0.0}, {"x": -1.0, "y": -2.0, "load": 0.0}])
    both = Claim("both", "", "", measures=("x", "y"), rule=Rule(high=0.0))
    assert found.knows(both)
    assert found.meets(both) == [False, True]
    assert not found.knows(Claim("other", "", "", measures=("x", "z"), rule=Rule(high=0.0)))
    assert not found.knows(Claim("none", "", "", undecided="nothing is given"))
