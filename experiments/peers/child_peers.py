"""CP-SAT and HiGHS, each in a process of its own: a step of the loop waits for its next line."""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.solver import State
from edgeopt.problems.errors import InputError
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

PYTHON = "EDGEOPT_ORTOOLS_PYTHON"

_RUN = Path(__file__).parent / "child" / "run.py"

PROGRAMS = (
    "edgeopt.experiments.peers.child.run",
    "edgeopt.experiments.peers.child.cp_sat_model",
    "edgeopt.experiments.peers.child.highs_milp",
)
"""What runs in the child: part of the code of a run, though never imported here."""

_STEP_SECONDS = 0.1  # the loop looks at its stopping criteria as often


@dataclass(kw_only=True)
class ChildState(State):
    """State of a child process.

    Attributes
    ----------
    lines : queue of bytes or None
        Lines that the child has printed; None after the last one.
    """

    lines: queue.SimpleQueue[bytes | None]


def start_child(
    python: str,
    module: str,
    problem: Problem,
    rng: np.random.Generator,
    limits: dict[str, float],
) -> ChildState:
    """Start the child and hand it the problem; it lives no longer than the state.

    Parameters
    ----------
    python : str
        Path of an interpreter.
    module : str
        Name of a module of `edgeopt.experiments.peers.child`.
    problem : Problem
        Problem to solve.
    rng : Generator
        Source of the child's seed.
    limits : dict
        ``seconds`` from its start, and ``gigabytes`` of memory (10^9 byte).

    Raises
    ------
    InputError
        If there is no such interpreter, or the system cannot limit the memory of a process.
    """
    if not hasattr(signal, "setitimer"):
        rule = "one that this system supports: CP-SAT and HiGHS run on Linux and macOS only"
        raise InputError("solver", module, rule)
    data = _packed(problem, seed=int(rng.integers(2**31)), **limits)
    try:
        child = subprocess.Popen(
            [python, str(_RUN), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise InputError("python", python, f"an interpreter ({error})") from None
    state = ChildState(lines=queue.SimpleQueue())
    # a run may end for any reason; with its state, the child ends too
    weakref.finalize(state, _end, child)
    # in a thread: a write to a full pipe and a read from an empty one would block the loop
    threading.Thread(target=_listen, args=(child, data, state.lines), daemon=True).start()
    return state


def _packed(problem: Problem, **limits: float) -> bytes:
    """Return the problem and the limits as the child reads them."""
    et = problem.et
    times = et._asdict() if isinstance(et, UniformTimes) else {"et": et}
    memory, capacity = memory_arrays(problem)
    buffer = io.BytesIO()
    given = {"memory": memory, "capacity": capacity, "ready": ready_times(problem), **times}
    np.savez(buffer, **given, **limits)  # type: ignore[arg-type]
    return buffer.getvalue()


def _listen(
    child: subprocess.Popen[bytes], data: bytes, lines: queue.SimpleQueue[bytes | None]
) -> None:
    """Feed the child, then take its lines."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(OSError), child.stdin as pipe:  # it may have died already
        pipe.write(data)
    with child.stdout as pipe:
        for line in pipe:
            lines.put(line)
    lines.put(None)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child, which closes its pipe."""
    child.kill()
    child.wait()


def step_child(problem: Problem, state: ChildState) -> ChildState:
    """Wait a moment for the child's next line, and keep its assignment if it is better.

    Raises
    ------
    InputError
        If the child reports that its library is missing.
    """
    try:
        line = state.lines.get(timeout=_STEP_SECONDS)
    except queue.Empty:
        return state
    if line is None:
        state.done = True
        return state
    content = json.loads(line)
    if isinstance(content, str):
        raise InputError("python", content, "an interpreter that has the library")
    if isinstance(content, float):
        state.lower_bound = content  # claimed: `solve` shows it, and trusts its own bounds only
        return state
    state.evaluations += 1
    _keep(problem, state, np.array(content, dtype=np.int64))
    return state


def _keep(problem: Problem, state: ChildState, assignment: np.ndarray) -> None:
    """Keep an assignment if it fits and its makespan, computed here, is better."""
    # the library's own value is rounded, or of scaled integers
    makespan = problem.makespan(assignment)
    if makespan < state.makespan and problem.fits(assignment):
        state.makespan, state.assignment = makespan, assignment


# The solvers.


@dataclass(frozen=True)
class CpSat:
    """CP-SAT of OR-Tools with one worker and its defaults, on the whole problem.

    The model is `edgeopt.experiments.peers.child.cp_sat_model`. OR-Tools and highspy cannot share a
    process and need not share an environment: the variable `PYTHON` names an interpreter that has
    ortools. If no schedule is found in time, or memory does not suffice for the model, there is no
    result (status ``infeasible``).

    Times are rounded to integers. The bound that CP-SAT proves of those is lowered by what rounding
    has added, and shown as `Result.claimed_bound`; the status is never ``optimal`` by its word.

    References
    ----------
    Perron, Didier, "CP-SAT", part of OR-Tools, Google, https://developers.google.com/optimization.

    Examples
    --------
    >>> from edgeopt import load_problem, solve
    >>> from edgeopt.experiments.peers import CpSat
    >>> problem = load_problem("paper:10x2:seed=1")
    >>> solve(problem, CpSat(seconds=5.0), rng=1).status  # doctest: +SKIP
    """

    seconds: float = parameter(60.0, "time for model and search in s", above=0)
    gigabytes: float = parameter(8.0, "limit of its memory in 10^9 byte", above=0)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: Problem, rng: np.random.Generator) -> ChildState:
        """Start the child.

        Raises
        ------
        InputError
            If the variable is not set or names no interpreter.
        """
        python = os.environ.get(PYTHON)
        if not python:
            rule = "set to a python that has ortools, e.g. /opt/ortools/bin/python"
            raise InputError(PYTHON, python, rule)
        limits = {"seconds": self.seconds, "gigabytes": self.gigabytes}
        return start_child(python, "cp_sat_model", problem, rng, limits)

    def step(self, problem: Problem, state: ChildState) -> ChildState:
        """Wait a moment for the child's next schedule."""
        return step_child(problem, state)


@dataclass(frozen=True)
class Highs:
    """HiGHS with one thread and its defaults, on the whole mixed-integer program.

    The program is `edgeopt.experiments.peers.child.highs_milp`. It runs in a process of its own
    because nothing else can stop it, or limit its memory, while it builds or presolves. If no
    schedule is found in time, or memory does not suffice for the model, there is no result (status
    ``infeasible``). Its bound, lowered by what its tolerances can add, is shown as
    `Result.claimed_bound`.

    References
    ----------
    Huangfu, Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
    Computation 10, 2018.

    Examples
    --------
    See `CpSat`.
    """

    seconds: float = parameter(60.0, "time for model and search in s", above=0)
    gigabytes: float = parameter(8.0, "limit of its memory in 10^9 byte", above=0)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: Problem, rng: np.random.Generator) -> ChildState:
        """Start the child."""
        limits = {"seconds": self.seconds, "gigabytes": self.gigabytes}
        return start_child(sys.executable, "highs_milp", problem, rng, limits)

    def step(self, problem: Problem, state: ChildState) -> ChildState:
        """Wait a moment for the child's next schedule."""
        return step_child(problem, state)
