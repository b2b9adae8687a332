"""What counts as an evaluation: counted by the loop, or reported by solvers."""

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.colony import ATSA
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Evaluations, Iterations
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem(np.random.default_rng(0).uniform(1.0, 2.0, (8, 3)))
FIRST = np.zeros(8, dtype=int)
MAKESPAN = PROBLEM.makespan(FIRST)


def no_bound(problem):
    return 0.0


@dataclass
class Spender:
    """Report and compute so many evaluations in `init` and in each step."""

    script: tuple[tuple[int, int], ...]
    at: int = 0

    def init(self, problem, rng):
        return self.step(problem, State(FIRST, MAKESPAN))

    def step(self, problem, state):
        reported, computed = self.script[self.at % len(self.script)]
        self.at += 1
        for _ in range(computed):
            problem.makespan(FIRST.copy())
        state.evaluations += reported
        return state


spent = st.integers(0, 4)


@given(st.lists(st.tuples(spent, spent), min_size=2, max_size=6))
def test_an_iteration_counts_the_more_of_what_is_reported_and_computed(script):
    result = solve(
        PROBLEM, Spender(tuple(script)), stop=Iterations(len(script) - 1), bound=no_bound
    )
    expected, seen = 0, False
    for iteration, pair in enumerate(script):
        seen = seen or any(pair)
        expected += max(pair) if seen or iteration == 0 else 1
    assert result.evaluations == expected


def test_a_solver_of_which_nothing_is_seen_counts_its_iterations():
    result = solve(PROBLEM, Spender(((0, 0),)), stop=Evaluations(50), bound=no_bound)
    assert (result.iterations, result.evaluations, result.status) == (50, 50, "evaluations")


def test_a_budget_ends_though_evaluations_stand_still():
    script = ((3, 0), *((0, 0),) * 100)
    result = solve(PROBLEM, Spender(script), stop=Evaluations(50), bound=no_bound)
    assert (result.iterations, result.evaluations) == (50, 3)


def best_of(number):
    def scheduler(problem, rng):
        drawn = rng.integers(0, problem.nodes, (number, problem.tasks))
        return min(drawn, key=problem.makespan) if number > 1 else drawn[0]

    return scheduler


@pytest.mark.parametrize("number", [1, 2, 50])
def test_a_function_counts_what_it_evaluates_and_at_least_its_schedule(number):
    assert solve(PROBLEM, best_of(number), rng=1).evaluations == number


def test_a_run_within_a_run_counts_as_many_as_it_used():
    def searcher(problem, rng):
        ants = ATSA(ants=5)
        first = solve(problem, ants, stop=Iterations(3), rng=rng, on_best=ask, start=FIRST)
        assert first.evaluations == 1 + 15
        return first.assignment

    def ask(progress, assignment):
        PROBLEM.makespan(assignment.copy())

    assert solve(PROBLEM, searcher, rng=1, on_best=ask, bound=ask_bound).evaluations == 16


def ask_bound(problem):
    return 0.0 * problem.makespan(FIRST)


def test_checks_of_others_do_not_count():
    def ask(progress, *_):
        PROBLEM.makespan(FIRST.copy())

    solver = Spender(((2, 0), (1, 3)))
    result = solve(
        PROBLEM, solver, stop=Iterations(1), callback=ask, on_best=ask, on_end=ask, bound=ask_bound
    )
    assert result.evaluations == 2 + 3


def test_a_start_counts_once_though_the_solver_evaluates_it_again():
    class Follower(Spender):
        def init(self, problem, rng, start=None):
            return State(start, problem.makespan(start))

    result = solve(PROBLEM, Follower(((1, 1),)), start=FIRST, stop=Iterations(2), bound=no_bound)
    assert result.evaluations == 1 + 2


def test_threads_are_not_seen_unless_reported():
    def scheduler(problem, rng):
        with ThreadPoolExecutor(1) as pool:
            list(pool.map(problem.makespan, [FIRST.copy() for _ in range(5)]))
        return FIRST

    assert solve(PROBLEM, scheduler).evaluations == 1


def test_solvers_get_the_very_problem():
    seen = []

    def scheduler(problem, rng):
        seen.append(problem)
        return FIRST

    solve(PROBLEM, scheduler)
    assert seen[0] is PROBLEM
    assert copy.deepcopy(PROBLEM).digest == PROBLEM.digest


@pytest.mark.parametrize("name", ["local-search", "frontier", "atsa-beyond"])
def test_budgets_of_searches_are_in_neighbours(name):
    result = solve(PROBLEM, make_solver(name), stop=Iterations(1), rng=1, bound=no_bound)
    assert result.evaluations > 20  # an iteration of the coarsest, 20 ants
