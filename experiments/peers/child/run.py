"""``python run.py MODULE``: solve the problem on standard input, print each better assignment.

The input is a NumPy archive of the times (``et``, or ``work`` and ``speed``), ``memory``,
``capacity`` and ``ready``, and of ``seconds``, ``seed`` and ``gigabytes``. The clock starts when
the input is read and the library is loaded. A line of the output is a JSON list with the node of
each task, or a JSON string that says what went wrong; the last one is a number, the bound in s that
the library claims. The kernel ends the process `GRACE` seconds after its time is up, whatever code
it is in, and refuses memory beyond its limit.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

GRACE = 2.0


class Minimise(Protocol):
    """The function ``minimise_makespan`` of a module here."""

    def __call__(
        self,
        times: NDArray[np.float64],
        memory: NDArray[np.float64],
        capacity: NDArray[np.float64],
        ready: NDArray[np.float64],
        deadline: float,
        seed: int,
        report: Callable[[NDArray[np.int64]], None],
    ) -> float:
        """Minimise the makespan; return a lower bound in s, 0 where there is none.

        The bound is one on the makespans of the times given: what scaling, rounding and
        tolerances may have added is subtracted.

        Parameters
        ----------
        times : ndarray, shape (k, x)
            Execution times in s, infinite where the node cannot run the task.
        memory, capacity : ndarray, shape (k,) and (x,)
            Memory in byte; infinite where there is no limit.
        ready : ndarray, shape (x,)
            When each node can start in s; counts for nodes that get a task.
        deadline : float
            By `time.monotonic`.
        seed : int
            Seed of the library.
        report : callable
            Takes each better assignment, shape (k,).
        """


def main() -> None:
    """Read, limit, solve."""
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as archive:
        data = {name: archive[name] for name in archive.files}
    most = int(data["gigabytes"] * 1e9)
    # before the library is loaded, as its memory counts too
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        minimise: Minimise = importlib.import_module(sys.argv[1]).minimise_makespan
    except ImportError as error:
        _print(str(error))
        return
    # the default action of SIGALRM ends the process without asking any code in it
    signal.setitimer(signal.ITIMER_REAL, float(data["seconds"]) + GRACE)
    deadline = time.monotonic() + float(data["seconds"])
    times = data["et"] if "et" in data else data["work"][:, None] / data["speed"]
    arrays = data["memory"], data["capacity"], data["ready"]
    _print(float(minimise(times, *arrays, deadline, int(data["seed"]), _report)))


def _report(assignment: Iterable[int]) -> None:
    """Print the node of each task."""
    _print([int(node) for node in assignment])


def _print(content: list[int] | str | float) -> None:
    """Print a line at once."""
    _OUTPUT.write(json.dumps(content, separators=(",", ":")) + "\n")
    _OUTPUT.flush()


if __name__ == "__main__":
    _OUTPUT = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    main()
