"""A problem in the unit of tempering, and the best schedule of the replicas."""

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import scheduling_problems
from tempering_walks import TARGET, model_of

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound, deadline_duals
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound, lp_duals
from edgeopt.optim.scheduling.tempering import model as model_module
from edgeopt.optim.scheduling.tempering.model import build_model
from edgeopt.optim.scheduling.tempering.replica import (
    Incumbent,
    keep_if_better,
    largest_load,
    overload,
    recompute,
    start_replicas,
)
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


def test_by_hand(monkeypatch):
    prices = Multipliers(np.array([0.25, 0.75]), np.array([0.0, 2.0]))
    for name in ("lp_duals", "deadline_duals"):
        monkeypatch.setattr(model_module, name, lambda problem: prices)
    problem = Problem([[2.0, 6.0], [8.0, 2.0]], [1.0, 0.0], [1.0, 1.0], ready=[0.0, 4.0])
    model = build_model(problem, 2.0)
    assert model.times.tolist() == [[1.0, 3.0], [4.0, 1.0]]
    assert model.ready.tolist() == [0.0, 2.0]
    # Priced in units of 2 s: 1/4 and 9/4 + 1; 1 and 3/4.
    assert model.costs.tolist() == [[0.0, 3.0], [0.25, 0.0]]
    assert model.weights.tolist() == pytest.approx([0.125**0.5, 0.375**0.5])
    assert (model.memory.tolist(), model.capacity.tolist()) == ([1.0, 0.0], [1.0, 1.0])


def test_a_node_of_price_zero_has_some_weight(monkeypatch):
    prices = Multipliers(np.array([0.0, 1.0]), np.zeros(2))
    for name in ("lp_duals", "deadline_duals"):
        monkeypatch.setattr(model_module, name, lambda problem: prices)
    model = build_model(Problem(np.ones((2, 2))), 1.0)
    assert model.weights.tolist() == pytest.approx([(0.5e-3 / 2) ** 0.5, 0.5**0.5])


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=100, deadline=None)
def test_the_unit_cancels(problem):
    one, other = build_model(problem, 1.0), build_model(problem, 4.0)
    for name in ("times", "costs", "ready"):
        np.testing.assert_allclose(getattr(one, name), 4.0 * getattr(other, name), atol=1e-12)
    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.costs.min(axis=1).tolist() == [0.0] * problem.tasks
    u, v = lp_duals(problem)
    if deadline_duals(problem).u is not u:
        return  # other prices, see below
    memory = np.zeros(problem.tasks) if problem.task_memory is None else problem.task_memory
    priced = problem.matrix * u + np.outer(memory, v)
    expected = priced - priced.min(axis=1, keepdims=True)
    np.testing.assert_allclose(one.costs, expected, atol=1e-12)


def test_prices_of_a_deadline(monkeypatch):
    """Pairs beyond it may be cheaper than those within, and cost nothing; the longest are out."""
    monkeypatch.setattr(model_module, "FEWEST_PAIRS", 0)
    problem = load_problem("rcmax:machines:24x12:seed=1")
    unit, times = deadline_bound(problem), problem.matrix
    assert lower_bound(problem) < unit == 84.0
    model = build_model(problem, unit, makespan=95.0)
    out = times > 95.0
    assert out.any()
    assert np.isinf(model.costs).tolist() == out.tolist()
    within = np.where(times <= unit, times * deadline_duals(problem).u, np.inf)
    reduced = (within - within.min(axis=1, keepdims=True)) / unit
    np.testing.assert_allclose(model.costs[times <= unit], reduced[times <= unit], atol=1e-12)
    assert (model.costs[(times > unit) & ~out] >= 0.0).all()
    assert model.times.tolist() == (times / unit).tolist()


def test_the_slack_is_what_the_prices_leave_below_the_unit(monkeypatch):
    """At prices of 1/4 and 3/4 the tasks cost 0.5 and 1.5, ready times 3, and room nothing."""
    prices = Multipliers(np.array([0.25, 0.75]), np.zeros(2))
    for name in ("lp_duals", "deadline_duals"):
        monkeypatch.setattr(model_module, name, lambda problem: prices)
    problem = Problem([[2.0, 6.0], [8.0, 2.0]], ready=[0.0, 4.0])
    model = build_model(problem, 10.0)
    assert model.slack == pytest.approx(1.0 - (0.5 + 1.5 + 3.0) / 10.0)
    assert model.grain == pytest.approx(2.0 / 10.0)
    assert build_model(problem, 4.0).slack == 0.0


def test_priced_memory_adds_to_the_slack(monkeypatch):
    """The task costs 0.5 + 2 on node 0 and 3 on node 1; node 0 has 2 byte at a price of 1."""
    prices = Multipliers(np.array([0.25, 0.75]), np.array([1.0, 0.0]))
    for name in ("lp_duals", "deadline_duals"):
        monkeypatch.setattr(model_module, name, lambda problem: prices)
    problem = Problem([[2.0, 4.0]], [2.0], [2.0, 9.0])
    assert build_model(problem, 1.0).slack == pytest.approx(1.0 - (2.5 - 2.0))


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=50, deadline=None)
def test_costs_and_idle_time_fill_the_slack_and_the_gap(problem):
    """By LP duality, whatever the schedule: its makespan is the bound, its cost, and its rest."""
    model, (u, v) = build_model(problem, 1.0), lp_duals(problem)
    if deadline_duals(problem).u is not u:
        return
    start = np.random.default_rng(1).integers(0, problem.nodes, problem.tasks)
    replicas = start_replicas(model, 1, start)
    recompute(model, replicas, 0, TARGET)
    limited = v > 0.0
    room = (model.capacity[limited] - replicas.used[0, limited]) @ v[limited]
    mean = replicas.loads[0] @ u - room
    base = mean - replicas.costs[0]
    assert model.slack == pytest.approx(max(1.0 - base, 0.0), abs=1e-9)


def test_overloads():
    assert [overload(excess) for excess in (-3.0, 0.0, 2.0)] == [0.0, 0.0, 2.0]


def test_the_largest_load_ignores_nodes_without_tasks():
    model = model_of(3, 3, memory=False)
    model.ready[:] = [0.0, 99.0, 0.0]
    replicas = start_replicas(model, 1, np.array([0, 0, 2]))
    recompute(model, replicas, 0, TARGET)
    assert replicas.loads[0, 1] == 99.0
    assert largest_load(replicas, 0) == max(replicas.loads[0, [0, 2]])


def incumbent_at(makespan):
    return Incumbent(np.full(3, -1), np.array([makespan]), np.zeros(1, dtype=np.int64))


def test_only_a_better_schedule_is_kept():
    model = model_of(3, 2, memory=False)
    replicas = start_replicas(model, 1, np.array([0, 1, 1]))
    recompute(model, replicas, 0, TARGET)
    makespan = replicas.loads[0].max()
    equal, worse = incumbent_at(makespan), incumbent_at(np.nextafter(makespan, np.inf))
    for incumbent in (equal, worse):
        keep_if_better(incumbent, replicas, 0, 0, 1)
    assert equal.assignment.tolist() == [-1] * 3
    assert worse.assignment.tolist() == [0, 1, 1]
    assert worse.makespan[0] == makespan


def test_a_late_node_that_was_not_changed_counts_too():
    model = model_of(3, 3, memory=False)
    replicas = start_replicas(model, 1, np.array([0, 1, 2]))
    recompute(model, replicas, 0, TARGET)
    replicas.loads[0] = [1.0, 2.0, 50.0]
    incumbent = incumbent_at(10.0)
    keep_if_better(incumbent, replicas, 0, 0, 1)
    assert incumbent.makespan[0] == 10.0
