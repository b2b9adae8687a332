"""What runs used of their budget, and how coarse their iterations are."""

from html import escape

import pandas as pd
import pytest
from sweep_rows import failed, run, sweep

from edgeopt.experiments.statistics.anytime import common_budgets, largest_budget
from edgeopt.experiments.statistics.comparison import compare_solvers
from edgeopt.experiments.statistics.spending import (
    coarse_solvers,
    cost_text,
    is_over,
    largest_step,
    overruns,
    own_axis,
)

BUDGET = {"evaluations": 100}
FINE = run("fine", [(10, 0.1, 150.0), (60, 0.3, 120.0), (100, 0.5, 110.0)])
COARSE = run("coarse", [(400, 0.2, 110.0), (800, 0.4, 105.0)])
ITERATIONS = {"fine": [1, 6, 10], "coarse": [1, 2]}


def cells(*rows):
    table = sweep(rows)
    table["trace_iterations"] = [ITERATIONS.get(name) for name in table["solver"]]
    table["iterations"] = [len(values or []) for values in table["trace_iterations"]]
    table.attrs["budget"] = BUDGET
    return table


def test_costs_in_words():
    assert cost_text(1.0, "evaluations") == "1 evaluation"
    assert cost_text(5000.0, "iterations") == "5,000 iterations"
    assert cost_text(2.0, "seconds") == "2 s"


def test_the_axis_is_the_first_cost_that_the_budget_limits():
    assert own_axis({"seconds": 2, "evaluations": 5}) == "seconds"
    assert own_axis({"stall": 5, "iterations": 9}) == "iterations"
    assert own_axis({"target_gap": 0.1}) == own_axis({}) == "evaluations"


@pytest.mark.parametrize(
    ("used", "axis", "allowed", "over"),
    [
        (100, "evaluations", 100, False),
        (101, "evaluations", 100, True),
        (2.015, "seconds", 2, False),
        (2.03, "seconds", 2, True),
        (float("nan"), "evaluations", 100, False),
    ],
)
def test_a_clock_has_one_per_cent(used, axis, allowed, over):
    assert is_over(used, axis, allowed) == over


def test_who_used_more_than_allowed_is_named():
    table = cells(FINE, COARSE, failed("broken"))
    assert overruns(table, BUDGET) == [
        "More than the 100 evaluations allowed were used by coarse (up to 800)."
    ]
    assert overruns(table, {"evaluations": 800, "stall": 3}) == []
    assert overruns(table, {"seconds": 0.25}) == [
        "More than the 250 ms allowed were used by fine (up to 500 ms) and coarse (up to 400 ms)."
    ]


def test_the_largest_step_is_read_from_the_trace():
    table = cells(FINE, COARSE, failed("broken"))
    steps = [largest_step(row, "evaluations") for _, row in table.iterrows()]
    assert steps == pytest.approx([10, 400, float("nan")], nan_ok=True)
    begun = pd.Series({"trace_iterations": [0, 4], "trace_evaluations": [3, 11]})
    assert largest_step(begun, "evaluations") == 3  # `init` costs more than the two of a step


def test_iterations_beyond_the_cut_are_told():
    table = cells(FINE, COARSE)
    cuts = common_budgets(table, "evaluations")
    assert cuts["p"] == 100
    (text,) = coarse_solvers(table, "evaluations", cuts)
    assert text.startswith("Iterations of coarse (400) cost more than the evaluations")
    less = {**COARSE, "repetition": 1, "trace_evaluations": [150, 300]}
    assert coarse_solvers(cells(FINE, less, COARSE), "evaluations", cuts) == [text]
    assert coarse_solvers(table, "iterations", cuts) == []
    assert coarse_solvers(table, "evaluations", cuts + 300) == []


def test_a_comparison_says_all_this_and_takes_the_budgets_kind():
    found = compare_solvers(cells(FINE, COARSE))
    assert found.axis == "evaluations"
    assert found.ranking.index[0] == "fine"  # the other has finished no iteration by then
    text = " ".join(found.cautions)
    assert "More than the 100 evaluations allowed were used by coarse" in text
    assert "Iterations of coarse (400)" in text
    assert found.cut == "Runs are compared after 100 evaluations, the most that each has had."
    page = found._repr_html_()
    assert page.startswith("<table><tr><th>solver</th><th>rank</th>")
    assert all(escape(sentence) in page for sentence in (found.cut, *found.cautions))
    by_time = cells(FINE, COARSE)
    by_time.attrs["budget"] = {"seconds": 1.0}
    assert compare_solvers(by_time).axis == "seconds"
    by_time.attrs["budget"] = {"iterations": 2}
    assert compare_solvers(by_time).budgets.to_dict() == {"p": 2}


def test_the_largest_budget_that_traces_tell_of():
    table = cells(FINE, COARSE, run("once", [(1, 0.01, 130.0)], status="finished"))
    assert largest_budget(table, "evaluations") == 100
    assert largest_budget(table, "seconds") == 0.4
    table.attrs["budget"] = {"evaluations": 101}  # an iteration of 10 would have gone beyond
    assert largest_budget(table, "evaluations") == 101
    table.attrs["budget"] = {"seconds": 0.5}
    assert largest_budget(table, "evaluations") == 100
    assert largest_budget(table[table["solver"] == "once"], "seconds") == float("inf")
