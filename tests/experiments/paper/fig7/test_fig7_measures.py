"""Measures of schedules and traces: properties, and main effects by a plain loop."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.paper.fig7.analysis import imbalance, main_effects, settled
from edgeopt.experiments.paper.fig7.design import Factorial, Pools

loads = st.lists(st.floats(0.1, 100.0), min_size=2, max_size=8)


@given(loads, st.floats(0.1, 10.0))
def test_imbalance_has_no_unit_and_vanishes_for_equal_loads(values, factor):
    array = np.array(values)
    assert imbalance(factor * array) == pytest.approx(imbalance(array), abs=1e-12)
    assert imbalance(np.full(len(values), values[0])) == pytest.approx(0.0, abs=1e-12)
    assert imbalance(np.zeros(len(values))) == 0.0


@given(loads)
def test_one_loaded_node_is_the_worst_balance(values):
    alone = np.zeros(len(values))
    alone[0] = sum(values)
    worst = math.sqrt(len(values) - 1)  # all on one of n nodes
    assert imbalance(alone) == pytest.approx(worst)
    assert imbalance(np.array(values)) <= worst


@given(st.lists(st.floats(1.0, 50.0), min_size=1, max_size=12))
def test_a_run_has_settled_at_the_first_makespan_near_its_last(values):
    makespans = sorted(values, reverse=True)
    evaluations = [10 * (place + 1) for place in range(len(makespans))]
    near = [e for m, e in zip(makespans, evaluations, strict=True) if m <= 1.01 * makespans[-1]]
    assert settled(makespans, evaluations) == near[0]


def test_main_effects_by_a_plain_loop():
    rng = np.random.default_rng(5)
    levels = [("fcfs", nodes, memory) for nodes in (3, 5) for memory in ("a", "b", "c")]
    index = pd.MultiIndex.from_tuples(levels, names=["rival", "nodes", "memory"])
    ratios = pd.DataFrame(rng.normal(0.0, 0.3, (6, 4)), index=index)
    effects = main_effects(ratios).set_index(["factor", "level"])
    for position, factor in ((1, "nodes"), (2, "memory")):
        means = {}
        for level in dict.fromkeys(row[position] for row in levels):
            chosen = [ratios.iloc[i] for i, row in enumerate(levels) if row[position] == level]
            values = [value for row in chosen for value in row]
            means[level] = math.exp(sum(values) / len(values))
            row = effects.loc[(factor, str(level))]
            assert row["ratio"] == pytest.approx(means[level])
            assert row["wins"] == sum(value < 0 for value in values) / len(values)
            assert row["low"] <= row["ratio"] <= row["high"]
        spread = max(means.values()) / min(means.values())
        assert effects.loc[factor]["spread"].tolist() == pytest.approx([spread] * len(means))


def test_a_start_is_that_of_the_whole_sweep():
    pools = Pools(tasks=4, nodes=(2,), seeds=2, seed=0)
    plain = pools.sweep(pools.names(2), {"iterations": 1}, {"lpt": {}})
    started = pools.sweep(pools.names(2), {"iterations": 1}, {"lpt": {}}, "mct")
    assert (plain.start, started.start) == (None, "mct")
    assert {cell.key for cell in plain.cells()}.isdisjoint(cell.key for cell in started.cells())


def test_a_factorial_has_every_combination_of_its_levels():
    study = Factorial(
        pools=Pools(tasks=4, nodes=(2,), seeds=2, seed=0),
        budget={"evaluations": 5},
        rivals=("fcfs",),
        pool_factors={"m": {"i": "memory=independent", "n": "memory=none"}},
        colony_factors={
            "h": {"x": {}, "y": {"beta": 2.0}},
            "d": {"u": {"ants": 5}, "v": {"rho": 0.1}},
        },
    )
    assert study.colonies()["y", "v"] == {"beta": 2.0, "rho": 0.1}
    assert list(study.colonies()) == [("x", "u"), ("x", "v"), ("y", "u"), ("y", "v")]
    assert study.printed == ("x", "u")
    assert study.kinds() == {("i",): ("memory=independent",), ("n",): ("memory=none",)}
    assert study.sweep().problems == (
        "paper:4x2:memory=independent:seed=0", "paper:4x2:memory=independent:seed=1",
        "paper:4x2:memory=none:seed=0", "paper:4x2:memory=none:seed=1",
    )  # fmt: skip
