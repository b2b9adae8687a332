"""Loads, ranks, candidates and moves of the local search against slow definitions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import local_search as naive
from naive.exact import all_assignments
from strategies import problems_with_forbidden_pairs, scheduling_problems

from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound, lp_bound
from edgeopt.optim.scheduling.heuristics.list_rules import lpt
from edgeopt.optim.scheduling.local_search import candidates
from edgeopt.optim.scheduling.local_search.candidates import (
    find_candidates,
    price_ratios,
    reduced_costs,
)
from edgeopt.optim.scheduling.local_search.chain import ChainGoal, arrival, departure, try_chain
from edgeopt.optim.scheduling.local_search.moves import (
    KickSettings,
    best_move,
    descend,
    descend_further,
    kick_often,
)
from edgeopt.optim.scheduling.local_search.schedule_arrays import (
    lift,
    rank_nodes,
    read_assignment,
    schedule_makespan,
    settle,
    shift,
)
from edgeopt.optim.scheduling.local_search.search import keep_if_best, open_search
from edgeopt.optim.stream import open_stream
from edgeopt.problems.scheduling.generators import braun
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


def some_forbidden(**limits):
    return scheduling_problems(**limits) | problems_with_forbidden_pairs(ready=False, **limits)


def random_fit(problem, rng):
    """A random assignment that fits, or None after some tries."""
    for _ in range(50):
        assignment = rng.integers(problem.nodes, size=problem.tasks)
        if problem.fits(assignment):
            return assignment
    return None


def begin(problem, assignment, width=8, depth=4):
    search = open_search(problem, width, depth)
    read_assignment(search.instance, search.schedule, np.asarray(assignment))
    return search


def assert_consistent(problem, search):
    """Loads, memory, lists and ranks are those of the assignment."""
    schedule = search.schedule
    ends = problem.loads(schedule.assignment) + (0.0 if problem.ready is None else problem.ready)
    np.testing.assert_allclose(schedule.loads, ends, rtol=1e-12)
    assert schedule_makespan(schedule) == pytest.approx(problem.makespan(schedule.assignment))
    np.testing.assert_allclose(schedule.used, problem.memory_used(schedule.assignment), rtol=1e-12)
    for node in range(problem.nodes):
        listed, task = [], schedule.first[node]
        while task >= 0:
            assert schedule.previous[task] == (listed[-1] if listed else -1)
            listed.append(int(task))
            task = schedule.following[task]
        assert sorted(listed) == np.flatnonzero(schedule.assignment == node).tolist()


@given(st.lists(st.floats(0, 9), min_size=1, max_size=40), st.data())
@settings(max_examples=120, deadline=None)
def test_the_root_is_the_node_of_largest_load(values, data):
    loads = np.array(values)
    ranks = np.zeros(2 * len(loads), dtype=np.int64)
    rank_nodes(ranks, loads)
    for _ in range(10):
        assert loads[ranks[1]] == loads.max()
        node = data.draw(st.integers(0, len(loads) - 1))
        loads[node] = data.draw(st.floats(0, 9))
        lift(ranks, loads, node)


@given(
    scheduling_problems(max_tasks=12, max_nodes=5, whole=False), st.integers(0, 99), st.booleans()
)
@settings(max_examples=100, deadline=None)
def test_shifts_keep_the_books(problem, seed, late):
    rng = np.random.default_rng(seed)
    if late:
        problem = replace(problem, ready=rng.uniform(0.0, 9.0, problem.nodes))
    search = begin(problem, rng.integers(problem.nodes, size=problem.tasks))
    assert_consistent(problem, search)
    for _ in range(20):
        task, node = int(rng.integers(problem.tasks)), int(rng.integers(problem.nodes))
        origin = int(search.schedule.assignment[task])
        shift(search.instance, search.schedule, task, node)
        for touched in (origin, node):
            settle(search.instance, search.schedule, touched)
        assert_consistent(problem, search)


@given(scheduling_problems(max_tasks=5, max_nodes=3))
@settings(max_examples=100, deadline=None)
def test_a_schedule_with_a_pair_is_as_long_as_its_reduced_cost_says(problem):
    reduced, bound = reduced_costs(problem), lp_bound(problem)
    for assignment in all_assignments(problem):
        if problem.fits(list(assignment)):
            most = reduced[np.arange(problem.tasks), assignment].max()
            makespan = problem.makespan(list(assignment))
            assert makespan >= (bound + most) * (1 - 1e-9) - 1e-12


def test_reduced_costs_by_hand(monkeypatch):
    prices = Multipliers(np.array([0.25, 0.75]), np.array([0.0, 2.0]))
    monkeypatch.setattr(candidates, "lp_duals", lambda problem: prices)
    problem = Problem([[2.0, 6.0], [8.0, 2.0]], [1.0, 0.0], [1.0, 1.0])
    # Priced: 2/4 and 6 * 3/4 + 2; 8/4 and 2 * 3/4.
    assert reduced_costs(problem).tolist() == [[0.0, 6.0], [0.5, 0.0]]
    assert find_candidates(problem, 1).node.tolist() == [[0], [1]]
    np.testing.assert_allclose(price_ratios(problem), [[1, 0.5 / 6.5], [0.75, 1]])


@pytest.mark.parametrize("problem", [braun("u_i_hihi", 40, 9, rng=1), paper_pool(40, 9, rng=2)])
@pytest.mark.parametrize("width", [1, 4, 9, 50])
def test_candidates_are_the_cheapest_nodes(problem, width):
    found, reduced = find_candidates(problem, width), reduced_costs(problem)
    assert found.node.shape == found.cost.shape == (40, min(width, 9))
    assert find_candidates(problem, width) is found
    for task in range(40):
        assert len(set(found.node[task])) == found.node.shape[1]
        expected = np.sort(reduced[task])[: found.node.shape[1]]
        np.testing.assert_allclose(found.cost[task], expected, atol=1e-12 * problem.matrix.max())


def test_both_forms_of_the_times_are_priced_alike():
    uniform = Problem(UniformTimes(np.arange(1.0, 30), np.array([1.0, 2.0, 5.0])))
    dense = Problem(uniform.matrix)
    np.testing.assert_allclose(
        reduced_costs(uniform), reduced_costs(dense), atol=1e-9 * lower_bound(dense)
    )
    np.testing.assert_allclose(price_ratios(uniform), 1.0)


def test_uniform_machines_share_the_candidates():
    # All reduced costs are equal, so that ties decide: every node must be somebody's candidate.
    problem = Problem(UniformTimes(np.ones(200), np.ones(40)))
    nodes = find_candidates(problem, 4).node
    assert set(nodes.ravel()) == set(range(40))


def test_a_node_too_small_for_a_task_is_no_candidate():
    problem = Problem(np.ones((3, 2)), [5.0, 1.0, 1.0], [7.0, 2.0])
    assert np.isinf(reduced_costs(problem)[0]).tolist() == [False, True]
    assert price_ratios(problem)[0, 1] == 0.0


@given(some_forbidden(max_tasks=9, max_nodes=4), st.integers(0, 99), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_the_best_move_is_the_best_of_all(problem, seed, width):
    assignment = random_fit(problem, np.random.default_rng(seed))
    if assignment is None:
        return
    search = begin(problem, assignment, width)
    allowed = [
        row[np.isfinite(cost)]
        for row, cost in zip(search.candidates.node, search.candidates.cost, strict=True)
    ]
    critical = int(search.schedule.ranks[1])
    order = [critical, *(j for j in range(problem.nodes) if j != critical)]
    if problem.loads(assignment).argmax() != critical:
        return  # two critical nodes: the naive version takes the other
    least = naive.least_peak(problem, assignment, allowed)
    move = best_move(search)
    assert order[0] == critical
    if least < problem.makespan(assignment) * (1 - 1e-9):
        assert move.peak == pytest.approx(least)
    else:
        assert move.task == -1


@given(some_forbidden(max_tasks=12, max_nodes=4, whole=False), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_descent_ends_in_a_local_optimum(problem, seed):
    assignment = random_fit(problem, np.random.default_rng(seed))
    if assignment is None:
        return
    search = begin(problem, assignment)
    descend(search)
    assert_consistent(problem, search)
    found = search.schedule.assignment
    assert problem.fits(found)
    assert problem.makespan(found) <= problem.makespan(assignment) * (1 + 1e-12)
    every = [range(problem.nodes)] * problem.tasks  # the width of 8 is more than all nodes
    assert naive.least_peak(problem, found, every) >= problem.makespan(found) * (1 - 1e-9)


def test_a_descent_in_parts_ends_where_no_move_is_left():
    problem = braun("u_i_hihi", 80, 5, rng=3)
    search, spans = begin(problem, lpt(problem, None)), []
    stopped = True
    while stopped:
        before = search.compared[0]
        search.limit[0] = before + 4000
        stopped = descend_further(search)
        assert search.compared[0] - before < 8000
        spans.append(schedule_makespan(search.schedule))
        assert_consistent(problem, search)
    assert len(spans) > 3
    assert spans == sorted(spans, reverse=True)
    assert search.best.makespan[0] == spans[-1]
    search.limit[0] += 10**6
    assert best_move(search).task == -1


def test_kicks_end_with_the_work():
    problem = braun("u_i_hihi", 80, 5, rng=3)
    search, stream = begin(problem, lpt(problem, None)), open_stream(np.random.default_rng(0))
    descend_further(search)
    for limit in (0, 200):
        before, kicked = search.compared[0], search.kicks[0]
        search.limit[0] = before + limit
        kick_often(search, KickSettings(0.2, 1.0, 0.2), 10_000, stream)
        assert search.compared[0] - before < limit + 1000
        assert (search.kicks[0] > kicked) == (limit > 0)


def test_descent_passes_a_plateau_of_two_critical_nodes():
    # Both nodes 0 and 1 carry 4 s: relieving one leaves the makespan, but is progress.
    problem = Problem(np.ones((8, 4)))
    search = begin(problem, [0] * 4 + [1] * 4)
    assert descend(search) == 4
    assert search.schedule.loads.tolist() == [2.0] * 4


@given(
    some_forbidden(max_tasks=10, max_nodes=4, whole=False),
    st.integers(0, 999),
    st.integers(1, 5),
    st.sampled_from([1e-6, 0.05]),
)
@settings(max_examples=100, deadline=None)
def test_a_chain_is_that_of_the_definition(problem, seed, depth, tolerance):
    rng = np.random.default_rng(seed)
    assignment = random_fit(problem, rng)
    if assignment is None or problem.nodes == 1:
        return
    search = begin(problem, assignment, 3, depth)
    loads = search.schedule.loads.copy()
    task = int(rng.integers(problem.tasks))
    node = int(search.candidates.node[task, 0])
    if node == assignment[task]:
        return
    makespan = problem.makespan(assignment)
    goal = ChainGoal(rng.uniform(0.3, 1.0) * makespan, 1.0, 0.5 * makespan, tolerance * makespan)
    search.kicks[0] += 1
    expected = naive.chain(problem, assignment, search.candidates, goal, task, node, depth)
    kept = try_chain(search, goal, task, node)
    assert_consistent(problem, search)
    assert problem.fits(search.schedule.assignment)
    if not kept:
        assert search.schedule.assignment.tolist() == assignment.tolist()
        assert search.schedule.loads.tolist() == loads.tolist()  # the same bits
    if expected == naive.TIE:
        return
    assert kept == (expected is not None)
    if expected is not None:
        assert search.schedule.assignment.tolist() == expected


def test_a_chain_of_three_where_no_shift_or_swap_helps():
    # 0 -> 1 -> 2 -> 3 must all move on by one node; a node holds one task's memory.
    times = np.full((3, 4), 1e6)
    for task in range(3):
        times[task, task], times[task, task + 1] = 3.0, 1.0
    problem = Problem(times, np.ones(3), np.ones(4))
    search = begin(problem, [0, 1, 2])
    assert best_move(search).task == -1
    search.kicks[0] += 1
    assert try_chain(search, ChainGoal(1.0, 1.0, np.inf, 0.0), 0, 1)
    assert search.schedule.assignment.tolist() == [1, 2, 3]


@given(scheduling_problems(max_tasks=8, max_nodes=4, whole=False), st.integers(0, 999))
@settings(max_examples=100, deadline=None)
def test_a_shift_costs_the_difference_of_the_definition(problem, seed):
    rng = np.random.default_rng(seed)
    assignment = rng.integers(problem.nodes, size=problem.tasks)
    search = begin(problem, assignment)
    goal = ChainGoal(rng.uniform(0.0, 1.0) * problem.makespan(assignment), 2.0, np.inf, 0.0)
    task, node = int(rng.integers(problem.tasks)), int(rng.integers(problem.nodes))
    if node == assignment[task]:
        return

    def cost_of(path):
        prices = search.candidates.price, search.candidates.memory_price
        return naive.cost(problem, path, *prices, goal.target, goal.overload)

    shifted = assignment.copy()
    shifted[task] = node
    change = arrival(search, goal, task, node) + departure(search, goal, task)
    assert departure(search, goal, task) <= 1e-12
    scale = abs(cost_of(assignment)) + abs(cost_of(shifted))
    assert change == pytest.approx(
        cost_of(shifted) - cost_of(assignment), abs=1e-12 * scale + 1e-12
    )


def test_the_best_schedule_is_a_copy():
    problem = Problem(np.array([[1.0, 2.0], [1.0, 2.0]]))
    search = begin(problem, [0, 1])
    keep_if_best(search)
    assert (search.best.makespan[0], search.best.assignment.tolist()) == (2.0, [0, 1])
    read_assignment(search.instance, search.schedule, np.array([0, 0]))
    keep_if_best(search)  # not better
    assert search.best.assignment.tolist() == [0, 1]
    read_assignment(search.instance, search.schedule, np.array([1, 1]))
    keep_if_best(search)
    assert search.best.makespan[0] == 2.0


def test_the_gap_of_late_nodes_is_measured_from_a_bound_that_knows_them():
    problem = Problem(np.ones((6, 2)))
    late = replace(problem, ready=np.array([0.0, 9.0]))
    assert open_search(problem).bound == pytest.approx(3.0)
    assert open_search(late).bound == pytest.approx(6.0)


@pytest.mark.parametrize(("tolerance", "kept"), [(0.0, True), (-1e-9, False)])
def test_a_chain_that_costs_exactly_the_tolerance_is_kept(tolerance, kept):
    search = begin(Problem(np.ones((2, 2))), [0, 0])
    search.candidates.price[:] = 1.0  # so that a shift between like nodes costs nothing
    search.kicks[0] += 1
    assert try_chain(search, ChainGoal(10.0, 1.0, np.inf, tolerance), 0, 1) == kept
    assert search.schedule.assignment.tolist() == ([1, 0] if kept else [0, 0])


def test_a_load_above_the_target_costs_more():
    search = begin(Problem(np.array([[3.0, 4.0], [2.0, 9.0]])), [0, 0])
    search.candidates.price[:] = [1.0, 0.5]
    goal = ChainGoal(4.0, 2.0, np.inf, 0.0)
    # Node 0: 5 + 2 (5 - 4) falls to 2; node 1 rises to half of 4, and with 13 s, to 0.5 (13 + 18).
    assert departure(search, goal, 0) == -5.0
    assert arrival(search, goal, 0, 1) == 2.0
    shift(search.instance, search.schedule, 0, 1)
    assert arrival(search, goal, 1, 1) == 13.5
