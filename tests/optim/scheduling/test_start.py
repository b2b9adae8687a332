"""An initial assignment, and what `init` finds: iteration 0."""

from dataclasses import dataclass

import numpy as np
import pytest

from edgeopt.optim import Evaluations, Iterations, Progress, Seconds, Stall, TargetGap
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem([[2.0, 9.0], [2.0, 9.0], [9.0, 4.0]], name="three tasks")
GOOD, BETTER, BEST = [0, 0, 0], [1, 0, 0], [0, 0, 1]  # makespans 13, 11, 4


@dataclass(frozen=True)
class Finder:
    """Find one assignment in `init`, at so many evaluations, and the others step by step."""

    found: tuple = (GOOD, GOOD, BETTER, GOOD)
    cost: int = 3
    done: bool = False

    def init(self, problem, rng):
        first = np.array(self.found[0])
        makespan = problem.makespan(first)
        return State(first, makespan, evaluations=self.cost, done=self.done)

    def step(self, problem, state):
        shown = np.array(self.found[min(state.evaluations - self.cost + 1, len(self.found) - 1)])
        state.evaluations += 1
        if problem.makespan(shown) < state.makespan:
            state.assignment, state.makespan = shown, problem.makespan(shown)
        return state


@dataclass(frozen=True)
class Follower(Finder):
    """Keep the start that it is given as its first schedule."""

    def init(self, problem, rng, start=None):
        state = super().init(problem, rng)
        if start is not None:
            state.assignment, state.makespan = start, problem.makespan(start)
        return state


def empty(problem, rng):
    return [-1] * problem.tasks


def test_what_init_finds_is_traced():
    result = solve(PROBLEM, Finder(), stop=Iterations(3))
    assert result.trace.iterations == [0, 2, 3]
    assert result.trace.evaluations == [3, 5, 6]
    assert result.trace.makespan == [13.0, 11.0, 11.0]


@pytest.mark.parametrize(
    ("criterion", "status"),
    [
        (Evaluations(3), "evaluations"),
        (Seconds(1e-9), "seconds"),
        (TargetGap(13 / 4 - 1), "target_gap"),
        (lambda progress: progress.makespan < 14, "criterion"),
    ],
)
def test_criteria_are_asked_before_the_first_step(criterion, status):
    result = solve(PROBLEM, Finder(), stop=criterion)
    assert (result.iterations, result.status, result.makespan) == (0, status, 13.0)
    assert result.trace.iterations == [0]


@pytest.mark.parametrize(("limit", "iterations"), [(4, 1), (5, 2), (6, 3)])
def test_what_init_costs_is_no_iteration_of_its_size(limit, iterations):
    result = solve(PROBLEM, Finder(), stop=Evaluations(limit))
    assert (result.iterations, result.evaluations) == (iterations, limit)


def test_init_can_end_the_run():
    assert solve(PROBLEM, Finder((BEST,))).status == "optimal"
    done = solve(PROBLEM, Finder(done=True))
    assert (done.status, done.iterations, done.makespan) == ("finished", 0, 13.0)


def test_without_a_schedule_the_first_iteration_runs_whatever_the_budget():
    result = solve(PROBLEM, lambda problem, rng: GOOD, stop=Seconds(1e-9))
    assert (result.iterations, result.makespan) == (1, 13.0)


def test_stall_counts_from_what_init_found():
    result = solve(PROBLEM, Finder((GOOD,)), stop=Stall(2))
    assert (result.iterations, result.status) == (2, "stall")


def test_a_start_is_the_first_incumbent():
    result = solve(PROBLEM, Finder(), start=BETTER, stop=Iterations(3))
    assert result.assignment.tolist() == BETTER
    assert (result.makespan, result.evaluations) == (11.0, 7)  # three of init, three steps, start
    assert result.trace.makespan == [11.0, 11.0]
    assert result.trace.iterations == [0, 3]
    assert result.trace.evaluations == [4, 7]


def test_a_better_schedule_takes_its_place():
    result = solve(PROBLEM, Finder((GOOD, GOOD, BEST)), start=BETTER, stop=Iterations(9))
    assert (result.assignment.tolist(), result.status) == (BEST, "optimal")
    assert result.trace.makespan == [11.0, 4.0]


def test_a_start_is_enough_where_the_solver_finds_nothing():
    result = solve(PROBLEM, empty, start=GOOD)
    assert (result.makespan, result.evaluations, result.status) == (13.0, 2, "finished")


def test_an_optimal_start_ends_the_run_at_once():
    result = solve(PROBLEM, empty, start=BEST)
    assert (result.status, result.iterations, result.evaluations) == ("optimal", 0, 1)


def test_a_solver_that_takes_a_start_gets_it():
    result = solve(PROBLEM, Follower(cost=0), start=BETTER, stop=Iterations(1))
    assert result.state.assignment.tolist() == BETTER
    assert result.trace.evaluations[0] == 3  # the start, another one, and the start again
    assert solve(PROBLEM, Follower(cost=0), stop=Iterations(1)).state.makespan == 13.0


@pytest.mark.parametrize(
    "start", [[0, 0], [0, 0, 2], [0, 0, -1], [0.0, 0.0, 1.0], [[0, 0, 1]], "001"]
)
def test_what_is_no_start(start):
    with pytest.raises(InputError, match="assignment"):
        solve(PROBLEM, Finder(), start=start, bound=lambda _: pytest.fail("work before the check"))


def test_a_start_that_does_not_fit():
    tight = Problem([[1.0, 1.0]] * 2, [1.0, 1.0], [1.0, 1.0])
    with pytest.raises(InputError, match=r"start: got \[0, 0\], must be .* within their memory"):
        solve(tight, empty, start=[0, 0])
    assert solve(tight, empty, start=[0, 1]).makespan == 1.0


def test_the_users_array_is_left_alone():
    start = np.array(GOOD)
    result = solve(PROBLEM, Finder((GOOD,)), start=start, stop=Iterations(1))
    start[:] = 1
    assert result.assignment.tolist() == GOOD


def test_events():
    best, end = [], []
    result = solve(
        PROBLEM,
        Finder((GOOD, GOOD, BETTER, BEST)),
        on_best=lambda progress, assignment: best.append((progress, assignment.tolist())),
        on_end=end.append,
    )
    assert [assignment for _, assignment in best] == [GOOD, BETTER, BEST]
    assert [progress.iterations for progress, _ in best] == [0, 2, 3]
    assert all(isinstance(progress, Progress) for progress, _ in best)
    assert end == [result]
