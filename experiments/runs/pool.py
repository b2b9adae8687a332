"""Worker processes under supervision: one that hangs or dies costs only its own cell.

A signal cannot stop a compiled kernel, so a cell beyond its time limit is ended by killing its
process. The pools of the standard library and of loky break as a whole when one worker dies.
Pebble's pool ends a cell in a compiled kernel only after SIGTERM has had three seconds to act, and
hands out no other cell meanwhile; its limit cannot start anew after compiling, and its workers
outlive a killed sweep.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

from edgeopt.experiments.runs.cell import AnyCell, Row, failed_row, run_cell
from edgeopt.experiments.runs.files import append_row, journal_rows, new_journal

ATTEMPTS = 2  # of a cell whose worker dies

_FAILED_STARTS = 10  # in a row, after which the sweep gives up

_START_SECONDS = 120.0  # for a process to import everything on a busy machine

WARM_UP_SECONDS = 120.0  # for compiling, in addition to the time limit

# A grandchild made by fork keeps the pipe and the sentinel of a dead worker open, so that neither
# reports the death: the exit code is looked at as well.
_LOOK_SECONDS = 1.0


@dataclass
class WorkerPool:
    """Cells and what has happened to them.

    Attributes
    ----------
    folder : Path
        Of the sweep.
    time_limit : float or None
        Of a cell in s.
    journal : Path
        For the rows of cells that could not write their own.
    waiting : deque of AnyCell
        Not yet started.
    deaths : dict
        Number of workers that died running a cell, by its key.
    failed_starts : int
        Number of processes in a row that died before they were ready.
    """

    folder: Path
    time_limit: float | None
    journal: Path
    waiting: deque[AnyCell]
    deaths: dict[str, int]
    failed_starts: int = 0


def run_in_workers(
    cells: Iterable[AnyCell], folder: Path, jobs: int, time_limit: float | None = None
) -> Generator[Row, None, None]:
    """Yield the rows of the cells as they finish, each already on disk.

    Parameters
    ----------
    cells : iterable of AnyCell
        What to run.
    folder : Path
        The folder of the sweep.
    jobs : int
        Number of processes.
    time_limit : float, optional
        In s; a cell beyond it is recorded as failed. Compiling has a limit of its own,
        `WARM_UP_SECONDS`.

    Raises
    ------
    OSError
        If a row cannot be kept, e.g. because the disk is full.
    BrokenProcessPool
        If processes die before they are ready, many times in a row.
    """
    pool = WorkerPool(folder, time_limit, new_journal(folder), deque(cells), {})
    workers: list[Worker] = []
    try:
        workers.append(start(folder))
        _fill_compiler_cache(pool, workers[0])
        workers.extend(start(folder) for _ in range(1, min(jobs, len(pool.waiting))))
        while _hand_out(pool, workers):
            yield from _rows(pool, workers)
    finally:
        end(workers)


def _fill_compiler_cache(pool: WorkerPool, worker: Worker) -> None:
    """Compile for each solver once, in one process, before many read the compiler's cache."""
    for cell in {cell.label: cell for cell in pool.waiting}.values():
        if not _warms_up(worker, cell):
            restart(worker, pool.folder)


def _warms_up(worker: Worker, cell: AnyCell) -> bool:
    """Have a worker compile for a cell; return whether it finishes in time."""
    with suppress(EOFError, OSError):  # dead
        worker.pipe.send((cell, True))
        while worker.pipe.poll(WARM_UP_SECONDS if worker.is_up else _START_SECONDS):
            word, _ = worker.pipe.recv()
            worker.is_up = True
            if word == DONE:
                return True
    return False


def _hand_out(pool: WorkerPool, workers: list[Worker]) -> bool:
    """Give idle workers the next cells; return whether any worker is busy."""
    for worker in workers:
        if worker.cell is None and pool.waiting:
            worker.cell = pool.waiting.popleft()
            _set_deadline(pool, worker, WARM_UP_SECONDS if worker.is_up else _START_SECONDS)
            with suppress(OSError):  # dead already, which is noticed when its pipe is read
                worker.pipe.send((worker.cell, False))
    return any(worker.cell is not None for worker in workers)


def _set_deadline(pool: WorkerPool, worker: Worker, extra: float = 0.0) -> None:
    """Start a worker's clock."""
    worker.start = time.monotonic()
    limit = pool.time_limit
    worker.deadline = None if limit is None else worker.start + limit + extra


def _rows(pool: WorkerPool, workers: list[Worker]) -> Iterator[Row]:
    """Wait for news, and yield the rows of cells that are over."""
    busy = {worker.pipe: worker for worker in workers if worker.cell is not None}
    ready = wait(list(busy), timeout=_patience(workers))
    for pipe, worker in busy.items():
        if pipe in ready:
            row = _receive(pool, worker)
        elif worker.process.exitcode is not None:
            row = _recover(pool, worker)
        else:
            row = _check_time(pool, worker)
        if row is not None:
            worker.cell = None
            yield row


def _patience(workers: list[Worker]) -> float:
    """Return the time in s until the next deadline or the next look at the exit codes."""
    deadlines = [w.deadline for w in workers if w.cell is not None and w.deadline is not None]
    until = min(deadlines, default=math.inf) - time.monotonic()
    return min(max(0.0, until), _LOOK_SECONDS)


def _receive(pool: WorkerPool, worker: Worker) -> Row | None:
    """Read a worker's message or notice its death; return the row of its cell if that is over."""
    try:
        word, content = worker.pipe.recv()
    except (EOFError, OSError):
        return _recover(pool, worker)
    if word == BROKEN:
        raise content
    if word == UP:
        worker.is_up, pool.failed_starts = True, 0
        _set_deadline(pool, worker, WARM_UP_SECONDS)
    if word == BEGUN:
        _set_deadline(pool, worker)
    row: Row | None = content
    return row


def _check_time(pool: WorkerPool, worker: Worker) -> Row | None:
    """End a cell that is beyond its limit, and return its row."""
    if worker.deadline is None or time.monotonic() < worker.deadline:
        return None
    return _replace(pool, worker) or _fail(pool, worker, f"time limit of {pool.time_limit:g} s")


def _recover(pool: WorkerPool, worker: Worker) -> Row | None:
    """Replace a dead process; its cell gets another attempt or is recorded as failed."""
    worker.process.join()
    code, cell, was_up = worker.process.exitcode, worker.cell, worker.is_up
    assert cell is not None
    if (row := _replace(pool, worker)) is not None:
        return row
    deaths = pool.deaths[cell.key] = pool.deaths.get(cell.key, 0) + was_up
    pool.failed_starts += not was_up
    if pool.failed_starts > _FAILED_STARTS:
        raise BrokenProcessPool(f"worker processes do not start, exit code {code}")
    if deaths == ATTEMPTS:
        return _fail(pool, worker, f"its worker process died {ATTEMPTS} times, exit code {code}")
    pool.waiting.appendleft(cell)
    worker.cell = None
    return None


def _replace(pool: WorkerPool, worker: Worker) -> Row | None:
    """Start a new process for a worker; return the row of its cell if it is in the journal."""
    assert worker.cell is not None
    key, journal = worker.cell.key, worker.journal
    restart(worker, pool.folder)
    return next((row for row in journal_rows(journal) if row["key"] == key), None)


def _fail(pool: WorkerPool, worker: Worker, error: str) -> Row:
    """Record the worker's cell as failed."""
    assert worker.cell is not None
    row = failed_row(worker.cell, error, time.monotonic() - worker.start)
    append_row(pool.journal, row)
    return row


# Inside a worker process, which takes cells from a pipe, writes their rows to disk and returns
# them. Its messages are tuples ``(word, content)``: `UP` when it is ready, `BEGUN` when a cell is
# compiled, `DONE` with the row, and `BROKEN` with the exception if the row cannot be written.

UP, BEGUN, DONE, BROKEN = "up", "begun", "done", "broken"

_PR_SET_PDEATHSIG = 1

# Libraries read these when they are loaded, so they are set before a worker starts.
_ONE_THREAD = {
    f"{name}_NUM_THREADS": "1" for name in ("NUMBA", "OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
}


def work(pipe: Connection, folder: Path, journal: Path, parent: int) -> None:
    """Run cells until the pipe is closed.

    Parameters
    ----------
    pipe : Connection
        Delivers ``(cell, is_warm_up)``; a warm-up only compiles.
    folder : Path
        Of the runs.
    journal : Path
        This worker's own.
    parent : int
        Process id of the sweep; the worker dies with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # handled by the sweep alone
    if sys.platform != "win32":
        os.setpgid(0, 0)  # a group of its own, killed together with the processes of a solver
    _die_with(parent)
    with contextlib.suppress(EOFError, OSError):  # the sweep is gone
        pipe.send((UP, None))
        while True:
            cell, is_warm_up = pipe.recv()
            _serve(pipe, folder, journal, cell, is_warm_up)


def _serve(pipe: Connection, folder: Path, journal: Path, cell: AnyCell, is_warm_up: bool) -> None:
    """Run or compile one cell and report it."""
    with contextlib.suppress(Exception, SystemExit):  # raised again by the run, and recorded there
        cell.warm_up()
    pipe.send((BEGUN, None))
    if is_warm_up:
        pipe.send((DONE, None))
        return
    try:
        row = run_cell(cell, folder)
        append_row(journal, row)
    except OSError as error:
        pipe.send((BROKEN, error))
    else:
        pipe.send((DONE, row))


def _die_with(parent: int) -> None:
    """Have Linux kill this process when its parent dies; elsewhere it ends after its cell."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


# Worker processes as the sweep sees them: started, killed and replaced.


@dataclass(eq=False)
class Worker:
    """A process, our end of its pipe, its journal, its cell and whether it was ever ready."""

    process: BaseProcess
    pipe: Connection
    journal: Path
    cell: AnyCell | None = None
    start: float = 0.0
    deadline: float | None = None
    is_up: bool = False


def start(folder: Path) -> Worker:
    """Start a worker whose libraries use one thread."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    journal = new_journal(folder)
    process = context.Process(target=work, args=(theirs, folder, journal, os.getpid()), daemon=True)
    with starting_worker():
        process.start()
    theirs.close()
    return Worker(process, ours, journal)


@contextmanager
def starting_worker() -> Iterator[None]:
    """Give a process that is started meanwhile one thread, no interrupts and no main module."""
    with _environment(_ONE_THREAD), _interrupts_held(), _main_hidden():
        yield


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Hide the main module for a while: a process that is started would run its script again.

    Cells name everything by files, so a worker needs nothing of it, and a script that starts
    workers needs no ``if __name__ == "__main__"``.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Block SIGINT for a while, and for good in a process that is started meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # a start of its own would let interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end(workers: Iterable[Worker]) -> None:
    """Kill the workers and all processes of their groups; finished rows are on disk."""
    for worker in workers:
        if sys.platform != "win32" and worker.process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):  # no group yet, or none any more
                os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


def restart(worker: Worker, folder: Path) -> None:
    """Kill a worker's process and start another one, with a journal of its own."""
    end([worker])
    fresh = start(folder)
    worker.process, worker.pipe, worker.journal = fresh.process, fresh.pipe, fresh.journal
    worker.is_up = False
