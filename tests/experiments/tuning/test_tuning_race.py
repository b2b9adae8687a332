"""When a trial is given up."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.tuning.trial import is_behind

INF = float("inf")


def flat(*gaps: float) -> list[tuple[float, ...]]:
    """Return runs whose gap never changes."""
    return [(gap,) * 4 for gap in gaps]


BEST = flat(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def shifted(by: list[float]) -> list[tuple[float, ...]]:
    """Return runs that differ from the best one's by so much."""
    return [tuple(gap + d for gap in run) for run, d in zip(BEST, by, strict=False)]


def test_five_runs_decide_at_five_per_cent_four_do_not() -> None:
    worse = [0.01, 0.02, 0.03, 0.04, 0.05]
    assert is_behind(shifted(worse), BEST, 0.05)  # p = 1/32
    assert not is_behind(shifted(worse[:4]), BEST, 0.05)  # p = 1/16
    assert is_behind(shifted(worse[:4]), BEST, 0.1)


def test_one_large_gain_among_five_saves() -> None:
    assert not is_behind(shifted([0.01, 0.02, 0.03, 0.04, -0.05]), BEST, 0.05)


def test_a_sum_beyond_the_best_ends_it_at_once() -> None:
    assert is_behind(flat(3.61), BEST, 0.05)  # the best trial's gaps add up to 3.6
    assert not is_behind(flat(3.59), BEST, 0.05)
    assert is_behind(flat(INF), BEST, 0.05)


def test_a_run_under_way_is_paired_at_its_own_point() -> None:
    best = [(0.9, 0.5, 0.3, 0.1)] * 8
    finished = [(0.9, 0.6, 0.4, 0.1 + d) for d in (0.01, 0.02, 0.03, 0.04)]
    assert is_behind([*finished, (0.95,)], best, 0.05)
    assert not is_behind([*finished, (0.85,)], best, 0.05)
    assert not is_behind([*finished, (0.95, 0.5)], best, 0.05)  # it has caught up since


def test_never() -> None:
    assert not is_behind(flat(9.0), BEST, 0.0)
    assert not is_behind(BEST, BEST, 0.5)
    assert not is_behind(flat(INF), flat(INF, INF), 0.05)


@given(st.lists(st.integers(-40, 40).filter(bool), min_size=5, max_size=8, unique_by=abs))
def test_the_test_is_wilcoxons(steps: list[int]) -> None:
    by = [step / 1000 for step in steps]
    ranks = sorted(range(len(by)), key=lambda i: abs(by[i]))
    rank = {index: place + 1 for place, index in enumerate(ranks)}
    observed = sum(rank[i] for i, d in enumerate(by) if d > 0)
    signs = list(product((0, 1), repeat=len(by)))
    sums = [sum(r + 1 for r, sign in enumerate(row) if sign) for row in signs]
    p_value = sum(total >= observed for total in sums) / len(signs)
    runs = shifted(by)
    certain = math.fsum(run[-1] for run in runs) > math.fsum(run[-1] for run in BEST)
    assert is_behind(runs, BEST, 0.05) == (certain or (p_value < 0.05 and sum(steps) > 0))


@pytest.mark.parametrize("level", [0.05, 0.1, 0.5])
def test_equal_runs_among_worse_ones(level: float) -> None:
    assert is_behind(shifted([0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]), BEST, level)
