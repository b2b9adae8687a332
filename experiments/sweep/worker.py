"""A worker process: takes cells from a pipe, puts their rows on disk, then hands them back.

The two ends speak in tuples ``(word, content)``: a worker says `UP` when it serves, `BEGUN` when a
cell's compiling is over, `DONE` with the row, and `BROKEN` with the exception where the row cannot
be kept.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.sweep.cell import run_cell
from experiments.sweep.journal import append_row

if TYPE_CHECKING:
    from experiments.sweep.kinds import AnyCell

UP, BEGUN, DONE, BROKEN = "up", "begun", "done", "broken"
PR_SET_PDEATHSIG = 1
# read by the libraries when they are loaded, so set before a worker starts
ONE_THREAD = {
    f"{name}_NUM_THREADS": "1" for name in ("NUMBA", "OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
}


def work(pipe: Connection, journal: Path, parent: int) -> None:
    """Serve cells until the pipe is closed.

    Parameters
    ----------
    pipe : Connection
        Sends ``(cell, is_warm_up)``; of a warm-up only the compiling is done.
    journal : Path
        This worker's own.
    parent : int
        Process id of the sweep, with which the worker dies.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # to which the sweep alone answers
    _die_with(parent)
    with contextlib.suppress(EOFError, OSError):  # the sweep is gone
        pipe.send((UP, None))
        while True:
            cell, is_warm_up = pipe.recv()
            _serve(pipe, journal, cell, is_warm_up)


def _serve(pipe: Connection, journal: Path, cell: AnyCell, is_warm_up: bool) -> None:
    """Do one cell and say so."""
    with contextlib.suppress(Exception, SystemExit):  # the run itself shows it again, in its row
        cell.warm_up()
    pipe.send((BEGUN, None))
    if is_warm_up:
        pipe.send((DONE, None))
        return
    try:
        row = run_cell(cell)
        append_row(journal, row)
    except OSError as error:
        pipe.send((BROKEN, error))
    else:
        pipe.send((DONE, row))


def _die_with(parent: int) -> None:
    """Have the kernel end this process with its parent; elsewhere than on Linux after its cell."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()
