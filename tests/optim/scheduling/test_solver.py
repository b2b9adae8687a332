"""Functions as solvers; the result of a run, and how it reads."""

import functools
import json

import numpy as np
import pytest

from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import OneShot, State, Trace, as_solver, solver_name
from edgeopt.optim.scheduling.stop import Iterations, Progress, Status
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem([[2.0, 9.0], [2.0, 9.0], [9.0, 4.0]], name="<three> tasks")


def first_node(problem, rng):
    return [0] * problem.tasks


def nowhere(problem, rng):
    return [-1] * problem.tasks


def test_a_few_lines():
    result = solve(PROBLEM, first_node, rng=7)
    lines = str(result).splitlines()
    assert lines[:4] == [
        "problem      <three> tasks",
        "solver       first_node, seed 7",
        "makespan     13 s",
        "lower bound  4 s (gap 225.0000 %)",
    ]
    assert lines[4].startswith("effort       1 iterations, 1 evaluations, 0.0")
    assert lines[5] == "status       finished"


def test_a_table_in_a_notebook():
    html = solve(PROBLEM, first_node, rng=np.random.default_rng(1))._repr_html_()
    assert html.startswith("<table><tr><th>problem</th><td>&lt;three&gt; tasks</td></tr>")
    assert "<td>first_node</td>" in html


def test_its_schedule():
    result = solve(PROBLEM, first_node)
    assert result.schedule.assignment.tolist() == result.assignment.tolist()
    assert result.schedule.makespan == result.makespan
    assert result.schedule.finish_times.tolist() == [2.0, 4.0, 13.0]


def test_where_nothing_was_found():
    result = solve(PROBLEM, nowhere)
    assert (result.status, result.schedule) == (Status.INFEASIBLE, None)
    assert "makespan     inf s" in str(result)


def test_the_last_state_is_kept_and_not_shown():
    result = solve(PROBLEM, first_node, stop=Iterations(1))
    assert isinstance(result.state, State)
    assert result.state.makespan == 13.0
    assert "state" not in repr(result)
    assert "schedule=" not in repr(result)


def test_plain_values():
    values = solve(PROBLEM, first_node, rng=7).as_dict()
    assert not {"state", "schedule", "trace"} & values.keys()
    assert type(values["status"]) is str
    assert json.loads(json.dumps(values))["assignment"] == [0, 0, 0]


def test_a_status_is_a_text():
    result = solve(PROBLEM, first_node)
    assert result.status is Status.FINISHED
    assert f"{result.status}" == result.status == "finished"
    assert {status.value for status in Status} == {
        *("iterations", "evaluations", "seconds", "target_gap", "stall", "criterion"),
        *("finished", "optimal", "callback", "interrupted", "infeasible"),
    }


def test_a_function_as_a_solver():
    solver = as_solver(first_node)
    assert solver == OneShot(first_node)
    assert as_solver(solver) is solver
    state = solver.step(PROBLEM, solver.init(PROBLEM, np.random.default_rng(0)))
    assert (state.makespan, state.evaluations, state.done) == (13.0, 1, True)
    empty = as_solver(nowhere)
    state = empty.step(PROBLEM, empty.init(PROBLEM, np.random.default_rng(0)))
    assert (state.assignment, state.makespan, state.done) == (None, np.inf, True)


def test_names_of_solvers():
    assert solver_name(OneShot(first_node)) == "first_node"
    assert solver_name(State()) == "State"
    assert solver_name(OneShot(functools.partial(first_node))) == "partial"


def test_a_trace_records_the_progress():
    trace = Trace()
    trace.record(Progress(iterations=1, evaluations=20, seconds=0.5, makespan=3.0))
    assert trace == Trace([1], [20], [0.5], [3.0])


def test_a_function_of_other_arguments_is_refused_before_it_is_called():
    def alone(problem):
        raise AssertionError

    def third(problem, rng, ants):
        raise AssertionError

    def lenient(problem, rng=None, *, ants=20):
        return np.zeros(problem.tasks, int)

    for scheduler in (alone, third, lambda *, problem, rng: None):
        with pytest.raises(
            InputError, match=r"solver: got .*\(.*problem.*\).*, must be a function of"
        ):
            as_solver(scheduler)
    assert as_solver(lenient).scheduler is lenient
