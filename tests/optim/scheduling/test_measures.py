"""Measures of a schedule: values computed by hand, and a slow reference."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive.measures import naive_measures

from edgeopt.optim.scheduling.heuristics.list_rules import mct
from edgeopt.optim.scheduling.measures import Measures, measure
from edgeopt.optim.scheduling.solve import solve
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

TIMES = [[3.0, 5.0], [2.0, 1.0], [4.0, np.inf]]


def test_values_by_hand():
    problem = Problem(
        TIMES,
        energy=[[9.0, 5.0], [1.0, 7.0], [2.0, 8.0]],
        cost=[[1.0, 2.0], [4.0, 8.0], [16.0, 32.0]],
        idle_power=[0.5, 0.25],
        deadlines=[3.0, 0.5, 7.0],
    )
    # node 0: tasks 0 and 2, 3 and 7 s; node 1: task 1, 1 s, then 6 s of waiting
    found = measure(problem, [0, 1, 0])
    assert found == Measures(9 + 7 + 2 + 6 * 0.25, 1 + 8 + 16, 6 / 4, 8 / 14, 11 / 3, 1)
    # node 0 is ready after 1 s, node 1, without a task, after the end
    late = measure(replace(problem, ready=[1.0, 20.0]), [0, 0, 0])
    assert late == Measures(12.0, 21.0, 10 / 15, 1.0, (4 + 6 + 10) / 3, 3)


def test_what_is_not_stated_is_absent():
    found = measure(Problem(TIMES), [0, 1, 0])
    assert (found.energy, found.cost, found.deadline_misses) == (None, None, None)
    assert found.imbalance == 1.5
    nothing = measure(Problem([[0.0, 1.0]]), [0])  # all ends are 0
    assert (nothing.imbalance, nothing.utilisation, nothing.mean_completion) == (0.0, 0.0, 0.0)
    with pytest.raises(InputError, match="can run their tasks"):
        measure(Problem(TIMES), [0, 1, 1])


@given(st.integers(0, 10**6))
def test_equal_to_the_slow_reference(seed):
    rng = np.random.default_rng(seed)
    k, x = rng.integers(1, 7), rng.integers(1, 5)
    ready = rng.integers(0, 9, x) if rng.random() < 0.5 else None
    power = rng.random((2, x))
    problem = Problem(
        rng.random((k, x)) + 0.1,
        ready=ready,
        cost=rng.random((k, x)),
        active_power=power.max(axis=0),
        idle_power=power.min(axis=0),
        deadlines=rng.random(k) * 3,
    )
    assignment = rng.integers(0, x, k)
    assert measure(problem, assignment) == pytest.approx(naive_measures(problem, assignment))


def test_results_and_their_rows_have_them():
    problem = Problem([[3.0, 5.0], [2.0, 1.0]], active_power=[2.0, 4.0])
    result = solve(problem, mct, rng=1)
    assert result.measures == measure(problem, result.assignment)
    values = result.as_dict()
    assert (values["energy"], values["cost"], values["utilisation"]) == (10.0, None, 4 / 6)
