"""Ctrl-C during a run: the best schedule so far, or the end of everything."""

import signal
import threading
import time

import numpy as np
import pytest

from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.heuristics.list_rules import lpt
from edgeopt.optim.scheduling.interrupt import Interrupts
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem(np.random.default_rng(0).uniform(1.0, 9.0, (30, 4)))

SAID = "interrupted: the result is the best schedule so far"


def press(number=signal.SIGINT):
    signal.raise_signal(number)


@pytest.fixture(autouse=True)
def long_ago(monkeypatch):
    monkeypatch.setattr(Interrupts, "last", -float("inf"))
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before


class Pressed:
    """A solver of a user: each step finds a better schedule; in the third, Ctrl-C is pressed."""

    def __init__(self, press=press):
        self.press, self.steps, self.beyond = press, 0, 0

    def init(self, problem, rng):
        return State()

    def step(self, problem, state):
        self.steps += 1
        if self.steps == 3:
            state.makespan = 0.0  # not yet its assignment's: the state is not to be used
            self.press()
            self.beyond += 1
        state.assignment = lpt(problem, None) if self.steps > 1 else np.zeros(30, dtype=int)
        state.makespan = problem.makespan(state.assignment)
        return state


def test_best_so_far_of_a_solver_that_does_not_ask_for_the_time():
    solver = Pressed()
    with pytest.warns(UserWarning, match=SAID):
        result = solve(PROBLEM, solver, stop=Iterations(10), rng=1)
    assert (result.status, result.iterations, solver.beyond) == ("interrupted", 3, 0)
    assert result.assignment.tolist() == lpt(PROBLEM, None).tolist()
    assert result.trace.iterations == [1, 2, 3]


@pytest.mark.parametrize("name", ["atsa", "pso", "local-search", "frontier", "milp"])
def test_a_solver_of_the_catalog_ends_its_iteration(name):
    def watch(progress):
        if progress.iterations == 1:
            press()

    with pytest.warns(UserWarning, match=SAID):
        result = solve(PROBLEM, SOLVERS[name], stop=Iterations(10), rng=1, callback=watch)
    assert result.status == "interrupted"
    assert result.iterations <= 2
    assert PROBLEM.fits(result.assignment)


def test_a_second_one_raises():
    def twice():
        press()
        press()

    class Patient(Pressed):
        """As a solver of ours, which goes on until it asks."""

    Patient.__module__ = "edgeopt.anything"
    with pytest.raises(KeyboardInterrupt):
        solve(PROBLEM, Patient(twice), stop=Iterations(10), rng=1)


def test_a_second_one_soon_after_ends_a_loop_of_runs(monkeypatch):
    with pytest.warns(UserWarning, match=SAID):
        solve(PROBLEM, Pressed(), stop=Iterations(10), rng=1)
    with pytest.raises(KeyboardInterrupt):
        solve(PROBLEM, Pressed(), stop=Iterations(10), rng=1)
    monkeypatch.setattr(Interrupts, "last", Interrupts.last - 3.0)
    with pytest.warns(UserWarning, match=SAID):
        solve(PROBLEM, Pressed(), stop=Iterations(10), rng=1)


def test_without_a_schedule_it_raises(monkeypatch):
    solver = Pressed()
    solver.steps = 2
    with pytest.raises(KeyboardInterrupt):
        solve(PROBLEM, solver, stop=Iterations(10), rng=1)
    solver.steps = 2
    monkeypatch.setattr(Interrupts, "last", -float("inf"))
    with pytest.warns(UserWarning, match=SAID):
        result = solve(PROBLEM, solver, stop=Iterations(10), rng=1, start=np.arange(30) % 4)
    assert result.assignment.tolist() == [i % 4 for i in range(30)]


def test_a_run_within_a_step_ends_too():
    class Outer(Pressed):
        def step(self, problem, state):
            self.steps += 1
            if self.steps == 2:
                solve(problem, Pressed(), stop=Iterations(10), rng=1)
                self.beyond += 1
            state.assignment = lpt(problem, None)
            state.makespan = problem.makespan(state.assignment)
            return state

    outer = Outer()
    with pytest.warns(UserWarning, match=SAID):
        result = solve(PROBLEM, outer, stop=Iterations(10), rng=1)
    assert (result.status, result.iterations, outer.beyond) == ("interrupted", 2, 0)


def test_not_caught_where_it_is_not_wanted():
    with pytest.raises(KeyboardInterrupt):
        solve(PROBLEM, Pressed(), stop=Iterations(10), rng=1, catch_interrupt=False)


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_left_to_others_who_handle_or_ignore_it(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        solver = Pressed()
        assert solve(PROBLEM, solver, stop=Iterations(10), rng=1).status == "iterations"
        assert solver.beyond == 1
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_solve_as_before():
    found = []
    thread = threading.Thread(target=lambda: found.append(solve(PROBLEM, lpt, rng=1)))
    thread.start()
    thread.join()
    assert found[0].status == "finished"


def test_within_the_integer_program(monkeypatch):
    """HiGHS asks for the time: the first slice ends when Ctrl-C is pressed within it."""
    problem = Problem(np.random.default_rng(2).integers(10, 99, (24, 6)).astype(float))
    asked = []

    def over():
        if not asked:
            press()
        asked.append(1)
        return real()

    from edgeopt.optim.scheduling import integer_program

    real = integer_program.is_over
    monkeypatch.setattr(integer_program, "is_over", over)
    with pytest.warns(UserWarning, match=SAID):
        result = solve(problem, MILP(bound_iterations=0), stop=Iterations(20), rng=1)
    assert result.status == "interrupted"
    assert problem.fits(result.assignment)


def test_a_second_one_within_the_integer_program_raises(monkeypatch):
    problem = Problem(np.random.default_rng(2).integers(10, 99, (24, 6)).astype(float))

    asked = []

    def over():
        asked.append(1)
        if len(asked) == 1:
            press()
            time.sleep(0.3)  # in HiGHS's thread: the main one handles the signals
            press()
        return False

    monkeypatch.setattr("edgeopt.optim.scheduling.integer_program.is_over", over)
    with pytest.raises(KeyboardInterrupt):
        solve(problem, MILP(bound_iterations=0), stop=Iterations(20), rng=1)
