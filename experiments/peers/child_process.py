"""A library's solver in a process of its own, in the one loop: a step waits for its next line."""

from __future__ import annotations

import contextlib
import io
import json
import queue
import subprocess
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optim.scheduling.memory import memory_arrays
from optim.solver import State
from problems.errors import InputError
from problems.scheduling import SchedulingProblem, WorkSpeed

RUN = Path(__file__).parent / "child" / "run.py"
STEP_SECONDS = 0.1


@dataclass(kw_only=True)
class ChildState(State):
    """State of a child process.

    Attributes
    ----------
    lines : queue of bytes or None
        What the child has printed; None at its end.
    """

    lines: queue.SimpleQueue[bytes | None]


def start_child(
    python: str,
    module: str,
    problem: SchedulingProblem,
    rng: np.random.Generator,
    limits: dict[str, float],
) -> ChildState:
    """Start the child and hand it the problem; it ends with the state at the latest.

    Parameters
    ----------
    python : str
        The interpreter.
    module : str
        Module of `experiments.peers.child`.
    problem : SchedulingProblem
        What to solve.
    rng : Generator
        Gives the seed.
    limits : dict
        ``seconds`` once it has started, and ``gigabytes`` of memory (10^9 byte).

    Raises
    ------
    InputError
        If there is no such interpreter.
    """
    data = _packed(problem, seed=int(rng.integers(2**31)), **limits)
    try:
        child = subprocess.Popen(
            [python, str(RUN), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise InputError("python", python, f"an interpreter ({error})") from None
    state = ChildState(lines=queue.SimpleQueue())
    weakref.finalize(state, _end, child)
    threading.Thread(target=_listen, args=(child, data, state.lines), daemon=True).start()
    return state


def _packed(problem: SchedulingProblem, **limits: float) -> bytes:
    """Return the problem and the limits as the child reads them."""
    et = problem.et
    times = et._asdict() if isinstance(et, WorkSpeed) else {"et": et}
    memory, capacity = memory_arrays(problem)
    buffer = io.BytesIO()
    np.savez(buffer, memory=memory, capacity=capacity, **times, **limits)  # type: ignore[arg-type]
    return buffer.getvalue()


def _listen(
    child: subprocess.Popen[bytes], data: bytes, lines: queue.SimpleQueue[bytes | None]
) -> None:
    """Feed the child, then take its lines."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(OSError), child.stdin as pipe:  # it has died already
        pipe.write(data)
    with child.stdout as pipe:
        for line in pipe:
            lines.put(line)
    lines.put(None)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child, which closes its pipe."""
    child.kill()
    child.wait()


def step_child(problem: SchedulingProblem, state: ChildState) -> ChildState:
    """Wait a moment for the child's next line.

    Raises
    ------
    InputError
        If the child says that its library is missing.
    """
    try:
        line = state.lines.get(timeout=STEP_SECONDS)
    except queue.Empty:
        return state
    if line is None:
        state.done = True
        return state
    content = json.loads(line)
    if isinstance(content, str):
        raise InputError("python", content, "an interpreter that has the library")
    state.evaluations += 1
    _keep(problem, state, np.array(content, dtype=np.int64))
    return state


def _keep(problem: SchedulingProblem, state: ChildState, assignment: np.ndarray) -> None:
    """Keep an assignment that fits and is better in our own arithmetic."""
    makespan = problem.makespan(assignment)
    if makespan < state.makespan and problem.fits(assignment):
        state.makespan, state.assignment = makespan, assignment
