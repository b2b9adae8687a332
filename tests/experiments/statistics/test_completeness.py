"""Unfinished and merged sweeps: what is compared, and what is said about the rest."""

import pandas as pd
import pytest
from sweep_rows import failed, final, run, sweep

from edgeopt.experiments.statistics.anytime import gaps_at_budgets, paired_gaps
from edgeopt.experiments.statistics.comparison import compare_solvers
from edgeopt.experiments.statistics.completeness import in_complete_blocks, left_out

WHOLE = final({name: {"a": [0.1, 0.2, 0.3], "b": [0.2, 0.3, 0.1]} for name in "pq"})


def without(cells, **values):
    """Drop the rows that have these values."""
    drop = pd.Series(True, index=cells.index)
    for name, value in values.items():
        drop &= cells[name] == value
    return cells[~drop]


def test_nothing_is_said_of_a_whole_sweep():
    assert left_out(WHOLE) == ()
    assert in_complete_blocks(WHOLE).all()


def test_a_failed_run_is_there():
    cells = sweep([run("a", [(1, 0.1, 120.0)]), failed("b")])
    assert left_out(cells) == ()


def test_a_missing_repetition_is_left_out_and_named():
    cells = without(WHOLE, problem="p", repetition=1, solver="b")
    (text,) = left_out(cells)
    assert text == ("Runs left out, of repetitions that not every solver has: 1 of 11 (without b).")
    assert in_complete_blocks(cells).sum() == 10
    assert len(paired_gaps(cells, "evaluations")) == 5
    assert text in compare_solvers(cells).cautions


def test_a_problem_without_a_solver_is_left_out_and_named():
    cells = without(WHOLE, problem="q", solver="a")
    assert left_out(cells) == (
        "Problems left out, as no repetition has a run of every solver: q (no run of a).",
    )
    assert list(compare_solvers(cells).blocks.index) == ["p"]


def test_solvers_of_different_repetitions_share_no_block():
    cells = pd.concat(
        [WHOLE, final({"r": {"a": [0.1]}}), final({"r": {"b": [0.1]}}).assign(repetition=7)]
    ).reset_index(drop=True)
    (text,) = left_out(cells)
    assert text.endswith("r (each in other repetitions).")


def test_many_names_are_cut():
    cells = pd.concat([WHOLE, final({f"x{n}": {"a": [0.1]} for n in range(13)})]).reset_index(
        drop=True
    )
    (text,) = left_out(cells)
    assert "x4 (no run of b) and 8 more." in text
    assert "x5" not in text


def test_budgets_take_the_repetitions_that_all_solvers_share():
    cells = without(WHOLE, problem="p", repetition=2, solver="b")
    gaps = gaps_at_budgets(cells, "evaluations", [10.0])[10.0]
    assert gaps.loc["p"].to_dict() == pytest.approx({"a": 0.15, "b": 0.25})
    assert gaps.loc["q"].to_dict() == pytest.approx({"a": 0.2, "b": 0.2})
