"""Stopping criteria, why a run ended, and budgets by name."""

import pytest

from edgeopt.optim.scheduling.stop import (
    CRITERIA,
    DEFAULT,
    Criterion,
    Evaluations,
    Iterations,
    Progress,
    Seconds,
    Stall,
    Status,
    TargetGap,
    as_criteria,
    first_met,
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
        ({"evaluations": 10**39}, "evaluations: got 1000"),
        ({"iterations": 2**53 + 1}, "iterations: got 9007199254740993"),
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


def test_every_criterion_of_a_budget_has_its_status():
    late = Progress(iterations=9, evaluations=9, seconds=9.0, makespan=1.0, lower_bound=1.0)
    for name, kind in CRITERIA.items():
        assert first_met([kind(1)], late._replace(stalled=9)) is Status(name)


@pytest.mark.parametrize(
    ("criterion", "before", "at"),
    [
        (Iterations(5), Progress(iterations=4), Progress(iterations=5)),
        (Seconds(2.0), Progress(seconds=1.999), Progress(seconds=2.0)),
        (Stall(3), Progress(stalled=2), Progress(stalled=3)),
        (
            TargetGap(0.25),
            Progress(makespan=1.26, lower_bound=1.0),
            Progress(makespan=1.25, lower_bound=1.0),
        ),
        (
            Evaluations(100),
            Progress(evaluations=60, step_evaluations=40),
            Progress(evaluations=61, step_evaluations=40),
        ),
        (Evaluations(100), Progress(evaluations=99), Progress(evaluations=100)),
    ],
)
def test_the_limit_itself(criterion: Criterion, before: Progress, at: Progress):
    assert not criterion(before)
    assert criterion(at)


def test_the_first_met_gives_the_status():
    progress = Progress(iterations=5, seconds=9.0)
    assert first_met([Stall(1), Seconds(9.0), Iterations(1)], progress) is Status.SECONDS
    assert first_met([Stall(1)], progress) is None

    class Hurry(Seconds):
        """A criterion of the user's own, though made from one of ours."""

    assert first_met([Hurry(1.0)], progress) is Status.CRITERION


def test_one_criterion_or_several():
    assert as_criteria(Stall(1)) == (Stall(1),)
    assert as_criteria(iter([Stall(1), Seconds(2)])) == (Stall(1), Seconds(2))
