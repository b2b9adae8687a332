"""Traces are anytime data: the outcome at any smaller budget."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_rows import failed, run, sweep

from edgeopt.experiments.statistics.anytime import common_budgets, gaps_at, paired_gaps, times_to
from edgeopt.problems.errors import InputError

TRACE = [(1, 0.1, 150.0), (10, 0.2, 120.0), (100, 0.9, 110.0)]


def test_gaps_at_budgets_by_hand():
    row = pd.Series(run("s", TRACE))
    gaps = gaps_at(row, "evaluations", np.array([0.0, 1, 9, 10, 99, 1000]))
    assert gaps == pytest.approx([math.inf, 0.5, 0.5, 0.2, 0.2, 0.1])
    assert gaps_at(row, "seconds", np.array([0.15, 0.2])) == pytest.approx([0.5, 0.2])


def test_times_to_targets_by_hand():
    row = pd.Series(run("s", TRACE))
    targets = np.array([0.6, 0.5, 0.3, 0.1001, 0.05])
    assert times_to(row, "evaluations", targets).tolist() == [1, 1, 10, 100, math.inf]
    assert times_to(row, "seconds", targets).tolist() == [0.1, 0.1, 0.2, 0.9, math.inf]


def test_before_the_first_schedule_and_after_a_failure_the_gap_is_infinite():
    late = pd.Series(run("s", [(1, 0.1, math.inf), (5, 0.2, 130.0)]))
    assert gaps_at(late, "evaluations", np.array([1.0, 5])).tolist() == [
        math.inf,
        pytest.approx(0.3),
    ]
    row = sweep([failed("s")]).iloc[0]
    assert gaps_at(row, "evaluations", np.array([1.0, 1e9])).tolist() == [math.inf, math.inf]
    assert times_to(row, "seconds", np.array([9.0])).tolist() == [math.inf]


@given(
    drops=st.lists(st.floats(0, 20), min_size=1, max_size=8),
    target=st.floats(0, 2),
    budget=st.integers(0, 100),
)
def test_against_a_slow_walk_along_the_trace(drops, target, budget):
    makespans = 200 - np.cumsum(drops) * 0.6
    trace = [(7 * i + 3, 0.1 * i, float(m)) for i, m in enumerate(makespans)]
    row = pd.Series(run("s", trace))
    best, first = math.inf, math.inf
    for evaluations, _, makespan in trace:
        gap = round(makespan / 100 - 1, 12)
        if evaluations <= budget:
            best = gap
        if first == math.inf and gap <= target:
            first = evaluations
    assert gaps_at(row, "evaluations", np.array([float(budget)]))[0] == best
    assert times_to(row, "evaluations", np.array([target]))[0] == first


def test_the_common_budget_is_what_every_stopped_run_has_had():
    cells = sweep(
        [
            run("a", [(50, 2.0, 120.0)]),
            run("b", [(60, 0.5, 120.0)]),
            run("once", [(1, 0.001, 130.0)], status="finished"),
            failed("broken"),
            run("once", [(1, 0.001, 130.0)], problem="q", status="finished"),
            run("twice", [(2, 0.004, 130.0)], problem="q", status="optimal"),
        ]
    )
    assert common_budgets(cells, "evaluations").to_dict() == {"p": 50, "q": 2}
    assert common_budgets(cells, "seconds").to_dict() == {"p": 0.5, "q": 0.004}


def test_the_table_pairs_runs_of_one_seed_at_equal_cost():
    slow = [(10, 0.1, 150.0), (20, 4.0, 110.0)]
    quick = [(10, 0.1, 140.0), (20, 1.0, 120.0)]
    rows = [run(s, t, repetition=r) for r in (0, 1) for s, t in (("slow", slow), ("quick", quick))]
    cells = sweep([*rows, run("slow", slow, repetition=2)])  # the third block lacks a solver
    by_evaluations = paired_gaps(cells, "evaluations")
    assert list(by_evaluations.index) == [("p", 0), ("p", 1)]
    assert by_evaluations.loc[("p", 0)].to_dict() == {"quick": 0.2, "slow": 0.1}
    assert paired_gaps(cells, "seconds").loc[("p", 1)].to_dict() == {"quick": 0.2, "slow": 0.5}


def test_a_failed_run_keeps_its_block():
    table = paired_gaps(sweep([run("a", TRACE), failed("b")]), "evaluations")
    assert table.loc[("p", 0)].to_dict() == {"a": pytest.approx(0.1), "b": math.inf}


def test_sums_in_another_order_do_not_break_ties():
    a, b = 0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1
    assert a != b
    cells = sweep([run("a", [(1, 0.1, 100 + a)]), run("b", [(1, 0.1, 100 + b)])])
    row = paired_gaps(cells, "evaluations").iloc[0]
    assert row["a"] == row["b"]


def test_what_cannot_be_compared_is_refused():
    cells = sweep([run("a", TRACE), run("b", TRACE, problem="q")])
    with pytest.raises(InputError, match=r"sweep: got '2 incomplete blocks'"):
        paired_gaps(cells, "evaluations")
    with pytest.raises(InputError, match=r"axis: got 'days'"):
        paired_gaps(cells, "days")
