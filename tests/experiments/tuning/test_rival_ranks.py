"""Ranks before and after a tuning, by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from edgeopt.experiments.tuning.rival_ranks import ALL, flip_test, order_changes, rank_changes

# On six problems each: a is 0.3, b 0.2 and c 0.1 by default; tuned, a is best and c worst.
NAMES = [f"p{i}" for i in range(6)]


def table(default: float, tuned: float) -> pd.DataFrame:
    """Return a held-out table whose gaps grow a little from problem to problem."""
    more = np.arange(6) / 1000.0
    return pd.DataFrame({"problem": NAMES, "default": default + more, "tuned": tuned + more})


FLIPPED = {("f", "a"): table(0.3, 0.1), ("f", "b"): table(0.2, 0.2), ("f", "c"): table(0.1, 0.3)}
KEPT = {("g", "a"): table(0.3, 0.03), ("g", "b"): table(0.2, 0.02), ("g", "c"): table(0.1, 0.01)}


def test_ranks_of_defaults_of_tuned_and_of_one_alone():
    ranks = rank_changes(FLIPPED).set_index("solver")
    assert ranks["rank_default"].to_dict() == {"a": 3.0, "b": 2.0, "c": 1.0}
    assert ranks["rank_tuned"].to_dict() == {"a": 1.0, "b": 2.0, "c": 3.0}
    # a tuned ties with the default c, c tuned with the default a
    assert ranks["rank_alone"].to_dict() == {"a": 1.5, "b": 2.0, "c": 2.5}
    assert ranks.loc["a", "gap_default"] == pytest.approx(0.3025)
    assert ranks.loc["a", "gap_tuned"] == pytest.approx(0.1025)
    # six equal signs: 2 / 2**6, times 3 and 2 by Holm; a rank that stays has p = 1
    assert ranks["p"].to_dict() == pytest.approx({"a": 0.09375, "b": 1.0, "c": 0.09375})
    assert set(ranks["family"]) == {"f"}


def test_orders_that_turn_round_and_orders_that_stay():
    orders = order_changes({**FLIPPED, **KEPT}).set_index("family")
    assert list(orders.index) == ["f", "g", ALL]
    assert orders["problems"].tolist() == [6, 6, 12]
    assert orders["pairs"].tolist() == [3, 3, 3]
    assert orders["tau"].tolist()[:2] == [-1.0, 1.0]
    assert orders["reversed"].tolist()[:2] == [3, 0]
    # six problems: the least p of a pair is 2 / 2**6, times three pairs above 5 %
    assert orders["certain"].tolist()[:2] == [0, 0]
    assert orders.loc["f", "p"] == 2 / 2**6
    assert orders.loc["g", "p"] == 1.0


def test_significant_orders_that_turn_round_are_counted():
    twice = {
        (family, solver): pd.concat([each, each.assign(problem=[f"q{i}" for i in range(6)])])
        for (family, solver), each in FLIPPED.items()
    }
    (row,) = order_changes(twice).to_dict("records")
    assert (row["reversed"], row["certain"]) == (3, 3)


def test_a_problem_without_a_schedule_ranks_last():
    broken = {**FLIPPED, ("f", "c"): table(0.1, 0.3).assign(default=np.nan)}
    ranks = rank_changes(broken).set_index("solver")
    assert ranks["rank_default"].to_dict() == {"a": 2.0, "b": 1.0, "c": 3.0}
    assert ranks.loc["c", "gap_default"] == np.inf


@pytest.mark.parametrize("problems", [1, 4, 6])
def test_the_flip_test_is_that_of_all_exchanges(problems):
    differences = np.random.default_rng(problems).integers(-3, 4, size=(problems, 3)).astype(float)

    def statistic(signs):
        return sum((sum(s * d for s, d in zip(signs, column, strict=True))) ** 2
                   for column in differences.T)  # fmt: skip

    found = statistic([1] * problems)
    every = [statistic(signs) for signs in itertools.product((1, -1), repeat=problems)]
    assert flip_test(differences) == np.mean([value >= found - 1e-9 for value in every])


def test_the_flip_test_draws_where_there_are_many_problems():
    shifted = np.tile([2.0, -2.0], (20, 1))
    assert flip_test(shifted) == pytest.approx(1 / 10_000, abs=2e-4)
    assert flip_test(np.zeros((20, 2))) == 1.0
