"""Faults of child processes: hanging, dying, printing, wrong answers."""

import sys
import time

import numpy as np
import pytest

from edgeopt.experiments.peers.child.run import GRACE
from edgeopt.experiments.peers.child_peers import start_child, step_child
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem([[1.0, 5.0], [2.0, 5.0], [3.0, 3.0]], [1.0] * 3, [2.0, 2.0])
LIMITS = {"seconds": 0.5, "gigabytes": 1.0}
HEAD = (
    "import time, os\n"
    "def minimise_makespan(times, memory, capacity, ready, deadline, seed, report):\n    "
)
BODIES = {
    "hangs": "report([0, 0, 1])\n    while True: pass",
    "dies": "report([0, 0, 1])\n    os.abort()",
    "raises": "report([0, 0, 1])\n    raise ValueError",
    "talks": "print('hello')\n    os.system('echo hello')\n    report([0, 0, 1])",
    "worsens": "report([0, 0, 1])\n    report([0, 1, 0])\n    report([1, 1, 0])",
    "exceeds": "report([0, 0, 1])\n    report([0, 0, 0])",  # memory
    "eats": "report([0, 0, 1])\n    bytearray(2 * 10**9)",
}


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Return a starter of children with the bodies above, which runs them to their end."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name, body in BODIES.items():
        (tmp_path / f"{name}.py").write_text(f"{HEAD}{body}\n")

    def run(name, seed=0):
        rng = np.random.default_rng(seed)
        state = start_child(sys.executable, name, PROBLEM, rng, LIMITS)
        while not state.done:
            state = step_child(PROBLEM, state)
        return state

    return run


@pytest.mark.parametrize("name", BODIES)
def test_the_best_that_it_reported_is_kept(child, name):
    start = time.perf_counter()
    state = child(name)
    assert state.assignment.tolist() == [0, 0, 1]
    assert state.makespan == 3.0
    if name == "hangs":  # it is ended though it never returns
        assert LIMITS["seconds"] + GRACE <= time.perf_counter() - start < 30.0


def test_what_it_gets_is_the_problem(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "echo.py").write_text(
        f"{HEAD}rest = seed > 0, deadline > time.monotonic()\n"
        "    report([*times.ravel(), *memory, *capacity, *ready, *rest])"
    )
    state = start_child(sys.executable, "echo", PROBLEM, np.random.default_rng(0), LIMITS)
    line = state.lines.get(timeout=30.0)
    assert line == b"[1,5,2,5,3,3,1,1,1,2,2,0,0,1,1]\n"


def test_a_missing_interpreter_is_bad_input():
    with pytest.raises(InputError, match="must be an interpreter"):
        start_child("/nowhere/python", "echo", PROBLEM, np.random.default_rng(0), LIMITS)
