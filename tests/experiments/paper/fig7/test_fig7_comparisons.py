"""Comparisons, main effects and the answer, from makespans made by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from edgeopt.experiments.paper.fig7.analysis import compare_colonies, log_ratios, main_effects
from edgeopt.experiments.paper.fig7.design import Factorial, Pools
from edgeopt.experiments.paper.fig7.figures import comparisons_figure
from edgeopt.experiments.paper.fig7.words import (
    answers,
    conditions_of,
    effects_table,
    printed_comparisons,
    won,
)

STUDY = Factorial(
    pools=Pools(tasks=20, nodes=(3, 5), seeds=8, seed=0),
    budget={"evaluations": 20},
    rivals=("fcfs", "round-robin"),
    pool_factors={"memory": {"independent": "memory=independent", "right": "memory=correlated"}},
    colony_factors={
        "heuristic": {"memory": {}, "other": {"heuristic": "execution-time"}},
        "deposit": {"total": {}, "makespan": {"deposit_by": "makespan"}},
    },
)


def factor(problem: str, solver: str) -> float:
    """Return ATSA's makespan over that of FCFS: good memory and another heuristic are better."""
    ratio = 0.5 if "correlated" in problem else 2.0
    return ratio * (0.5 if solver.startswith("other") else 1.0)


@pytest.fixture
def cells() -> pd.DataFrame:
    rows = []
    for problem in STUDY.sweep().problems:
        fcfs = 10.0 + int(problem[-1])  # by seed
        rows += [(problem, "fcfs", fcfs), (problem, "round-robin", 4 * fcfs)]
        for heuristic in ("memory", "other"):
            for deposit in ("total", "makespan"):
                name = f"{heuristic}, {deposit}"
                rows.append((problem, name, fcfs * factor(problem, name)))
    return pd.DataFrame(rows, columns=["problem", "solver", "makespan"])


def test_every_colony_against_every_rival(cells):
    comparisons = compare_colonies(STUDY, cells)
    assert len(comparisons) == 2 * 2 * 2 * 4
    row = comparisons.set_index(["rival", "nodes", "memory", "heuristic", "deposit"])
    worst = row.loc[("fcfs", 3, "independent", "memory", "total")]
    assert (worst["ratio"], worst["wins"], worst["effect"]) == (2.0, 0.0, -1.0)
    best = row.loc[("round-robin", 5, "right", "other", "makespan")]
    assert (best["ratio"], best["wins"], best["effect"]) == (1 / 16, 1.0, 1.0)
    assert best["p"] == 2**-7  # all 8 signs agree
    tie = row.loc[("fcfs", 3, "independent", "other", "total")]
    assert (tie["ratio"], tie["wins"], tie["p"]) == (1.0, 0.0, 1.0)


def test_main_effects(cells):
    effects = main_effects(log_ratios(STUDY, cells)).set_index(["rival", "factor", "level"])
    of_fcfs = effects.loc["fcfs"]
    assert of_fcfs.loc[("memory", "independent"), "ratio"] == pytest.approx(math.sqrt(2))
    assert of_fcfs.loc[("memory", "right"), "ratio"] == pytest.approx(math.sqrt(2) / 4)
    assert of_fcfs.loc[("memory", "right"), ["low", "high"]].tolist() == pytest.approx(
        [math.sqrt(2) / 4] * 2  # no seed differs
    )
    spreads = of_fcfs.groupby("factor")["spread"].first()
    assert spreads.to_dict() == pytest.approx(
        {"nodes": 1.0, "memory": 4.0, "heuristic": 2.0, "deposit": 1.0}
    )
    assert of_fcfs.loc[("heuristic", "memory"), "wins"] == 0.5
    assert effects.loc[("round-robin", "heuristic", "memory"), "wins"] == 1.0


def test_intervals_come_from_seeds():
    names = {"rival": "fcfs", "nodes": 3, "memory": "right"}
    index = pd.MultiIndex.from_frame(pd.DataFrame([names]))
    ratios = np.log(np.array([[0.5, 1.0, 2.0, 1.0]]))
    effects = main_effects(pd.DataFrame(ratios, index=index))
    assert (effects["ratio"] == 1).all()
    assert (effects["low"] < 1).all()
    assert (effects["high"] > 1).all()


def test_the_printed_colony(cells):
    rows = printed_comparisons(STUDY, compare_colonies(STUDY, cells), "fcfs")
    assert len(rows) == 2 * 2
    assert set(rows["heuristic"]) == {"memory"}
    assert set(rows["deposit"]) == {"total"}


def test_significance_needs_the_test(cells):
    comparisons = compare_colonies(STUDY, cells)
    assert (won(comparisons) == (comparisons["p_holm"] < 0.05) & (comparisons["ratio"] < 1)).all()
    assert not won(comparisons.assign(p_holm=0.05)).any()


def test_the_answer(cells):
    comparisons = compare_colonies(STUDY, cells).assign(p_holm=0.001)
    printed, decides, winners = answers(STUDY, comparisons, main_effects(log_ratios(STUDY, cells)))
    assert printed.startswith(
        "ATSA as printed is significantly ahead of fcfs on 2 of 4 kinds of pools "
        "(all with memory right)"
    )
    assert "round-robin on 4 of 4 kinds of pools; on those" in printed
    assert "most is memory (geometric mean over all else: independent 1.41 [1.41, 1.41]" in decides
    assert "nodes 1.00" in decides
    assert winners == (
        "Of all combinations, 8 of 16 beat fcfs (all with memory right); 16 of 16 beat round-robin."
    )


def test_conditions_follow_the_data(cells):
    rivals = pd.DataFrame(
        [
            {"measure": "makespan", "own": "atsa-repaired", "rival": "pso", "nodes": nodes}
            | {"ratio": 0.9, "low": 0.8, "high": high, "p_holm": 0.01}
            for nodes, high in ((10, 0.95), (30, 0.99))
        ]
    )
    comparisons = compare_colonies(STUDY, cells).assign(p_holm=0.001)
    conditions = conditions_of(rivals, STUDY, comparisons)
    assert conditions["repaired_beats_pso"].holds
    assert "30 nodes: 0.90 [0.80, 0.99]" in conditions["repaired_beats_pso"].words
    assert conditions["kind_beats_fcfs"].holds
    assert "memory right: median ratio 0.50" in conditions["kind_beats_fcfs"].words
    assert not conditions_of(rivals, STUDY, comparisons.assign(p_holm=1.0))["kind_beats_fcfs"].holds
    worse = rivals.assign(high=[0.95, 1.01])
    assert not conditions_of(worse, STUDY, comparisons)["repaired_beats_pso"].holds


def test_the_map_shows_every_comparison(cells):
    comparisons = compare_colonies(STUDY, cells)
    figure = comparisons_figure(STUDY, comparisons)
    panel, last = figure.axes[:2]
    numbers = {
        text.get_position(): text.get_text() for text in panel.texts if text.get_text().isdigit()
    }
    assert len(numbers) == 4 * 4
    assert panel.get_yticklabels()[2].get_text() == "other, total"
    assert [name.get_text() for name in last.get_xticklabels()] == ["independent", "right"] * 2
    assert numbers[(1, 2)] == "100"
    assert numbers[(0, 0)] == "0"
    image = panel.images[0].get_array()
    assert image[2, 1] == pytest.approx(math.log(0.25))
    assert image[0, 0] == pytest.approx(math.log(2.0))


def test_the_table_of_effects(cells):
    table = effects_table(main_effects(log_ratios(STUDY, cells)))
    assert table.columns == ("factor", "level", "over fcfs", "over round-robin")
    assert ("memory", "right", "0.35 [0.35, 0.35], 100 %", "0.09 [0.09, 0.09], 100 %") in table.rows
