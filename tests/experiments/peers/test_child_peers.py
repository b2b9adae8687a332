"""HiGHS and CP-SAT in processes of their own."""

import os
import subprocess
import sys

import numpy as np
import pytest
from naive.exact import optimum

from edgeopt.experiments.peers.child_peers import PYTHON, CpSat, Highs, start_child
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Seconds
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem

needs_ortools = pytest.mark.skipif(
    PYTHON not in os.environ, reason=f"{PYTHON} names no python with ortools"
)
PEERS = [
    pytest.param(Highs(seconds=20.0), id="highs"),
    pytest.param(CpSat(seconds=20.0), id="cp-sat", marks=needs_ortools),
]
INF = np.inf
rng = np.random.default_rng(5)
SMALL = {
    "matrix": Problem(rng.exponential(1.0, (7, 3))),
    "work and speed": Problem(UniformTimes(rng.exponential(1.0, 8), np.array([1.0, 2, 3]))),
    "some zeros": Problem(np.maximum(rng.exponential(1.0, (7, 3)) - 0.7, 0.0)),
    "tight memory": Problem(rng.exponential(1.0, (6, 3)), [3, 3, 2, 2, 1, 1], [4.0, 4.0, 4.0]),
    "memory in halves": Problem(
        rng.exponential(1.0, (6, 3)), [1.5, 1.5, 1, 1, 0.5, 0.5], [2.2, 2.2, 2.2]
    ),
    "forbidden pairs": Problem(
        [[3, INF, 2], [INF, INF, 1], [2, 2, INF], [1, INF, INF], [INF, 3, 0], [2, 1, 4]]
    ),
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_small_problems_are_solved_to_the_optimum(peer, problem):
    result = solve(problem, peer, stop=Seconds(30.0), rng=1)
    assert result.makespan == pytest.approx(optimum(problem), rel=1e-6)
    assert result.evaluations >= 1


@pytest.mark.faults
@pytest.mark.parametrize(
    "peer", [Highs(gigabytes=0.7), pytest.param(CpSat(gigabytes=0.7), marks=needs_ortools)]
)
def test_without_room_for_the_model_there_is_no_result(peer):
    problem = load_problem("paper:10000x1000:memory=none")
    result = solve(problem, peer, stop=Seconds(30.0), rng=1)
    assert (result.status, result.assignment, result.evaluations) == ("infeasible", None, 0)


@pytest.mark.faults
def test_time_is_up_whatever_the_library_does():
    problem = load_problem("paper:1500x30:memory=none")
    result = solve(problem, Highs(seconds=0.2), stop=Seconds(30.0), rng=1)
    assert result.seconds < 15.0


def test_the_process_ends_with_the_state(monkeypatch):
    children = []

    class Noted(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            children.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    problem = load_problem("paper:200x30:seed=1")
    state = Highs().init(problem, np.random.default_rng(0))
    assert children[0].poll() is None
    del state
    assert children[0].wait(10.0) is not None


def test_the_variable_must_name_a_python_with_ortools(monkeypatch):
    problem = SMALL["matrix"]
    monkeypatch.delenv(PYTHON, raising=False)
    with pytest.raises(InputError, match=f"{PYTHON}.*must be set to a python that has ortools"):
        solve(problem, CpSat(), stop=Seconds(1.0))
    monkeypatch.setenv(PYTHON, "/nowhere/python")
    with pytest.raises(InputError, match="must be an interpreter"):
        solve(problem, CpSat(), stop=Seconds(1.0))


def test_a_library_that_is_missing_is_named():
    limits = {"seconds": 9.0, "gigabytes": 1.0}
    problem, generator = SMALL["matrix"], np.random.default_rng(0)
    state = start_child(sys.executable, "no_such_module", problem, generator, limits)
    with pytest.raises(InputError, match="no_such_module"):
        _run_out(problem, state)


def _run_out(problem, state):
    while not state.done:
        state = Highs().step(problem, state)
