"""Where solvers run: a process for each solver, which compiles once and forks for each cell.

A cell of a solver that is not ours runs in a fork, which ends with it: whatever the solver does to
its process is undone, and no result depends on the cells that were run before in the same process.
Where the solver leaves threads or processes behind while it compiles, a fork is not sound: then
the cell runs in the host itself, and the host is used for no other.

What a host says goes through a pipe, a line of JSON for each message. The solver may write there
too, or close the pipe: lines without the token of the cell are noise.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import sys
import time
import traceback
from json import dumps
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from edgeopt.experiments.runs.cell import FAILED, AnyCell, Row
from edgeopt.experiments.runs.processes import die_with, is_single

BEGUN, SPENT, ROW, ENDED = "begun", "spent", "row", "ended"
"""Words of a host: the clock starts, in a process; the host is of no more use; a row; an exit."""

_LONGEST_ERROR = 20_000  # characters of a traceback

# Bound here: a solver may put something else in their place.
_exit, _write, _encode = os._exit, os.write, dumps


class Order(NamedTuple):
    """What a host is to do.

    Attributes
    ----------
    token : str
        With which it marks its answers.
    cell : AnyCell
        What to run.
    is_foreign : bool
        Whether the solver is not ours.
    folder : Path or None
        Of the runs.
    is_warm_up : bool
        Whether only to compile.
    in_place : bool
        Whether to run it in the host itself, as a fork of this solver has died.
    """

    token: str
    cell: AnyCell
    is_foreign: bool
    folder: Path | None
    is_warm_up: bool
    in_place: bool


def serve(orders: Connection, answers: int, parent: int) -> NoReturn:
    """Carry out orders until the pipe is closed; does not return.

    Parameters
    ----------
    orders : Connection
        Delivers an `Order` at a time.
    answers : int
        Descriptor for lines ``TOKEN WORD JSON``.
    parent : int
        Process with which this one dies.
    """
    try:
        os.setsid()
        die_with(parent)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        place = os.getcwd()  # noqa: PTH109
        while True:
            _carry_out(orders.recv(), answers, place)
    except BaseException:  # the parent is gone, or a solver has done something to this process
        _exit(1)


def _carry_out(order: Order, answers: int, place: str) -> None:
    """Compile for a cell, and run it."""
    with contextlib.suppress(BaseException):  # raised again by the run, and recorded there
        order.cell.warm_up()
    if order.is_warm_up:
        _say(answers, order, ENDED, 0)
    elif not order.is_foreign:
        _say(answers, order, BEGUN, os.getpid())
        _say(answers, order, ROW, row_of(order.cell, order.folder))
    elif _forks_soundly() and not order.in_place:
        os.chdir(place)
        gc.freeze()  # a collection would copy the memory that is shared
        child = os.fork()
        if child == 0:
            _run_foreign(order, answers)
        _, status = os.waitpid(child, 0)
        _say(answers, order, ENDED, os.waitstatus_to_exitcode(status))
    else:
        _say(answers, order, SPENT, None)
        _run_foreign(order, answers)


def _forks_soundly() -> bool:
    """Whether a fork can do all that this process can."""
    parallel = sys.modules.get("numba.np.ufunc.parallel")  # ends a fork that uses its threads
    return is_single() and not getattr(parallel, "_is_initialized", False)


def _run_foreign(order: Order, answers: int) -> NoReturn:
    """Run a cell in this process, and end it."""
    try:
        parent = os.getppid()
        with contextlib.suppress(OSError):
            os.setsid()  # fails in a host, which has a session already
        die_with(parent)
        cell = order.cell
        # many solvers draw from the sources of the process
        seeds = np.random.SeedSequence([cell.seed, cell.repetition]).generate_state(2)
        random.seed(int(seeds[0]))
        np.random.seed(int(seeds[1]))  # noqa: NPY002
        _say(answers, order, BEGUN, os.getpid())
        _say(answers, order, ROW, row_of(cell, order.folder))
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except BaseException:
        _exit(1)
    _exit(0)


def _say(answers: int, order: Order, word: str, content: Any) -> None:
    """Write a line."""
    data = f"\n{order.token} {word} {_encode(content)}\n".encode()
    while data:
        data = data[_write(answers, data) :]


def row_of(cell: AnyCell, folder: Path | None) -> Row:
    """Run a cell and return its columns without its names, whatever it raises."""
    start = time.perf_counter()
    try:
        row = _storable(cell.outcome(folder))
    except BaseException:
        row = {"status": FAILED, "error": _shortened(traceback.format_exc())}
    return {**row, "cell_seconds": max(0.0, time.perf_counter() - start)}


def _storable(row: Row) -> Row:
    """Return a row whose integers fit into its columns, or raise `OverflowError`."""
    for name, value in row.items():
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int) and not -(2**63) <= number < 2**63:
                raise OverflowError(f"{name} has more than 64 bits")
    return row


def _shortened(text: str) -> str:
    """Return a traceback without the middle of an endless message."""
    half = _LONGEST_ERROR // 2
    text = text.encode("utf-8", "backslashreplace").decode()  # surrogates cannot be stored
    return text if len(text) <= _LONGEST_ERROR else f"{text[:half]} … {text[-half:]}"
