"""The table of a run."""

import numpy as np

from edgeopt.optim.scheduling import display
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Evaluations, Iterations, Progress
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem([[2.0, 9.0], [2.0, 9.0], [9.0, 4.0]], name="three tasks")
SHOWN = ([0, 0, 0], [1, 0, 0], [1, 0, 0])  # makespans 13, 11, 11; the bound is 4


class Script:
    def init(self, problem, rng):
        return State()

    def step(self, problem, state):
        shown = np.array(SHOWN[state.evaluations])
        state.assignment, state.makespan = shown, problem.makespan(shown)
        state.evaluations += 1
        return state


def table(capsys, **options):
    result = solve(PROBLEM, Script(), stop=Iterations(3), **options)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert (result.makespan, result.status) == (11.0, "iterations")
    return [line.split() for line in captured.err.splitlines()]


def test_every_improvement_where_there_is_time(capsys, monkeypatch):
    monkeypatch.setattr(display, "INTERVAL_S", 0.0)
    head, *lines = table(capsys, display=True)
    assert head == ["iteration", "evaluations", "seconds", "makespan", "bound", "gap", "%"]
    assert [line[:2] + line[3:] for line in lines] == [
        ["1", "1", "13", "4", "225.0000"],
        ["2", "2", "11", "4", "175.0000"],
        ["3", "3", "11", "4", "175.0000", "iterations"],
    ]


def test_the_last_line_tells_the_budget_if_the_run_used_more(capsys):
    def scheduler(problem, rng):
        return min(([0, 0, 1], [1, 1, 1], [0, 1, 1]), key=problem.makespan)

    for limit in (2, 3):
        solve(PROBLEM, scheduler, stop=Evaluations(limit), display=True, bound=lambda _: 0.0)
    ends = [line for line in capsys.readouterr().err.splitlines() if "finished" in line]
    assert [line.split("  ")[-1] for line in ends] == ["finished, 2 allowed", "finished"]


def test_few_lines_a_second(capsys, monkeypatch):
    monkeypatch.setattr(display, "INTERVAL_S", 60.0)
    _, *lines = table(capsys, display=True)
    assert [line[0] for line in lines] == ["1", "3"]


def test_what_came_too_early_is_shown_later(capsys, monkeypatch):
    clock = iter([10.0, 10.1, 10.2, 10.3, 10.6])
    monkeypatch.setattr(display.time, "monotonic", lambda: next(clock))
    table = display.Display()
    for iteration, makespan in enumerate([9.0, 8.0, 8.0, 8.0, 8.0]):
        table.look(Progress(iterations=iteration, makespan=makespan, lower_bound=1.0))
    lines = [line.split() for line in capsys.readouterr().err.splitlines()[1:]]
    assert [(line[0], line[3]) for line in lines] == [("0", "9"), ("3", "8")]


def test_the_users_own_events_are_called_too(capsys):
    seen = []
    table(capsys, display=True, on_best=lambda *_: seen.append("best"), on_end=seen.append)
    assert seen[:2] == ["best", "best"]
    assert len(seen) == 3


def test_silent_unless_asked(capsys):
    assert table(capsys) == []
