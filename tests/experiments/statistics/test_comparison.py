"""The comparison as a whole: units of replication, ranking, pairs and cautions."""

import math
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sweep_rows import failed, final, run, sweep

from edgeopt.experiments.statistics.comparison import compare_solvers, resampled_gaps
from edgeopt.problems.errors import InputError

RNG = np.random.default_rng(7)
MANY = final(
    {
        f"p{i}": {
            "good": (0.1 + 0.01 * RNG.random(5)).tolist(),
            "fair": (0.2 + 0.01 * RNG.random(5)).tolist(),
            "poor": [0.3 + 0.01 * i] * 5,
        }
        for i in range(12)
    }
)


def test_a_clear_order_over_many_problems():
    found = compare_solvers(MANY)
    assert list(found.ranking.index) == ["good", "fair", "poor"]
    assert found.ranking["rank"].to_list() == [1, 2, 3]
    assert found.ranking["best"].to_list() == [1, 0, 0]
    assert found.blocks.shape == (12, 3)
    assert found.friedman.chi2 == pytest.approx(24)
    assert found.cautions == ()
    pair = found.pairs.set_index(["first", "second"]).loc[("good", "poor")]
    assert pair["effect"] == 1
    assert pair["wilcoxon"] == pytest.approx(2 / 2**12)
    assert pair["wilcoxon_holm"] == pytest.approx(3 * 2 / 2**12)
    assert pair["nemenyi"] < 0.001
    assert pair["low"] < pair["difference"] < pair["high"]


def test_gap_is_the_mean_over_problems_of_the_median_over_repetitions():
    cells = final({"p": {"a": [1.0, 2, 9], "b": [3, 3, 3]}, "q": {"a": [4, 6, 5], "b": [1, 1, 1]}})
    found = compare_solvers(cells)
    assert found.ranking["gap"].to_dict() == {"a": (2 + 5) / 2, "b": (3 + 1) / 2}
    assert found.pairs["difference"].abs().to_list() == [1.5]
    assert (
        compare_solvers(cells, unit="runs").ranking["gap"].to_dict()
        == found.ranking["gap"].to_dict()
    )


def test_intervals_over_problems_are_wider_than_over_runs_where_problems_differ():
    values = np.random.default_rng(3)
    cells = final({f"p{i}": {"a": (i + values.random(9)).tolist()} for i in range(8)})
    over_problems, over_runs = (
        compare_solvers(cells, unit=u).ranking.loc["a"] for u in ("problems", "runs")
    )
    assert over_runs["gap_high"] - over_runs["gap_low"] < 0.5
    assert over_problems["gap_high"] - over_problems["gap_low"] > 2
    assert over_problems["gap"] == over_runs["gap"]


def test_intervals_over_problems_are_those_of_the_exact_bootstrap_distribution():
    # "a" is worse on 4 of 10 problems: of 10 drawn ones, a binomial number is of these
    worse = {f"w{i}": {"a": [0.3], "b": [0.2]} for i in range(4)}
    better = {f"b{i}": {"a": [0.1], "b": [0.2]} for i in range(6)}
    found = compare_solvers(final(worse | better))
    low, high = stats.binom.ppf([0.025, 0.975], 10, 0.4)
    assert (low, high) == (1, 7)
    a, b = found.ranking.loc["a"], found.ranking.loc["b"]
    assert (a["rank_low"], a["rank"], a["rank_high"]) == pytest.approx((1.1, 1.4, 1.7))
    assert (b["rank_low"], b["rank"], b["rank_high"]) == pytest.approx((1.3, 1.6, 1.9))
    assert (a["gap_low"], a["gap"], a["gap_high"]) == pytest.approx((0.12, 0.18, 0.24))
    assert (b["gap_low"], b["gap_high"]) == pytest.approx((0.2, 0.2))
    (pair,) = found.pairs.to_dict("records")
    assert (pair["first"], pair["second"]) == ("a", "b")
    limits = (pair["low"], pair["difference"], pair["high"])
    assert limits == pytest.approx((-0.04, 0.02, 0.08))  # paired: 0.2 less the gap of "a"


def test_intervals_over_runs_are_of_the_median_within_each_problem():
    # of 5 drawn values the median is the least one with probability 5.8 %, more than 2.5 %
    gaps = {"p": {"a": [0.1, 0.2, 0.3, 0.4, 0.9]}, "q": {"a": [0.5] * 5}}
    row = compare_solvers(final(gaps), unit="runs").ranking.loc["a"]
    assert row["gap"] == pytest.approx((0.3 + 0.5) / 2)
    assert (row["gap_low"], row["gap_high"]) == pytest.approx(((0.1 + 0.5) / 2, (0.9 + 0.5) / 2))


def test_resampled_gaps_are_medians_of_runs_and_means_of_problems():
    table = pd.DataFrame(
        {"a": [0.0, 0, 9], "b": [1.0, 1, 10]},
        index=pd.MultiIndex.from_product([["p"], range(3)], names=["problem", "repetition"]),
    )
    over_runs = resampled_gaps(table, "runs")
    assert set(over_runs["a"]) == {0, 9}
    assert (over_runs["b"] - over_runs["a"] == 1).all()
    problems = table.set_axis(
        pd.MultiIndex.from_product([["p", "q", "r"], [0]], names=["problem", "repetition"])
    )
    assert set(resampled_gaps(problems, "problems")["a"]) == {0, 3, 6, 9}


def test_the_same_table_has_the_same_intervals():
    assert compare_solvers(MANY).pairs.equals(compare_solvers(MANY).pairs)


def test_copies_of_repetitions_get_no_test():
    cells = final({"p": {"a": [0.1] * 4, "b": [0.2] * 4, "c": [0.3, 0.15, 0.4, 0.5]}})
    found = compare_solvers(cells, unit="runs")
    p = found.pairs.set_index(["first", "second"])["wilcoxon"]
    assert math.isnan(p["a", "b"])
    assert p["a", "c"] == pytest.approx(2 / 2**4)
    assert p["b", "c"] == pytest.approx(4 / 2**4)  # one of the signs of rank 1
    assert any(text.startswith("a, b gave the same gap") for text in found.cautions)
    over_problems = compare_solvers(cells)
    assert not any("same gap" in text for text in over_problems.cautions)


def test_few_blocks_are_told():
    found = compare_solvers(final({f"p{i}": {"a": [0.1], "b": [0.2]} for i in range(5)}))
    assert "Only 5 blocks" in found.cautions[0]
    assert "p < 0.0625" in found.cautions[0]
    assert found.pairs["wilcoxon"].to_list() == [pytest.approx(0.0625)]


def test_failed_runs_rank_last_and_are_counted():
    rows = [run("a", [(5, 1.0, 120.0)], repetition=r) for r in range(3)]
    rows += [
        run("b", [(5, 1.0, 110.0)], repetition=0),
        *(failed("b", repetition=r) for r in (1, 2)),
    ]
    found = compare_solvers(sweep(rows), unit="runs")
    assert found.ranking["rank"].to_dict() == {"a": pytest.approx(4 / 3), "b": pytest.approx(5 / 3)}
    assert found.ranking["feasible"].to_dict() == {"a": 1, "b": pytest.approx(1 / 3)}
    assert found.ranking.loc["b", "gap"] == math.inf
    assert any("in time: 2" in text for text in found.cautions)


def test_equal_evaluations_and_equal_seconds_can_disagree():
    slow = [(10, 1.0, 150.0), (100, 10.0, 105.0)]
    quick = [(10, 0.1, 120.0), (100, 1.0, 110.0)]
    cells = sweep([run("slow", slow), run("quick", quick)])
    assert compare_solvers(cells, axis="evaluations").ranking.index[0] == "slow"
    by_time = compare_solvers(cells, axis="seconds")
    assert by_time.ranking.index[0] == "quick"
    assert by_time.ranking["gap"].to_dict() == pytest.approx({"quick": 0.1, "slow": 0.5})
    assert by_time.budgets.to_dict() == {"p": 1.0}


def test_one_solver_two_solvers_and_nothing_but_failures():
    alone = compare_solvers(final({"p": {"a": [0.1, 0.2]}}))
    assert (len(alone.pairs), alone.friedman) == (0, None)
    two = compare_solvers(MANY[MANY["solver"] != "poor"])
    assert (len(two.pairs), two.friedman) == (1, None)
    broken = compare_solvers(
        sweep([failed(s, repetition=r) for s in "abc" for r in (0, 1)]), unit="runs"
    )
    assert broken.ranking["rank"].to_list() == [2, 2, 2]
    assert broken.ranking["best"].to_list() == [0, 0, 0]
    assert broken.friedman.p == 1


def test_results_do_not_depend_on_the_order_of_rows():
    shuffled = MANY.sample(frac=1, random_state=1)
    one, other = compare_solvers(MANY, unit="runs"), compare_solvers(shuffled, unit="runs")
    assert one.ranking.equals(other.ranking)
    assert one.pairs.equals(other.pairs)


def test_bad_input_and_a_missing_package(monkeypatch):
    with pytest.raises(InputError, match="unit: got 'cells'"):
        compare_solvers(MANY, unit="cells")
    monkeypatch.setitem(sys.modules, "scikit_posthocs", None)
    with pytest.raises(InputError, match=r"pip install 'edgeopt\[stats\]'"):
        compare_solvers(MANY)
