"""Two threads: a proof or a second walk beside the search, with the same bits at any load."""

import signal
import threading
import time

import numpy as np
import pytest

from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.interrupt import Interrupts
from edgeopt.optim.scheduling.lifting import Lifting
from edgeopt.optim.scheduling.portfolio import Portfolio
from edgeopt.optim.scheduling.run_time import time_left, within
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Evaluations, Iterations, Progress, Seconds
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem

TWO = Frontier(levels=4, threads=2)

REAL = Problem(
    UniformTimes(np.random.default_rng(0).uniform(1.0, 9.0, 70), np.array([1.0, 1.3, 1.7, 2.1]))
)
"""Real times, and too many tasks for trees: the optimum is not proved."""


def told(result):
    return {**result.as_dict(), "seconds": 0.0}, result.trace.evaluations, result.trace.makespan


@pytest.fixture
def jitter(monkeypatch):
    """Let either thread be late by turns, as on a busy machine."""
    real, drawn = Frontier.step, np.random.default_rng()

    def step(self, problem, state):
        time.sleep(float(drawn.uniform(0.0, 0.004)))
        return real(self, problem, state)

    monkeypatch.setattr(Frontier, "step", step)


@pytest.mark.parametrize("spec", ["rcmax:u_1_100:20x6:seed=1", "rcmax:jobs:30x6:seed=1", REAL])
def test_equal_seeds_give_equal_bits(spec, jitter):
    problem = load_problem(spec) if isinstance(spec, str) else spec
    first, second = (solve(problem, TWO, stop=Iterations(40), rng=1) for _ in range(2))
    assert told(first) == told(second)


def test_the_second_thread_walks_where_nothing_is_left_to_prove():
    walkers = set()

    class Watched(Frontier):
        def step(self, problem, state):
            walkers.add((threading.current_thread().name.startswith("edgeopt"), id(state)))
            return super().step(problem, state)

    portfolio = Portfolio(REAL, Watched(levels=4, threads=2), None)
    state = TWO.init(REAL, np.random.default_rng(1))
    known = State(state.assignment, state.makespan)
    Watched.__module__ = "edgeopt.optim.watched"
    with portfolio.started(np.random.default_rng(2)):
        for _ in range(3):
            with portfolio.beside(Progress(), known):
                pass
    assert {beside for beside, _ in walkers} == {True}
    assert portfolio.best.evaluations == portfolio.walk.evaluations > 0
    assert portfolio.best.makespan == REAL.makespan(portfolio.best.assignment)


def test_all_evaluations_count(monkeypatch):
    monkeypatch.setattr(Frontier, "lifts_bound", False)
    one, two = (
        solve(REAL, Frontier(levels=4, threads=n), stop=Iterations(20), rng=1) for n in (1, 2)
    )
    assert 1.5 * one.evaluations < two.evaluations < 2.5 * one.evaluations
    half = solve(REAL, TWO, stop=Evaluations(two.evaluations // 2), rng=1)
    assert half.status == "evaluations"
    assert 5 < half.iterations < 15


def test_the_second_thread_has_the_run_s_deadline():
    seen = []

    class Asks(Portfolio):
        def _work(self, now, known):
            seen.append(time_left())

    portfolio = Asks(REAL, TWO, Lifting())
    known = State(np.zeros(70, dtype=int), 1.0)
    rng = np.random.default_rng(0)
    with within(50.0), portfolio.started(rng), portfolio.beside(Progress(), known):
        pass
    assert 0.0 < seen[0] <= 50.0


def test_an_error_of_the_second_thread_is_raised(monkeypatch):
    def fails(*_, **__):
        raise ArithmeticError("as planned")

    monkeypatch.setattr("edgeopt.optim.scheduling.portfolio.lift", fails)
    with pytest.raises(ArithmeticError, match="as planned"):
        solve(REAL, TWO, stop=Iterations(5), rng=1)
    assert not [t for t in threading.enumerate() if t.name.startswith("edgeopt")]


def test_ctrl_c_ends_both(monkeypatch):
    monkeypatch.setattr(Interrupts, "last", -float("inf"))

    def watch(progress):
        if progress.iterations == 3:
            signal.raise_signal(signal.SIGINT)

    with pytest.warns(UserWarning, match="interrupted"):
        result = solve(REAL, TWO, stop=Iterations(50), rng=1, callback=watch)
    assert (result.status, result.iterations) == ("interrupted", 4)
    assert REAL.makespan(result.assignment) == result.makespan
    assert not [t for t in threading.enumerate() if t.name.startswith("edgeopt")]


def test_a_budget_of_seconds_ends_both():
    assert solve(REAL, TWO, stop=Seconds(0.05), rng=1).status in ("seconds", "optimal")


@pytest.mark.parametrize("threads", [0, 3, 1.5, "two"])
def test_bad_numbers_of_threads(threads):
    with pytest.raises(InputError, match="threads"):
        make_solver("frontier", {"threads": threads})
