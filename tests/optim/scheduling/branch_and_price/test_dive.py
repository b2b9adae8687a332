"""Dives meet the deadlines of hidden schedules, and what they give nodes fits."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeopt.optim.scheduling.bounds.rounding import makespan_unit
from edgeopt.optim.scheduling.branch_and_price import dive as dive_module
from edgeopt.optim.scheduling.branch_and_price.dive import FEW_NODES, advance, open_dive
from edgeopt.optim.scheduling.branch_and_price.prices import lp_prices, no_columns, open_prices
from edgeopt.optim.scheduling.branch_and_price.projection import approach
from edgeopt.optim.scheduling.branch_and_price.root import open_root, raise_deadline
from edgeopt.optim.scheduling.branch_and_price.whole import propagate, whole_problem
from edgeopt.optim.scheduling.heuristics.batch_rules import min_min
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


def converged(problem, deadline):
    """Return a deadline in whole numbers, and the search for columns that run all tasks in it."""
    whole = whole_problem(problem, deadline, makespan_unit(problem))
    left = propagate(whole, whole.alive)
    search = open_prices(whole, left, lp_prices(problem, whole), no_columns(problem))
    while not search.converged and search.iterations < 100:
        approach(search)
    return whole, search


def check_parts(problem, deadline, dive):
    """Check that the given nodes have other tasks than those left, which fit."""
    nodes, tasks = dive.rest.nodes, dive.rest.tasks
    given_nodes = np.setdiff1d(np.arange(problem.nodes), nodes)
    given_tasks = np.setdiff1d(np.arange(problem.tasks), tasks)
    of = dive.assignment[given_tasks]
    assert np.isin(of, given_nodes).all()
    load, memory = np.zeros(problem.nodes), np.zeros(problem.nodes)
    np.add.at(load, of, problem.matrix[given_tasks, of])
    assert (load <= deadline).all()
    if problem.task_memory is not None:
        np.add.at(memory, of, problem.task_memory[given_tasks])
        assert (memory <= problem.node_capacity).all()
    possible = problem.matrix[tasks] <= deadline
    alone = possible.sum(axis=1) == 1
    assert not np.isin(possible[alone].argmax(axis=1), given_nodes).any()
    columns = dive.rest.columns
    assert columns.tasks.shape == (len(columns.node), len(tasks))
    assert ((columns.node >= 0) & (columns.node < len(nodes))).all()


def run_dive(problem, deadline, whole, search):
    """Return a dive that has ended; check it on the way."""
    dive = open_dive(whole, search)
    while not dive.is_lost and dive.found is None:
        advance(dive)
        if dive.found is None and not dive.is_lost:
            check_parts(problem, deadline, dive)
    return dive


@pytest.mark.parametrize("kind", ["machines", "u_100_120", "u_1000_1100"])
def test_a_dive_meets_the_lowest_deadline_that_no_prices_refute(kind):
    problem = load_problem(f"rcmax:{kind}:60x12:seed=1")
    root = open_root(problem)
    while not root.deadlines.root_is_done:
        raise_deadline(problem, root, 20)
    deadline = root.deadlines.refuted + 1.0
    assert root.lowest.whole.deadline == deadline
    dive = run_dive(problem, deadline, root.lowest.whole, root.lowest)
    assert problem.makespan(dive.found) == deadline


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_what_is_found_meets_the_deadline(seed, memory, forbidden):
    """Unrelated whole times of 24 to 40 tasks on 7 to 9 nodes, and a hidden schedule."""
    rng = np.random.default_rng(seed)
    k, x = int(rng.integers(24, 41)), int(rng.integers(7, 10))
    hidden = rng.integers(0, x, k)
    times = rng.integers(1, 30, (k, x)).astype(float)
    if forbidden:
        times[rng.random((k, x)) < 0.3] = np.inf
        times[:3] = np.inf  # three tasks have no choice
    times[np.arange(k), hidden] = rng.integers(1, 12, k)
    sizes = rng.integers(1, 20, k).astype(float)
    rooms = np.bincount(hidden, weights=sizes, minlength=x) + rng.integers(0, 3, x)
    limits = {"task_memory": sizes, "node_capacity": np.maximum(rooms, 1.0)} if memory else {}
    problem = Problem(times, **limits)
    deadline = problem.makespan(hidden)
    whole, search = converged(problem, deadline)
    assume(search.converged)
    dive = run_dive(problem, deadline, whole, search)
    if dive.found is not None:
        assert problem.makespan(dive.found) <= deadline
        assert problem.fits(dive.found)
        assert dive.work > 0.0


def test_columns_are_taken_back_and_others_given():
    """Half as many, then single ones of two nodes, and then the dive is lost."""
    problem = load_problem("rcmax:machines:60x16:seed=1")
    whole, search = converged(problem, problem.makespan(min_min(problem, None)))
    dive, first, seen = open_dive(whole, search), None, []
    while not dive.is_lost:
        choice = dive.choices[0]
        first = choice.order[0] if first is None else first
        seen.append((choice.most, 16 - len(dive.rest.nodes), int(choice.order[0] == first)))
        dive_module._take_back(dive)
    assert seen == [(4, 4, 1), (2, 2, 1), (1, 1, 1), (1, 1, 0)]


def test_a_dive_begins_anew_with_fewer_columns_at_once(monkeypatch):
    monkeypatch.setattr(dive_module, "_PATIENCE", 3)
    problem = load_problem("rcmax:machines:60x16:seed=1")
    whole, search = converged(problem, problem.makespan(min_min(problem, None)))
    dive, seen = open_dive(whole, search), []
    for _ in range(4):
        seen.append((dive.choices[0].most, dive.part, int(dive.choices[0].order[0])))
        dive_module._take_back(dive)
    first, second = (int(column) for column in open_dive(whole, search).choices[0].order[:2])
    assert seen == [(4, 0.25, first), (2, 0.25, first), (1, 0.25, first), (2, 0.125, second)]


def test_a_dive_afresh_begins_with_known_prices_and_gives_nothing_yet():
    problem = load_problem("rcmax:machines:60x16:seed=1")
    whole, search = converged(problem, problem.makespan(min_min(problem, None)))
    dive = open_dive(whole._replace(deadline=whole.deadline + 1.0), search, afresh=True)
    assert dive.rest.prices is search.prices
    assert dive.rest.columns is search.columns
    assert (dive.choices, dive.is_lost, len(dive.rest.nodes)) == ([], False, 16)


def test_no_dive_without_columns_of_all_tasks_or_with_few_nodes():
    problem = load_problem("rcmax:machines:60x16:seed=1")
    whole, search = converged(problem, problem.makespan(min_min(problem, None)))
    assert open_dive(whole, None).is_lost
    assert not open_dive(whole._replace(deadline=whole.deadline + 1.0), search).is_lost
    assert open_dive(whole._replace(deadline=whole.deadline - 1.0), search).is_lost
    few = load_problem(f"rcmax:machines:40x{FEW_NODES}:seed=1")
    assert open_dive(*converged(few, few.makespan(min_min(few, None)))).is_lost
