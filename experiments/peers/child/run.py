"""``python run.py MODULE``: solve the problem on standard input, print each better assignment.

The input is a NumPy archive of the times (``et``, or ``work`` and ``speed``), ``memory`` and
``capacity``, and of ``seconds``, ``seed`` and ``gigabytes``. The clock starts when the input is
read and the library is loaded. A line of the output is a JSON list with the node of each task, or
a JSON string that says what went wrong. The kernel ends the process `GRACE` seconds after its time
is up, in whatever code it then is, and refuses it more memory than it may have.
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
from collections.abc import Iterable

import numpy as np

GRACE = 2.0


def main() -> None:
    """Read, limit, solve."""
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as archive:
        data = {name: archive[name] for name in archive.files}
    most = int(data["gigabytes"] * 1e9)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        solve = importlib.import_module(sys.argv[1]).solve
    except ImportError as error:
        _print(str(error))
        return
    signal.setitimer(signal.ITIMER_REAL, float(data["seconds"]) + GRACE)
    deadline = time.monotonic() + float(data["seconds"])
    times = data["et"] if "et" in data else data["work"][:, None] / data["speed"]
    solve(times, data["memory"], data["capacity"], deadline, int(data["seed"]), report)


def report(assignment: Iterable[int]) -> None:
    """Print the node of each task."""
    _print([int(node) for node in assignment])


def _print(content: list[int] | str) -> None:
    """Print a line at once."""
    _OUTPUT.write(json.dumps(content, separators=(",", ":")) + "\n")
    _OUTPUT.flush()


if __name__ == "__main__":
    _OUTPUT = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    main()
