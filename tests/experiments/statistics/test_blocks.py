"""Blocks: units of replication, strata, copies, and what a reader is warned of."""

import math

import numpy as np
import pandas as pd
import pytest

from edgeopt.experiments.statistics.blocks import blocks_of, cautions, copies, strata_of
from edgeopt.problems.errors import InputError


def gaps(problems: dict[str, dict[str, list[float]]]) -> pd.DataFrame:
    """Return gaps by problem and repetition, a column a solver."""
    tables = {name: pd.DataFrame(solvers) for name, solvers in problems.items()}
    return pd.concat(tables, names=["problem", "repetition"])


TABLE = gaps({"q": {"a": [1.0, 2, 9], "b": [3.0, 3, 3]}, "p": {"a": [4.0, 6], "b": [1.0, 0]}})


def test_a_problem_is_scored_by_the_median_of_its_repetitions():
    blocks = blocks_of(TABLE, "problems")
    assert blocks.to_dict("index") == {"q": {"a": 2, "b": 3}, "p": {"a": 5, "b": 0.5}}
    assert list(blocks.index) == ["q", "p"]  # the order of the sweep
    assert blocks_of(TABLE, "runs") is TABLE


def test_runs_are_exchangeable_within_their_problem_only():
    over_problems = strata_of(blocks_of(TABLE, "problems"), "problems")
    assert [rows.tolist() for rows in over_problems] == [[0, 1]]
    over_runs = strata_of(TABLE, "runs")
    assert sorted(rows.tolist() for rows in over_runs) == [[0, 1, 2], [3, 4]]


def test_copies_are_equal_on_every_problem():
    table = gaps(
        {
            "p": {"fixed": [1.0, 1], "half": [1.0, 1], "random": [1.0, 2]},
            "q": {"fixed": [2.0, 2], "half": [1.0, 2], "random": [2.0, 1]},
        }
    )
    assert copies(table, "runs") == ["fixed"]
    assert copies(table, "problems") == []
    assert copies(table.xs(0, level="repetition", drop_level=False), "runs") == []
    assert copies(table.drop([("p", 1)]), "runs") == ["fixed"]  # q alone has two repetitions


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, ["Only 1 block:", "p < 1 here"]),
        (5, ["Only 5 blocks:", "p < 0.0625 here"]),
        (6, ["Only 6 blocks:"]),
        (9, ["Only 9 blocks:"]),
        (10, []),
    ],
)
def test_few_blocks_are_said_with_the_least_p_value(count, words):
    table = gaps({f"p{i}": {"a": [0.1], "b": [0.2]} for i in range(count)})
    text = " ".join(cautions(table, "problems"))
    assert [word for word in words if word not in text] == []
    assert ("Wilcoxon" in text) == (count < 6)
    assert bool(text) == (count < 10)


def test_the_least_p_value_is_that_of_the_exact_test():
    from scipy import stats

    for count in range(1, 6):
        assert stats.wilcoxon(np.arange(1.0, count + 1)).pvalue == 2.0 ** (1 - count)


def test_runs_without_a_schedule_are_counted():
    table = gaps({f"p{i}": {"a": [0.1, math.inf], "b": [math.inf, 0.2]} for i in range(10)})
    assert cautions(table, "problems") == (
        "Runs that failed or had no schedule in time: 20 (infinite gap, ranked last).",
    )


WIDE = {"a": [0.1, 0.2], "b": [0.3, 0.2]}
ONE = {"a": [0.1], "b": [0.3]}


@pytest.mark.parametrize(
    ("unit", "problems", "words"),
    [
        ("problems", [WIDE], "over a single problem have no width"),
        ("problems", [WIDE] * 2, ""),
        ("runs", [ONE] * 3, "With one repetition, intervals over runs have no width"),
        ("runs", [ONE, WIDE, WIDE], "1 of 3 problems have one repetition: intervals are too"),
        ("runs", [WIDE] * 2, ""),
    ],
)
def test_intervals_without_width_are_said(unit, problems, words):
    table = gaps({f"p{i}": solvers for i, solvers in enumerate(problems)})
    found = [text for text in cautions(table, unit) if not text.startswith("Only")]
    assert [words in text for text in found] == [True] * bool(words)


def test_one_solver_of_copies_is_no_reason_for_a_caution():
    table = gaps({f"p{i}": {"a": [0.1, 0.1], "b": [0.3, 0.2]} for i in range(10)})
    assert cautions(table, "runs") == ()


def test_an_unknown_unit_is_refused():
    with pytest.raises(InputError, match="unit: got 'cells', must be one of problems, runs"):
        blocks_of(TABLE, "cells")
