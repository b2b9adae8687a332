"""The objective of the population-based peers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import problems_with_forbidden_pairs, scheduling_problems

from edgeopt.experiments.peers.population import PenalisedMakespan
from edgeopt.problems.scheduling.problem import Problem


@settings(deadline=None)
@given(
    scheduling_problems() | problems_with_forbidden_pairs(),
    st.integers(0, 2**32 - 1),
)
def test_costs_are_makespans_or_worse_than_all(problem, seed):
    rows = np.random.default_rng(seed).integers(0, problem.nodes, (5, problem.tasks))
    objective = PenalisedMakespan(problem)
    for row, cost in zip(rows, objective.costs(rows), strict=True):
        if problem.fits(row):
            assert cost <= objective.worst
            assert cost == pytest.approx(problem.makespan(row))
        else:
            assert cost > objective.worst


def test_less_excess_is_better():
    problem = Problem([[1.0, 1.0]] * 3, [2.0, 2.0, 4.0], [4.0, 4.0])
    none, some, all_of_it = PenalisedMakespan(problem).costs(
        np.array([[0, 0, 1], [0, 1, 1], [0, 0, 0]])
    )
    assert none == 2.0
    assert some == pytest.approx(3.0 * (1 + 2 / 8))
    assert all_of_it == pytest.approx(3.0 * (1 + 4 / 8))


def test_fewer_forbidden_pairs_are_better():
    problem = Problem([[1.0, np.inf], [1.0, np.inf], [np.inf, 2.0]])
    none, one, two = PenalisedMakespan(problem).costs(np.array([[0, 0, 1], [0, 1, 1], [1, 1, 1]]))
    assert none == 2.0
    assert one == pytest.approx(4.0 * (1 + 1 / 3))
    assert two == pytest.approx(4.0 * (1 + 2 / 3))
