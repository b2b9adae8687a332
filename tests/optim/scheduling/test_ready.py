"""Nodes that are not ready at once: all schedulers start from what they still have to do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from naive import heuristics as naive
from naive.colony import NaiveColony
from naive.exact import optimum
from naive.swarm import NaiveSwarm
from strategies import scheduling_problems

from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.optim.scheduling.heuristics.batch_rules import max_min, min_min, sufferage
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs, lpt, mct, met, round_robin
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem

HEURISTICS = (fcfs, round_robin, mct, met, lpt, min_min, max_min, sufferage)


@st.composite
def problems_with_ready_times(draw, **limits):
    problem = draw(scheduling_problems(**limits))
    ready = draw(st.lists(st.integers(0, 9), min_size=problem.nodes, max_size=problem.nodes))
    return replace(problem, ready=np.array(ready, float))


@given(problems_with_ready_times(max_tasks=10, max_nodes=5))
@settings(max_examples=120, deadline=None)
def test_kernels_equal_the_naive_versions(problem):
    for solver in HEURISTICS:
        expected, found = getattr(naive, solver.__name__)(problem), solver(problem, None)
        if -1 in expected:
            assert -1 in found
        else:
            np.testing.assert_array_equal(found, expected, err_msg=solver.__name__)


@given(problems_with_ready_times(max_tasks=4, max_nodes=3))
@settings(max_examples=100, deadline=None)
def test_the_bound_stays_a_bound(problem):
    best = optimum(problem)
    assert best is None or lower_bound(problem) <= best * (1 + 1e-9)


@given(problems_with_ready_times(max_tasks=6, max_nodes=3, whole=False))
@settings(max_examples=100, deadline=None)
def test_nor_is_a_schedule_of_real_times_better(problem):
    best = optimum(problem)
    assert best is None or lower_bound(problem) <= best * (1 + 1e-9)


def test_the_bound_knows_ready_times():
    # 6 s of work from 0 s on one node and from 2 s on the other: both end at 4 s.
    problem = Problem(np.ones((6, 2)), ready=np.array([0.0, 2.0]))
    assert lower_bound(problem) == pytest.approx(4.0)
    # The second node is ready too late: all on the first.
    late = Problem(np.ones((6, 2)), ready=np.array([0.0, 9.0]))
    assert lower_bound(late) == pytest.approx(6.0)
    pool = paper_pool(200, 10, memory="none", backlog=0.5, rng=1)
    work, speed = pool.et.work.sum(), pool.et.speed
    end = (work + pool.ready @ speed) / speed.sum()  # all nodes end at once
    assert end > pool.ready.max()
    assert lower_bound(pool) >= end * (1 - 1e-9)


@given(problems_with_ready_times(max_tasks=5, max_nodes=3))
@settings(max_examples=100, deadline=None)
def test_milp_finds_and_proves_the_optimum(problem):
    best = optimum(problem)
    result = solve(problem, MILP(bound_iterations=5), stop=Iterations(30), rng=0)
    if best is not None:
        assert result.makespan == pytest.approx(best, rel=1e-9)
        assert result.lower_bound <= best * (1 + 1e-9)


@pytest.mark.parametrize("atsa", [ATSA(ants=3), replace(ATSA.repaired(), ants=3)], ids=str)
def test_ants_walk_as_the_naive_ones(atsa):
    problem = replace(paper_pool(20, 5, rng=3), ready=np.array([5.0, 0.0, 1.0, 20.0, 0.0]))
    naive_colony = NaiveColony(problem, atsa, np.random.default_rng(4))
    state = atsa.init(problem, np.random.default_rng(4))
    for _ in range(5):
        state = atsa.step(problem, state)
        assert state.tours.assignments.tolist() == naive_colony.iterate()
        assert state.makespan == pytest.approx(naive_colony.makespan, rel=1e-12)


def test_particles_cost_what_the_naive_ones_do():
    problem = replace(paper_pool(20, 5, memory="none", rng=3), ready=np.arange(5.0))
    pso = PSO(particles=4)
    swarm = NaiveSwarm(problem, pso, np.random.default_rng(4))
    state = pso.init(problem, np.random.default_rng(4))
    for _ in range(10):
        state, _ = pso.step(problem, state), swarm.iterate()
        assert state.makespan == pytest.approx(swarm.makespan)


@given(problems_with_ready_times(max_tasks=6, max_nodes=3))
@settings(max_examples=100, deadline=None)
def test_local_search_starts_from_ready_times(problem):
    result = solve(problem, LocalSearch(), stop=Iterations(20), rng=0)
    assume(result.assignment is not None)
    assert result.makespan == pytest.approx(problem.makespan(result.assignment))
    assert result.makespan <= solve(problem, lpt).makespan * (1 + 1e-12)


@pytest.mark.parametrize("solver", [replace(ATSA(), local_search="all"), PSO(local_search="all")])
def test_so_do_improved_ants_and_particles(solver):
    problem = replace(paper_pool(20, 5, rng=3), ready=np.array([5.0, 0.0, 1.0, 90.0, 0.0]))
    state = solver.init(problem, np.random.default_rng(4))
    for _ in range(3):
        state = solver.step(problem, state)
        assert state.makespan == pytest.approx(problem.makespan(state.assignment))
    if isinstance(solver, ATSA):
        for path, total in zip(state.tours.assignments, state.tours.totals, strict=True):
            assert total == pytest.approx(problem.total_time(path))


def test_only_nodes_with_tasks_count():
    problem = Problem([[1.0, 2.0], [1.0, 2.0]], ready=[0.0, 50.0])
    assert problem.makespan([0, 0]) == 2.0
    assert problem.makespan([0, 1]) == 52.0
    assert problem.loads([0, 1]).tolist() == [1.0, 2.0]
    assert problem.total_time([0, 1]) == 3.0
    assert solve(problem, mct).makespan == 2.0


def test_a_solver_that_overlooks_ready_times_is_caught():
    from edgeopt.optim.scheduling.checker import CheckError
    from edgeopt.optim.scheduling.solver import State

    class Overlooks:
        def init(self, problem, rng):
            return State()

        def step(self, problem, state):
            assignment = np.zeros(problem.tasks, dtype=np.int64)
            return State(assignment, float(problem.loads(assignment).max()), 1, True)

    problem = Problem([[1.0, 2.0]], ready=[3.0, 0.0])
    with pytest.raises(CheckError, match="claims"):
        solve(problem, Overlooks(), stop=Iterations(1))
