"""Bounds are bounds, and as good as published."""

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from naive.exact import optimum
from strategies import scheduling_problems

from optim.scheduling import bounds, combinatorial_bound, lower_bound, lp_bound
from problems.scheduling import SchedulingProblem, WorkSpeed, paper_pool


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=400, deadline=None)
def test_no_schedule_is_better_than_a_bound(problem):
    best = optimum(problem)
    for bound in (combinatorial_bound, lp_bound, lower_bound):
        assert 0 <= bound(problem) <= best * (1 + 1e-12)
    assert lower_bound(problem) == max(combinatorial_bound(problem), lp_bound(problem))


@given(scheduling_problems(max_tasks=6, max_nodes=3, whole=False))
@settings(max_examples=100, deadline=None)
def test_nor_with_real_times(problem):
    assert lower_bound(problem) <= optimum(problem) * (1 + 1e-12)


def test_published_lp_bounds(hcsp, shared):
    with (shared / "hcsp" / "published.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["size"] != "2048x64"]
    for row in rows[::3]:
        problem = hcsp(f"{row['size']}/{row['instance']}")
        assert lp_bound(problem) == pytest.approx(float(row["lp_bound"]), rel=1e-7)


def test_by_hand():
    # Both nodes must share 4 s of work: 2 s; the longest task needs 3 s on its best node.
    assert lower_bound(SchedulingProblem([[3.0, 5.0], [1.0, 1.0]])) == pytest.approx(3.0)
    # The LP splits one task: x / 1 + x / 2 = 1 at 2/3 s.
    assert lp_bound(SchedulingProblem([[1.0, 2.0]])) == pytest.approx(2 / 3)
    # Uniform: the two largest works on the two fastest nodes take 12 / 3 s.
    uniform = SchedulingProblem(WorkSpeed([6.0, 6.0, 1.0], [2.0, 1.0, 0.001]))
    assert combinatorial_bound(uniform) == pytest.approx(4.332, abs=2e-3)


def test_memory_raises_the_bound():
    times, memory = np.array([[1.0, 10.0]] * 4), np.ones(4)
    free = SchedulingProblem(times)
    tight = SchedulingProblem(times, memory, [2.0, 2.0])
    assert lp_bound(free) < 4
    assert lp_bound(tight) == pytest.approx(20.0)


def test_times_of_zero():
    problem = SchedulingProblem([[0.0, 1.0], [1.0, 0.0]])
    assert lower_bound(problem) == 0.0


def test_a_bound_is_computed_once_and_forgotten_with_its_problem(monkeypatch):
    problem = paper_pool(20, 3, rng=0)
    first = lower_bound(problem)
    monkeypatch.setattr(bounds, "lp_bound", lambda problem: pytest.fail("computed again"))
    assert lower_bound(problem) == first
    assert problem in bounds._known
    known = len(bounds._known)
    del problem
    assert len(bounds._known) == known - 1


def test_huge_problems_get_the_combinatorial_bound():
    problem = paper_pool(2000, 200, rng=0)
    assert lower_bound(problem) == combinatorial_bound(problem)


def test_a_failing_lp_still_gives_a_valid_bound(monkeypatch):
    class Failed:
        status = 4

    monkeypatch.setattr("scipy.optimize.linprog", lambda *_, **__: Failed())
    problem = SchedulingProblem([[3.0, 1.0], [1.0, 2.0]])
    assert lp_bound(problem) == pytest.approx(1.0)  # equal multipliers: (1 + 1) / 2
