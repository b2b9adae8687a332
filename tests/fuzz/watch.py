"""Worker processes that run numbered inputs, and are ended where they hang.

A worker prints one line of JSON, ``{"number": n}``, when it begins an input, and another one with
what it has found when that is over.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

START, HANG = 600.0, 60.0  # s without a word; at the start kernels may be compiled


def watch(
    command: Callable[[int], list[str]], numbers: range, hang: float = HANG
) -> Iterator[dict[str, Any]]:
    """Yield what workers say of each number, with a line of its own for one that hangs or dies.

    Parameters
    ----------
    command : callable
        Returns the command of a worker that begins at a number.
    numbers : range
        Of the inputs.
    hang : float
        Time without a word in s, after which a worker is ended.
    """
    place = 0
    while place < len(numbers):
        worker = subprocess.Popen(command(numbers[place]), stdout=subprocess.PIPE, text=True)
        try:
            for line in _lines(worker, hang):
                said = json.loads(line)
                if len(said) > 1:
                    yield {"number": numbers[place]} | said
                    place += 1
        finally:
            worker.kill()
            worker.wait()
        if place < len(numbers):
            yield {"number": numbers[place], "code": -2, "fault": "worker hung or died"}
            place += 1


def _lines(worker: "subprocess.Popen[str]", hang: float) -> Iterator[str]:
    """Yield the lines of a worker, and end it where there is none for too long."""
    assert worker.stdout is not None
    timer = threading.Timer(START, worker.kill)
    timer.start()
    for line in worker.stdout:
        timer.cancel()
        timer = threading.Timer(hang, worker.kill)
        timer.start()
        yield line
    timer.cancel()
