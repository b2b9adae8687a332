"""The annealing over instances, and the ratio of two solvers."""

import math

import numpy as np
import pytest

from edgeopt.experiments.adversary.duel import Side, is_deterministic, loss
from edgeopt.experiments.adversary.search import anneal_instances, is_accepted
from edgeopt.experiments.adversary.space import open_space
from edgeopt.experiments.sweep.cell import ChangedError
from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.solver import OneShot, as_solver
from edgeopt.problems.scheduling.problem import Problem

SPACE = open_space(tasks=2, nodes=2, low=1.0, high=4.0)


def quotient(problem: Problem) -> float:
    """Return a ratio whose largest value, 16, is at the four corners."""
    times = problem.matrix
    return float(times[0, 0] * times[1, 1] / (times[0, 1] * times[1, 0]) / 16.0 * 16.0)


def test_the_largest_ratio_is_found_and_the_trace_leads_to_it():
    found = anneal_instances(SPACE, quotient, 400, np.random.default_rng(1))
    assert found.ratio == 16.0
    assert found.values.tolist() == [[4.0, 1.0], [1.0, 4.0]]
    assert found.trace_ratio == sorted(found.trace_ratio)
    assert found.trace_ratio[-1] == found.ratio
    assert len(found.trace_tried) == len(found.trace_ratio)
    assert found.trace_tried[0] == 1
    assert found.tried == 400


@pytest.mark.parametrize("instances", [1, 2, 11])
def test_as_many_instances_are_tried_as_allowed(instances):
    calls = []
    found = anneal_instances(
        SPACE, lambda p: calls.append(p.digest) or 1.0, instances, np.random.default_rng(0)
    )
    assert len(calls) == found.tried == instances


def test_an_infinite_ratio_ends_the_search():
    found = anneal_instances(SPACE, lambda problem: math.inf, 50, np.random.default_rng(0))
    assert (found.tried, found.ratio) == (1, math.inf)


def test_equal_seeds_give_equal_searches():
    searches = [anneal_instances(SPACE, quotient, 40, np.random.default_rng(s)) for s in (5, 5, 6)]
    first, again, other = (search.trace_ratio for search in searches)
    assert first == again != other


@pytest.mark.parametrize(("new", "old", "temperature", "uniform", "accepted"), [
    (2.0, 1.0, 0.1, 0.999, True),
    (1.0, 1.0, 0.1, 0.999, True),
    (0.0, 0.0, 0.1, 0.999, True),
    (0.9, 1.0, 0.1, 0.34, True),  # 0.9 ** 10 = 0.3487
    (0.9, 1.0, 0.1, 0.36, False),
    (0.0, 1.0, 0.1, 0.0, False),
])  # fmt: skip
def test_the_rule_of_acceptance(new, old, temperature, uniform, accepted):
    assert is_accepted(new, old, temperature, uniform) is accepted


@pytest.mark.parametrize(("own", "rival", "expected"), [
    ([2.0, 9.0, 4.0], [2.0], 2.0),
    ([3.0], [math.inf], 0.0),
    ([math.inf, 1.0, math.inf], [3.0], math.inf),
    ([math.inf], [math.inf], 1.0),
    ([0.0], [0.0], 1.0),
    ([1.0], [0.0], math.inf),
])  # fmt: skip
def test_the_loss_is_the_ratio_of_medians(own, rival, expected):
    assert loss(own, rival) == expected


def first_node(problem: Problem, rng: np.random.Generator) -> np.ndarray:
    """Return the worst schedule of a consistent problem's opposite."""
    return np.zeros(problem.tasks, dtype=np.int64)


def test_a_side_runs_once_a_seed_and_counts():
    drawn = []

    def noisy(problem, rng):
        drawn.append(int(rng.integers(2)))
        return np.full(problem.tasks, drawn[-1])

    problem = Problem([[1.0, 3.0], [2.0, 5.0]])
    makespans, evaluations = Side("noisy", noisy, {"evaluations": 1}).run(problem, [1, 2, 3, 4])
    assert makespans == [[3.0, 8.0][node] for node in drawn]
    assert len(drawn) == evaluations == 4


def test_our_heuristics_ignore_the_seed_and_run_once():
    problem = open_space(tasks=7, nodes=3).problem(np.random.default_rng(0).random((7, 3)) + 1.0)
    for name, solver in SOLVERS.items():
        assert is_deterministic(solver) is isinstance(as_solver(solver), OneShot), name
        if is_deterministic(solver):
            runner = as_solver(solver).scheduler
            plans = [runner(problem, np.random.default_rng(seed)).tolist() for seed in (1, 2)]
            assert plans[0] == plans[1], name
    makespans, evaluations = Side("lpt", SOLVERS["lpt"], {"evaluations": 9}).run(problem, [1, 2, 3])
    assert len(makespans) == 3
    assert evaluations == 1
    assert not is_deterministic(first_node)


def test_a_foreign_solver_that_changes_the_problem_is_caught():
    def cheat(problem, rng):
        problem.et.flags.writeable = True
        problem.et[0] = 100.0
        return np.zeros(problem.tasks, dtype=np.int64)

    side = Side("cheat", cheat, {"evaluations": 1}, is_foreign=True)
    with pytest.raises(ChangedError, match="cheat has changed the problem"):
        side.run(Problem([[1.0, 3.0], [2.0, 5.0]]), [1])
