"""Worker processes under a watch: one that hangs or dies costs its cell alone.

A signal cannot stop a compiled kernel, so a cell beyond its time limit is ended by killing its
process. Pools of the standard library and of loky take the death of a worker for the end of all.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.sweep.cell import Row, failed_row
from experiments.sweep.journal import append_row, journal_rows, new_journal
from experiments.sweep.worker import BEGUN, BROKEN, DONE, UP
from experiments.sweep.worker_process import Worker, end, restart, start

if TYPE_CHECKING:
    from experiments.sweep.kinds import AnyCell

ATTEMPTS = 2  # of a cell whose worker dies
STILLBORN = 10  # processes in a row that die before they are up
WARM_UP_SECONDS = 120.0  # for compiling, besides the limit


@dataclass
class Pool:
    """Cells on their way through worker processes.

    Attributes
    ----------
    folder : Path
        Of the sweep.
    time_limit : float or None
        Of a cell in s.
    journal : Path
        For the rows of cells that could not make their own.
    waiting : deque of AnyCell
        Not yet begun.
    deaths : dict
        By key: how many workers a cell has taken with it.
    stillborn : int
        How many processes in a row have died before they were up.
    """

    folder: Path
    time_limit: float | None
    journal: Path
    waiting: deque[AnyCell]
    deaths: dict[str, int]
    stillborn: int = 0


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
        In s; a cell beyond it is recorded as failed. Compiling has `WARM_UP_SECONDS` of its own.

    Raises
    ------
    OSError
        If a row cannot be kept, e.g. because the disk is full.
    BrokenProcessPool
        If processes do not even start.
    """
    pool = Pool(folder, time_limit, new_journal(folder), deque(cells), {})
    workers: list[Worker] = []
    try:
        workers.append(start(folder))
        _fill_compiler_cache(pool, workers[0])
        workers.extend(start(folder) for _ in range(1, min(jobs, len(pool.waiting))))
        while _hand_out(pool, workers):
            yield from _rows(pool, workers)
    finally:
        end(workers)


def _fill_compiler_cache(pool: Pool, worker: Worker) -> None:
    """Compile for each solver once, in one process, before many read the compiler's cache."""
    for cell in {cell.solver: cell for cell in pool.waiting}.values():
        if not _warms_up(worker, cell):
            restart(worker, pool.folder)


def _warms_up(worker: Worker, cell: AnyCell) -> bool:
    """Have a worker compile for a cell; return whether it comes to an end of that."""
    with suppress(EOFError, OSError):  # dead
        worker.pipe.send((cell, True))
        while worker.pipe.poll(WARM_UP_SECONDS):
            if worker.pipe.recv()[0] == DONE:
                worker.is_up = True
                return True
    return False


def _hand_out(pool: Pool, workers: list[Worker]) -> bool:
    """Give idle workers the next cells; return whether any worker is busy."""
    for worker in workers:
        if worker.cell is None and pool.waiting:
            worker.cell = pool.waiting.popleft()
            _set_deadline(pool, worker, WARM_UP_SECONDS)
            with suppress(OSError):  # dead already: reading its pipe tells so
                worker.pipe.send((worker.cell, False))
    return any(worker.cell is not None for worker in workers)


def _set_deadline(pool: Pool, worker: Worker, extra: float = 0.0) -> None:
    """Start a worker's clock."""
    worker.start = time.monotonic()
    limit = pool.time_limit
    worker.deadline = None if limit is None else worker.start + limit + extra


def _rows(pool: Pool, workers: list[Worker]) -> Iterator[Row]:
    """Wait for news, and yield the rows of cells that are over."""
    busy = {worker.pipe: worker for worker in workers if worker.cell is not None}
    ready = wait(list(busy), timeout=_patience(workers))
    for pipe, worker in busy.items():
        row = _listen(pool, worker) if pipe in ready else _check_time(pool, worker)
        if row is not None:
            worker.cell = None
            yield row


def _patience(workers: list[Worker]) -> float | None:
    """Return the time until the next deadline in s, None for ever."""
    deadlines = [w.deadline for w in workers if w.cell is not None and w.deadline is not None]
    return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None


def _listen(pool: Pool, worker: Worker) -> Row | None:
    """Take a worker's message, or its death; return the row of its cell if that is over."""
    try:
        word, content = worker.pipe.recv()
    except (EOFError, OSError):
        return _bury(pool, worker)
    if word == BROKEN:
        raise content
    if word == UP:
        worker.is_up, pool.stillborn = True, 0
    if word == BEGUN:
        _set_deadline(pool, worker)
    row: Row | None = content
    return row


def _check_time(pool: Pool, worker: Worker) -> Row | None:
    """End a cell that is beyond its limit, and return its row."""
    if worker.deadline is None or time.monotonic() < worker.deadline:
        return None
    return _replace(pool, worker) or _fail(pool, worker, f"time limit of {pool.time_limit:g} s")


def _bury(pool: Pool, worker: Worker) -> Row | None:
    """Put a new process in the place of a dead one, whose cell gets another attempt."""
    worker.process.join()
    code, cell, was_up = worker.process.exitcode, worker.cell, worker.is_up
    assert cell is not None
    if (row := _replace(pool, worker)) is not None:
        return row
    deaths = pool.deaths[cell.key] = pool.deaths.get(cell.key, 0) + was_up
    pool.stillborn += not was_up
    if pool.stillborn > STILLBORN:
        raise BrokenProcessPool(f"worker processes do not start, exit code {code}")
    if deaths == ATTEMPTS:
        return _fail(pool, worker, f"its worker process died {ATTEMPTS} times, exit code {code}")
    pool.waiting.appendleft(cell)
    worker.cell = None
    return None


def _replace(pool: Pool, worker: Worker) -> Row | None:
    """Put a new process in a worker's place; return the row of its cell if that was kept yet."""
    assert worker.cell is not None
    key, journal = worker.cell.key, worker.journal
    restart(worker, pool.folder)
    return next((row for row in journal_rows(journal) if row["key"] == key), None)


def _fail(pool: Pool, worker: Worker, error: str) -> Row:
    """Record the worker's cell as failed."""
    assert worker.cell is not None
    row = failed_row(worker.cell, error, time.monotonic() - worker.start)
    append_row(pool.journal, row)
    return row
