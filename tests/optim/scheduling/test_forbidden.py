"""Nodes that cannot run a task: no solver puts it there, and all else is as without that node."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from naive import assert_same_paths
from naive import heuristics as naive
from naive.colony import NaiveColony
from naive.exact import optimum
from naive.swarm import NaiveSwarm
from strategies import allowed_pairs, problems_with_forbidden_pairs

from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.checker import CheckError
from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA, Heuristic
from edgeopt.optim.scheduling.heuristics.batch_rules import max_min, min_min, sufferage
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs, lpt, mct, met, round_robin
from edgeopt.optim.scheduling.local_search.candidates import find_candidates, price_ratios
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem

HEURISTICS = (fcfs, round_robin, mct, met, lpt, min_min, max_min, sufferage)
INF = np.inf


def restricted(problem, kind="half", seed=0):
    allowed = allowed_pairs(kind, problem.tasks, problem.nodes, np.random.default_rng(seed))
    return replace(problem, et=np.where(allowed, problem.matrix, INF))


def test_by_hand():
    # Task 0 runs on node 2 only, task 2 on nodes 0 and 1.
    problem = Problem([[INF, INF, 6.0], [1.0, 2.0, 9.0], [2.0, 4.0, INF], [3.0, 3.0, 3.0]])
    assert fcfs(problem, None).tolist() == [2, 0, 1, 0]
    assert round_robin(problem, None).tolist() == [2, 0, 1, 2]
    assert met(problem, None).tolist() == [2, 0, 0, 0]
    assert mct(problem, None).tolist() == [2, 0, 0, 1]
    # lpt: means 6, 4, 3, 3
    assert lpt(problem, None).tolist() == [2, 0, 0, 1]
    # sufferage: infinite, 1, 2, 0: tasks 0 and 2 first; then 3 - 2 and 5 - 3: task 3 to node 1
    assert sufferage(problem, None).tolist() == [2, 0, 0, 1]
    # min-min: 1 at 1, then 2 and 3 at 3; max-min: 0 at 6, 3 at 3, then 2 at 4 on node 1
    assert min_min(problem, None).tolist() == [2, 0, 0, 1]
    assert max_min(problem, None).tolist() == [2, 0, 1, 0]


@given(problems_with_forbidden_pairs(max_tasks=12, max_nodes=5))
@settings(max_examples=100)
def test_kernels_equal_the_naive_versions(problem):
    for solver in HEURISTICS:
        expected, found = getattr(naive, solver.__name__)(problem), solver(problem, None)
        if -1 in expected:
            assert -1 in found
        else:
            np.testing.assert_array_equal(found, expected, err_msg=solver.__name__)


@pytest.mark.parametrize(
    "atsa",
    [
        *(ATSA(ants=4, heuristic=heuristic) for heuristic in get_args(Heuristic)),
        replace(ATSA.repaired(), ants=4),
        ATSA(ants=4, occupancy="before-task", pheromone_bounds=True),
        ATSA(ants=4, occupancy="running-task", local_rule="acs", alpha=2.5),
        ATSA(ants=4, beta=0.0),
        ATSA(ants=4, alpha=0.0, beta=0.0, start="global-mean"),
    ],
    ids=str,
)
@pytest.mark.parametrize("memory", [True, False])
def test_ants_walk_as_the_naive_ones(atsa, memory):
    problem = restricted(paper_pool(25, 6, slack=1.3, rng=11))
    if not memory:
        problem = Problem(problem.matrix)
    colony = NaiveColony(problem, atsa, np.random.default_rng(3))
    state = atsa.init(problem, np.random.default_rng(3))
    for _ in range(5):
        state = atsa.step(problem, state)
        assert_same_paths(colony.iterate(), state.tours.assignments, state.tours.makespans)
        assert state.makespan == pytest.approx(colony.makespan, rel=1e-12)


@pytest.mark.parametrize("pso", [PSO(particles=4), PSO(particles=4, decoding="discrete")], ids=str)
@pytest.mark.parametrize("memory", [True, False])
def test_particles_are_decoded_as_the_naive_ones(pso, memory):
    problem = restricted(paper_pool(20, 6, slack=1.3, rng=1))
    if not memory:
        problem = Problem(problem.matrix)
    swarm = NaiveSwarm(problem, pso, np.random.default_rng(9))
    state = pso.init(problem, np.random.default_rng(9))
    for _ in range(10):
        state = pso.step(problem, state)
        assert_same_paths(swarm.iterate(), state.swarm.assignment, state.swarm.cost)


@pytest.mark.parametrize("colony", [ATSA(), ATSA(beta=0.0), ACO(), ATSA.beyond()], ids=str)
def test_when_all_pheromone_has_gone(colony):
    # Of no weight is left: any node that can run the task is drawn, and no other.
    problem = restricted(Problem(np.random.default_rng(1).uniform(1.0, 9.0, (20, 40))), "few")
    state = colony.init(problem, np.random.default_rng(0))
    for tau in (0.0, 1e-320, 1e-310, 1e-300):
        state.trail.pheromone[:] = tau
        state = colony.step(problem, state)
        assert all(problem.fits(path) for path in state.tours.assignments)
        assert np.isfinite(state.tours.makespans).all()
        assert not np.isnan(state.trail.pheromone).any()


def test_candidates_that_cannot_run_a_task_come_last():
    problem = restricted(Problem(np.random.default_rng(1).uniform(1.0, 9.0, (20, 6))))
    candidates = find_candidates(problem, 6)
    runs = np.take_along_axis(problem.allowed, candidates.node, axis=1)
    assert (np.isfinite(candidates.cost) == runs).all()
    assert (np.sort(~runs, axis=1) == ~runs).all()
    ratios = price_ratios(problem)
    assert ((ratios > 0.0) == problem.allowed).all()


# Every solver against enumeration.


@pytest.mark.parametrize("name", SOLVERS)
@given(problem=problems_with_forbidden_pairs(max_tasks=5, max_nodes=3))
@settings(max_examples=25)
def test_no_solver_uses_a_forbidden_pair_or_is_better_than_possible(name, problem):
    best = optimum(problem)
    result = solve(problem, SOLVERS[name], stop=Iterations(3), rng=1)
    if result.assignment is None:  # a greedy rule, ant or particle has come to a dead end
        assert problem.task_memory is not None
        assert result.status == "infeasible"
    else:
        assert problem.fits(result.assignment)
        assert result.lower_bound * (1 - 1e-9) <= best <= result.makespan * (1 + 1e-9)


@pytest.mark.parametrize("name", ["local-search", "frontier", "milp"])
@given(problem=problems_with_forbidden_pairs(max_tasks=6, max_nodes=3, memory=False))
@settings(max_examples=25)
def test_the_strong_solvers_find_the_optimum(name, problem):
    result = solve(problem, SOLVERS[name], stop=Iterations(30), rng=1)
    assert result.makespan == pytest.approx(optimum(problem), rel=1e-9)


# What others return is checked.


def test_a_function_that_uses_a_forbidden_pair_is_caught():
    problem = Problem([[1.0, INF], [1.0, 1.0]])
    with pytest.raises(CheckError, match="node 1 cannot run task 0, which is assigned to it"):
        solve(problem, lambda problem, rng: [1, 0])


def test_so_is_a_solver_that_claims_a_makespan():
    class Claims:
        def init(self, problem, rng):
            return State(np.array([0, 1]), 1.0, 1, True)

        def step(self, problem, state):
            return state

    with pytest.raises(CheckError, match="node 1 cannot run task 1"):
        solve(Problem([[1.0, INF], [2.0, INF]]), Claims())
