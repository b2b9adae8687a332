"""When a trial is given up."""

import math
from itertools import product

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import Trial

from edgeopt.experiments.tuning.trial import best_trial, is_behind, make_pruner

INF = float("inf")
BEST = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]


def ask(level: float, gaps: list[float], best: list[float]) -> tuple[optuna.Study, Trial]:
    """Return a study with a best trial, and a trial that has reported these gaps."""
    study = optuna.create_study(pruner=make_pruner(level))
    for values in (best, gaps):
        trial = study.ask()
        for step, gap in enumerate(values):
            trial.report(gap, step)
        if values is best:
            study.tell(trial, math.fsum(best) / len(best))
    return study, trial


def behind(gaps: list[float], level: float = 0.05, best: list[float] = BEST) -> bool:
    """Whether a trial with these gaps is given up."""
    return is_behind(*ask(level, gaps, best), gaps)


def shifted(by: list[float]) -> list[float]:
    """Return gaps that differ from the best trial's by so much."""
    return [gap + d for gap, d in zip(BEST, by, strict=False)]


def test_five_runs_decide_at_five_per_cent_four_do_not() -> None:
    worse = [0.41, 0.42, 0.43, 0.44, 0.45]
    assert behind(shifted(worse))  # p = 1/32
    assert not behind(shifted(worse[:4]))  # p = 1/16
    assert behind(shifted(worse[:4]), 0.1)


def test_one_large_gain_among_five_saves() -> None:
    assert not behind(shifted([0.41, 0.42, 0.43, 0.44, -0.45]))


def test_a_sum_beyond_the_best_ends_it_at_once() -> None:
    assert behind([3.61])  # the best trial's gaps add up to 3.6
    assert not behind([3.59])
    assert behind([INF])


def test_never() -> None:
    assert not behind([9.0], 0.0)
    assert not behind(BEST, 0.5)
    assert not behind([INF], best=[INF, INF])
    assert not behind([1.0], best=[INF, INF])


def test_without_a_finished_trial_there_is_no_race() -> None:
    study = optuna.create_study(pruner=make_pruner(0.5))
    trial = study.ask()
    trial.report(9.0, 0)
    assert not is_behind(study, trial, [9.0])


def test_of_equal_trials_the_first_is_the_best() -> None:
    study = optuna.create_study()
    for value in (0.2, 0.1, 0.1):
        study.tell(study.ask(), value)
    best = best_trial(study)
    assert best is not None
    assert best.number == 1


@settings(deadline=None)
@given(st.lists(st.integers(-40, 40).filter(bool), min_size=5, max_size=8, unique_by=abs))
def test_the_test_is_wilcoxons(steps: list[int]) -> None:
    by = [step / 1000 for step in steps]
    ranks = sorted(range(len(by)), key=lambda i: abs(by[i]))
    rank = {index: place + 1 for place, index in enumerate(ranks)}
    observed = sum(rank[i] for i, d in enumerate(by) if d > 0)
    signs = list(product((0, 1), repeat=len(by)))
    sums = [sum(r + 1 for r, sign in enumerate(row) if sign) for row in signs]
    p_value = sum(total >= observed for total in sums) / len(signs)
    gaps = shifted(by)
    certain = math.fsum(gaps) > math.fsum(BEST)
    ahead = sum(gaps) / len(gaps) <= sum(BEST) / len(BEST)
    assert behind(gaps) == (certain or (p_value < 0.05 and not ahead))


@pytest.mark.parametrize("level", [0.05, 0.1, 0.5])
def test_equal_runs_among_worse_ones(level: float) -> None:
    assert behind(shifted([0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]), level)
