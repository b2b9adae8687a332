"""What `frontier` does first within a budget of seconds, by a clock that the tests move."""

import numpy as np
import pytest

from edgeopt.optim.scheduling import run_time
from edgeopt.optim.scheduling.bounds.lagrangian import (
    ascend,
    lagrangian_bound,
    quick_multipliers,
)
from edgeopt.optim.scheduling.bounds.quick_bounds import lp_bound
from edgeopt.optim.scheduling.heuristics.list_rules import lpt
from edgeopt.optim.scheduling.run_time import is_timed_only, spending, within
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations, Seconds, Stall, TargetGap
from edgeopt.optim.scheduling.tempering import opening
from edgeopt.optim.scheduling.tempering import solver as tempering_solver
from edgeopt.optim.scheduling.tempering.opening import QuickState
from edgeopt.optim.scheduling.tempering.solver import Frontier, TemperingState
from edgeopt.problems.scheduling.generators import braun
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem


class Clock:
    """Time passes when the test says so."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(run_time, "read_clock", made)
    return made


def phases(problem, seconds, clock, steps=10, start=None):
    """What each step of a run works at, and the makespans."""
    solver, seen, spans = Frontier(levels=2), [], []
    with within(seconds), spending(lambda: clock.now / seconds, True):
        state = solver.init(problem, np.random.default_rng(1), start)
        assert problem.makespan(state.assignment) == state.makespan
        for step in range(1, steps + 1):
            clock.now = seconds * step / (steps + 1)
            state = solver.step(problem, state)
            spans.append(state.makespan)
            assert problem.fits(state.assignment)
            assert problem.makespan(state.assignment) == pytest.approx(state.makespan, rel=1e-12)
            seen.append(
                "replicas" if isinstance(state, TemperingState)
                else "chains" if state.chains else "greedy"
            )  # fmt: skip
    assert spans == sorted(spans, reverse=True)
    return seen, spans


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0005, ["greedy"]),
        (0.01, ["greedy", "chains"]),
        (1.0, ["greedy", "chains", "replicas"]),
    ],
)
def test_what_a_budget_is_long_enough_for(clock, seconds, expected):
    seen, _ = phases(braun("u_i_hihi", 60, 5, rng=1), seconds, clock, steps=40)
    assert list(dict.fromkeys(seen)) == expected


def test_local_search_gives_way_to_replicas_after_its_share(clock):
    seen, _ = phases(braun("u_i_hihi", 60, 5, rng=1), 10.0, clock, steps=15)
    assert seen == ["chains"] + ["replicas"] * 14


def test_large_problems_begin_at_prices(clock, monkeypatch):
    monkeypatch.setattr(tempering_solver, "MOST_PAIRS", 299)
    with within(10.0), spending(lambda: 0.0, True):
        for tasks, quick in ((59, True), (60, False)):
            problem = braun("u_i_hihi", tasks, 5, rng=1)
            state = Frontier(levels=2).init(problem, np.random.default_rng(1))
            assert isinstance(state, QuickState) == quick


@pytest.mark.parametrize("seconds", [0.001, 0.02, 5.0])
@pytest.mark.parametrize(
    "make",
    [
        lambda: paper_pool(40, 5, slack=1.3, rng=2),
        lambda: paper_pool(40, 5, rng=2),
        lambda: braun("u_c_hihi", 30, 4, rng=2),
        lambda: Problem([[3.0, 2.0]]),
        lambda: Problem(np.ones((4, 3)), np.ones(4), [0, 4, 4]),
    ],
)
def test_schedules_fit_and_never_get_worse(clock, make, seconds):
    problem = make()
    _, spans = phases(problem, seconds, clock)
    assert spans[0] <= problem.makespan(lpt(problem, None))


def test_the_users_schedule_is_kept(clock):
    problem = braun("u_i_hihi", 60, 5, rng=1)
    start = solve(problem, Frontier(levels=2), stop=Iterations(40), rng=1).assignment
    _, spans = phases(problem, 0.0005, clock, start=start)
    assert spans[0] <= problem.makespan(start)


def test_prices_place_the_tasks_of_large_problems(clock, monkeypatch):
    monkeypatch.setattr(opening, "needs_priced_start", lambda problem: True)
    _, spans = phases(braun("u_c_hihi", 200, 8, rng=1), 0.05, clock, steps=1)
    assert spans[0] < 1.05 * lp_bound(braun("u_c_hihi", 200, 8, rng=1))


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ([Seconds(9.0)], True),
        ([Seconds(9.0), TargetGap(0.0)], True),
        ([Seconds(9.0), Stall(5)], False),
        ([Seconds(9.0), Iterations(3)], False),
        ([Iterations(3)], False),
    ],
)
def test_only_a_budget_of_seconds_lets_the_clock_decide(stop, expected):
    def asks(problem, rng):
        assert is_timed_only() == expected
        return lpt(problem, rng)

    solve(Problem(np.ones((4, 2))), asks, stop=stop, rng=1)


def test_with_iterations_too_the_run_is_that_of_iterations():
    problem = braun("u_i_hihi", 30, 4, rng=1)
    first = solve(problem, Frontier(levels=2), stop=Iterations(3), rng=1)
    second = solve(problem, Frontier(levels=2), stop=[Iterations(3), Seconds(600.0)], rng=1)
    assert first.trace.makespan == second.trace.makespan
    assert not isinstance(second.state, QuickState)


@pytest.mark.parametrize("visits", [1e3, 1e5, 1e7])
@pytest.mark.parametrize(
    "make",
    [
        lambda: braun("u_i_hihi", 300, 5, rng=1),
        lambda: paper_pool(50, 5, rng=1),
        lambda: paper_pool(50, 5, slack=1.2, rng=1),
    ],
)
def test_quick_multipliers_give_bounds(make, visits):
    problem = make()
    bound = lagrangian_bound(problem, quick_multipliers(problem, visits))
    assert bound <= lp_bound(problem) * (1 + 1e-9)
    if visits == 1e7:
        assert bound > 0.95 * lagrangian_bound(problem, ascend(problem))
