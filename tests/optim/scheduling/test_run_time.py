"""Runs whose time is up, by a clock that tests set: no real time is measured or waited for."""

import math
from weakref import WeakKeyDictionary

import numpy as np
import pytest

from edgeopt.optim.scheduling import run_time
from edgeopt.optim.scheduling.bounds import lagrangian
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound, lp_duals
from edgeopt.optim.scheduling.catalog import SOLVERS, make_solver
from edgeopt.optim.scheduling.colony import atsa
from edgeopt.optim.scheduling.heuristics import batch_rules
from edgeopt.optim.scheduling.heuristics.batch_rules import max_min, sufferage
from edgeopt.optim.scheduling.heuristics.list_rules import complete, lpt
from edgeopt.optim.scheduling.local_search import moves
from edgeopt.optim.scheduling.named_bounds import BOUNDS
from edgeopt.optim.scheduling.run_time import (
    budget_used,
    is_over,
    keep,
    leave_off,
    time_left,
    within,
)
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Evaluations, Iterations, Seconds, Stall
from edgeopt.optim.scheduling.tempering import solver as tempering
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

EXTRA = {
    "aco-all": ("aco", {"local_search": "all", "kicks": 1}),
    "pso-best": ("pso-discrete", {"local_search": "best", "kicks": 2}),
}

NAMES = [*SOLVERS, *EXTRA]


def build(name):
    return make_solver(*EXTRA[name]) if name in EXTRA else SOLVERS[name]


def dense(seed=0, k=40, x=4):
    return Problem(np.random.default_rng(seed).uniform(1.0, 9.0, (k, x)))


PROBLEMS = {
    "dense": dense,
    "work and speed": lambda: Problem(UniformTimes(np.arange(1.0, 31), np.arange(1.0, 4))),
    "memory": lambda: paper_pool(40, 5, slack=1.5, rng=0),
}


class Clock:
    """Stands still for `asks` questions, then jumps beyond every limit; counts the questions."""

    def __init__(self, asks):
        self.left, self.late = asks, 0

    def __call__(self):
        self.left -= 1
        self.late += self.left < 0
        return 0.0 if self.left >= 0 else 1e9


@pytest.fixture
def clock(monkeypatch):
    def set_to(asks):
        made = Clock(asks)
        monkeypatch.setattr(run_time, "read_clock", made)
        return made

    return set_to


@pytest.fixture
def small_portions(monkeypatch):
    """Let each call of a kernel do so little that small problems take many calls."""
    monkeypatch.setattr(batch_rules, "_KINDS_AT_ONCE", 90)
    monkeypatch.setattr(atsa, "_PAIRS_AT_ONCE", 400)
    monkeypatch.setattr(moves, "WORK", 3000)
    monkeypatch.setattr(tempering, "_AT_ONCE", 600_000)
    monkeypatch.setattr(lagrangian, "_PAIRS_AT_ONCE", 700)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", NAMES)
def test_portions_change_no_bit(name, problem, small_portions, monkeypatch):
    """However a kernel's work is divided into calls, the run is the same."""
    first = solve(PROBLEMS[problem](), build(name), stop=Iterations(3), rng=1)
    monkeypatch.undo()
    second = solve(PROBLEMS[problem](), build(name), stop=Iterations(3), rng=1)
    assert first.assignment.tolist() == second.assignment.tolist()
    assert first.trace.makespan == second.trace.makespan
    assert first.trace.evaluations == second.trace.evaluations
    assert first.lower_bound == second.lower_bound


@pytest.mark.parametrize("asks", [0, 12, 60])
@pytest.mark.parametrize("name", NAMES)
def test_whoever_asks_leaves_off(name, asks, small_portions, clock):
    """From the moment at which the time is up, only a few dozen more questions are asked.

    Each reads the clock for all limits that are nested. A run that went on would ask thousands.
    """
    problem = PROBLEMS["memory"]()
    watch = clock(asks)
    result = solve(problem, build(name), stop=[Seconds(1.0), Iterations(5)], rng=1)
    assert problem.fits(result.assignment)
    assert result.status in ("seconds", "finished", "optimal", "iterations")
    assert watch.late < 1000


@pytest.mark.parametrize("rule", [max_min, sufferage])
def test_a_rule_that_is_cut_short_is_completed(rule, small_portions, clock):
    """The tasks assigned in time are those of the whole rule; the others follow by LPT."""
    problem = dense(3, k=30)
    whole = rule(problem, None)
    parts = []
    for asks in range(1, 60):
        clock(asks)
        with within(1.0) as deadline:
            parts.append(rule(problem, None))
        if not deadline.cut:
            break
    assert len(parts) > 5  # it asked several times
    assert parts[-1].tolist() == whole.tolist()
    assert parts[0].tolist() != whole.tolist()
    assert all((part >= 0).all() for part in parts)
    assert result_status(problem, rule, clock, 4) == "seconds"
    assert result_status(problem, rule, clock, 10_000) == "finished"


def result_status(problem, rule, clock, asks):
    clock(asks)
    return solve(problem, rule, stop=Seconds(1.0), rng=1, bound=lambda _: 0.0).status.value


def test_complete_keeps_what_is_assigned_and_places_the_rest_by_length():
    problem = Problem([[4.0, 4.0], [3.0, 3.0], [2.0, 2.0], [9.0, 9.0]])
    # node 1 has 9: the tasks of 4 and 3 go to node 0 (4, 7), that of 2 too (9 and 11 tie at 9)
    assert complete(problem, np.array([-1, -1, -1, 1])).tolist() == [0, 0, 0, 1]
    assert complete(problem, np.full(4, -1)).tolist() == lpt(problem, None).tolist()
    assert complete(problem, np.array([1, 0, 1, 0])).tolist() == [1, 0, 1, 0]


def test_complete_packs_anew_where_a_task_finds_no_room():
    problem = Problem(np.ones((3, 2)), [2.0, 2.0, 3.0], [4.0, 3.0])
    found = complete(problem, np.array([0, -1, -1]))
    assert problem.fits(found)
    # 2 bytes on each node leave no room for the task of 3
    assert problem.fits(complete(problem, np.array([0, 1, -1])))


def test_a_bound_cut_short_is_valid_said_and_not_kept(clock, monkeypatch, caplog):
    problem, whole = dense(5, k=60, x=6), lower_bound(dense(5, k=60, x=6))
    monkeypatch.setattr(lagrangian, "_PAIRS_AT_ONCE", 1)
    clock(8)
    result = solve(problem, lpt, stop=Seconds(9.0), rng=1)
    assert "the lower bound is a weaker one: its time was up after 3.00 s" in caplog.text
    assert 0.0 < result.lower_bound < whole
    monkeypatch.undo()
    assert lower_bound(problem) == whole
    assert solve(problem, lpt, rng=1).lower_bound == whole


@pytest.mark.parametrize("name", BOUNDS)
def test_every_bound_leaves_off(name, clock):
    problem = dense(5, k=60, x=6)
    for asks in (0, 20):
        watch = clock(asks)
        result = solve(problem, lpt, stop=Seconds(9.0), rng=1, bound=BOUNDS[name])
        assert result.lower_bound <= result.makespan
        assert watch.late < 1000


def test_prices_cut_short_are_those_of_the_whole_run(clock, monkeypatch):
    """The bound's multipliers are not computed again by the solver, which has more time."""
    problem, seen = dense(6, k=60, x=6), []

    def watches(problem, rng):
        seen.append(lp_duals(problem))
        return lpt(problem, rng)

    def bound(problem):
        seen.append(lp_duals(problem))
        return 0.0

    monkeypatch.setattr(lagrangian, "_PAIRS_AT_ONCE", 1)
    clock(8)
    solve(problem, watches, stop=Seconds(9.0), rng=1, bound=bound)
    assert seen[0] is seen[1]
    monkeypatch.undo()
    assert lp_duals(problem) is not seen[0]


def test_keep_tells_whole_values_from_partial_ones(clock):
    cache, problem = WeakKeyDictionary(), dense()
    clock(10**9)
    with within(1.0) as deadline:
        deadline.end = -math.inf
        partial = keep(cache, problem, lambda: [is_over()])
        assert partial == [True]
        assert keep(cache, problem, lambda: [False]) is partial
        other = WeakKeyDictionary()
        # made of a partial value, and thus partial itself
        keep(other, problem, lambda: keep(cache, problem, list))
        assert not cache
        assert not other
    whole = keep(cache, problem, lambda: ["whole"])
    assert keep(cache, problem, list) is whole


def test_the_earliest_of_nested_limits_counts(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(run_time, "read_clock", lambda: now[0])
    assert time_left() == math.inf
    with within(5.0) as outer, within(9.0) as inner:
        assert time_left() == 5.0
        with within(1.0) as innermost:
            now[0] = 2.0
            assert is_over()
        assert (outer.cut, inner.cut, innermost.cut) == (False, False, True)
        assert time_left() == 3.0
        now[0] = 6.0
        assert is_over()
        assert (outer.cut, inner.cut) == (True, True)
    assert not is_over()


def test_leave_off_ends_the_innermost_limit_only(monkeypatch):
    monkeypatch.setattr(run_time, "read_clock", lambda: 0.0)
    leave_off()
    with within(5.0):
        with within(3.0), within(math.inf):
            leave_off()
            assert is_over()
        assert time_left() == 5.0


def test_a_run_within_a_run_ends_with_it(clock):
    class Outer:
        def init(self, problem, rng):
            self.inner = solve(problem, SOLVERS["pso"], stop=Iterations(10**6), rng=rng)
            return SOLVERS["pso"].init(problem, rng)

        def step(self, problem, state):
            return SOLVERS["pso"].step(problem, state)

    outer = Outer()
    clock(30)
    assert solve(dense(), outer, stop=Seconds(1.0), rng=1).status == "seconds"
    assert outer.inner.status == "seconds"


def test_time_that_the_bound_takes_is_part_of_the_budget(monkeypatch):
    """Beyond a tenth of a second."""
    now = [0.0]
    for place in ("edgeopt.optim.scheduling.run_time.read_clock", "time.perf_counter"):
        monkeypatch.setattr(place, lambda: now[0])

    def slow(seconds):
        def bound(problem):
            now[0] += seconds
            return 0.0

        return bound

    def left(problem, rng):
        seen.append(time_left())
        return lpt(problem, rng)

    seen = []
    for seconds in (0.0, 0.1, 0.6):
        solve(dense(), left, stop=Seconds(2.0), rng=1, bound=slow(seconds))
    assert seen == pytest.approx([2.0, 2.0, 1.5])


def test_the_share_of_a_budget(monkeypatch):
    """The largest share of the limits; none for a run inside, or without a limit."""
    now, seen = [0.0], []
    monkeypatch.setattr(run_time, "read_clock", lambda: now[0])

    class Asks:
        def init(self, problem, rng):
            return State(np.zeros(problem.tasks, dtype=int), problem.matrix[:, 0].sum())

        def step(self, problem, state):
            now[0] += 1.0
            seen.append(budget_used())
            state.evaluations += 5
            return state

    def shares(*stop):
        seen.clear()
        now[0] = 0.0
        solve(dense(), Asks(), stop=stop, bound=lambda _: 0.0)
        return list(seen)

    assert shares(Iterations(4)) == [0.0, 0.25, 0.5, 0.75]
    assert shares(Evaluations(20)) == [0.0, 0.25, 0.5, 0.75]
    assert shares(Seconds(10.0), Iterations(3)) == pytest.approx([0.1, 1 / 3, 2 / 3])
    assert shares(Seconds(4.0), Iterations(8)) == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert shares(Stall(2)) == [None, None]
    assert budget_used() is None
