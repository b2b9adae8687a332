"""Budgets by name."""

import pytest

from edgeopt.optim.scheduling.stop import (
    CRITERIA,
    DEFAULT,
    Evaluations,
    Seconds,
    Stall,
    make_criteria,
)
from edgeopt.problems.errors import InputError


def test_criteria_by_name():
    budget = {"evaluations": 500, "seconds": 1.5, "stall": 3}
    assert make_criteria(budget) == [Evaluations(500), Seconds(1.5), Stall(3)]
    assert len(make_criteria(dict.fromkeys(CRITERIA, 1))) == 5
    assert len(make_criteria(DEFAULT)) == 1


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ({}, "budget: got {}"),
        (None, "budget: got None"),
        (100, "budget: got 100"),
        (["evaluations"], "budget: got"),
        ({"evals": 3}, "budget: got 'evals', must be one of iterations, evaluations"),
        ({"evaluations": 0}, "evaluations: got 0"),
        ({"evaluations": 5000.0}, "evaluations: got 5000.0"),
        ({"evaluations": "5000"}, "evaluations: got '5000'"),
        ({"iterations": True}, "iterations: got True"),
        ({"seconds": 0}, "seconds: got 0"),
        ({"seconds": float("nan")}, "seconds: got nan"),
        ({"seconds": 10**400}, "seconds: got 1000"),
        ({"target_gap": -0.1}, "target gap: got -0.1"),
        ({"evaluations": 100, "stall": 0}, "stall: got 0"),
    ],
)
def test_bad_budgets_are_refused(budget: object, message: str):
    with pytest.raises(InputError, match=message):
        make_criteria(budget)
