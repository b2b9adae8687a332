"""The workers of a sweep: started, given cells, replaced where they die, and kept for the next.

A signal cannot stop a compiled kernel, so a cell beyond its time limit is ended by killing its
process. The pools of the standard library and of loky break as a whole when one worker dies.
Pebble's pool ends a cell in a compiled kernel only after SIGTERM has had three seconds to act, and
hands out no other cell meanwhile; its limit cannot start anew after compiling, and its workers
outlive a killed sweep. In all of them, what a solver does to its process, and what it starts,
stays.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import time
import uuid
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.spawn import get_executable
from pathlib import Path
from typing import Any, Self

from edgeopt.experiments.runs.cell import AnyCell, Row, failed_row, name_row
from edgeopt.experiments.runs.files import append_row, journal_rows, new_journal
from edgeopt.experiments.runs.processes import kill_marked
from edgeopt.experiments.runs.worker import ATTEMPTS, BROKEN, DONE, Job, Setting

WARM_UP_SECONDS = 120.0  # for compiling our own solvers, in addition to the time limit

FOREIGN_WARM_UP_SECONDS = 20.0  # for those of others, or the time limit if that is longer

_FAILED_STARTS = 10  # in a row, after which the sweep gives up

_LOOK_SECONDS = 1.0  # another process may hold the pipe of a dead worker open

_END_SECONDS = 10.0  # for a worker to end what is below it

_MARK = "EDGEOPT_WORKER"

_COUNTING = ("NUMBA", "OMP", "PYTHON", "LD_", "EDGEOPT", "HOME", "XDG", "TMP")
"""How variables begin that count when modules are loaded."""

# Libraries read these when they are loaded, so they are set before a worker starts.
_FIXED = {
    **{
        f"{name}_NUM_THREADS": "1" for name in ("NUMBA", "OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
    },
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS: workers fork before they use anything
}

# Before the code of edgeopt is found, the worker needs the places of modules.
_START = """
import sys
from multiprocessing.connection import Connection
pipe = Connection(int(sys.argv[1]))
sys.path[:] = pipe.recv()
from edgeopt.experiments.runs.worker import main
main(pipe, int(sys.argv[2]))
"""


@dataclass
class WorkerPool:
    """Workers, cells, and what has happened to them; a context manager.

    Attributes
    ----------
    folder : Path or None
        Of the sweep, absolute: a solver may change the folder of its process. Without one, rows
        are not kept.
    jobs : int
        Number of workers.
    time_limit : float or None
        Of a cell in s. Compiling has a limit of its own, see `worker`.
    workers : list of Worker
        Those that have been started.
    waiting : deque of AnyCell
        Not yet started.
    compiled : set of str
        Labels of our own solvers for which the compiler's cache is filled; empty for all others.
    deaths : dict
        Number of workers that died running a cell, by its key.
    failed_starts : int
        Number of processes in a row that died before they were ready.
    """

    folder: Path | None
    jobs: int
    time_limit: float | None = None
    workers: list[Worker] = field(default_factory=list)
    waiting: deque[AnyCell] = field(default_factory=deque)
    compiled: set[str] = field(default_factory=set)
    deaths: dict[str, int] = field(default_factory=dict)
    failed_starts: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Keep the workers for the next sweep, unless they may be busy."""
        if error is None and all(worker.cell is None for worker in self.workers):
            release(self.workers)
        else:
            end(self.workers)
        self.workers = []

    def run(self, cells: Iterable[AnyCell]) -> Generator[Row, None, None]:
        """Yield the rows of the cells as they finish, each already on disk.

        Raises
        ------
        OSError
            If a row cannot be kept, e.g. because the disk is full.
        BrokenProcessPool
            If processes die before they are ready, many times in a row.
        """
        self.waiting.extend(cells)
        self.compile(self.waiting)
        while len(self.workers) < min(self.jobs, len(self.waiting)):
            self.workers.append(start(self.folder))
        while _hand_out(self):
            yield from _rows(self)

    def compile(self, cells: Iterable[AnyCell]) -> None:
        """Compile once, before many read the compiler's cache.

        That is for each of our solvers, and for one of others, for the sake of the bounds. The
        workers share the solvers; a kernel of several solvers is compiled by one worker.
        """
        chosen = deque[AnyCell]()
        for cell in cells:
            label = "" if cell.is_foreign else cell.label
            if label not in self.compiled:
                self.compiled.add(label)
                chosen.append(cell)
        while len(self.workers) < min(self.jobs, len(chosen)):
            self.workers.append(start(self.folder))
        _compile(self, chosen)

    def cancel(self) -> list[AnyCell]:
        """Give up the cells that are not yet started, and return them."""
        cells = list(self.waiting)
        self.waiting.clear()
        return cells


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
        In s; a cell beyond it is recorded as failed.

    Raises
    ------
    OSError, BrokenProcessPool
        See `WorkerPool.run`.
    """
    with WorkerPool(folder.absolute(), jobs, time_limit) as pool:
        yield from pool.run(cells)


def _compile(pool: WorkerPool, cells: deque[AnyCell]) -> None:
    """Have the workers compile for the cells, each worker for one at a time."""
    busy: dict[Connection, Worker] = {}
    while cells or busy:
        for worker in pool.workers:
            if (
                cells
                and worker.pipe not in busy
                and _begin_compiling(pool, worker, cells.popleft())
            ):
                busy[worker.pipe] = worker
        ready = wait(list(busy), timeout=_LOOK_SECONDS)  # none may be busy
        busy = {
            pipe: worker
            for pipe, worker in busy.items()
            if pipe not in ready or not _has_compiled(pool, worker)
        }


def _has_compiled(pool: WorkerPool, worker: Worker) -> bool:
    """Return whether a worker has compiled, or died of it and been replaced."""
    try:
        return bool(worker.receive()[0] == DONE)
    except (EOFError, OSError):  # dead
        restart(worker, pool.folder)
        return True


def _begin_compiling(pool: WorkerPool, worker: Worker, cell: AnyCell) -> bool:
    """Have a worker compile for a cell; return whether it will answer."""
    try:
        job = _job(pool, cell, None)
        limit = WARM_UP_SECONDS if job.warm_up_limit is None else job.warm_up_limit
        worker.pipe.send(job._replace(is_warm_up=True, warm_up_limit=limit))
    except OSError:  # dead
        restart(worker, pool.folder)
        return False
    return True


def _hand_out(pool: WorkerPool) -> bool:
    """Give idle workers the next cells; return whether any worker is busy."""
    for worker in pool.workers:
        if worker.cell is None and pool.waiting:
            worker.cell, worker.start = pool.waiting.popleft(), time.monotonic()
            with suppress(OSError):  # dead already, which is noticed when its pipe is read
                worker.pipe.send(_job(pool, worker.cell, worker.journal))
    return any(worker.cell is not None for worker in pool.workers)


def _job(pool: WorkerPool, cell: AnyCell, journal: Path | None) -> Job:
    """Return what a worker needs to know of a cell."""
    limit = pool.time_limit
    if limit is None:
        warm_up_limit = None
    elif cell.is_foreign:
        warm_up_limit = max(limit, FOREIGN_WARM_UP_SECONDS)
    else:
        warm_up_limit = limit + WARM_UP_SECONDS
    limits = (limit, warm_up_limit)
    return Job(cell, name_row(cell), cell.is_foreign, pool.folder, journal, *limits, False)


def _rows(pool: WorkerPool) -> Iterator[Row]:
    """Wait for news, and yield the rows of cells that are over."""
    busy = {worker.pipe: worker for worker in pool.workers if worker.cell is not None}
    ready = wait(list(busy), timeout=_LOOK_SECONDS)
    for pipe, worker in busy.items():
        row = None
        if pipe in ready:
            row = _receive(pool, worker)
        elif worker.process.poll() is not None:
            row = _recover(pool, worker)
        if row is not None:
            worker.cell = None
            yield row


def _receive(pool: WorkerPool, worker: Worker) -> Row | None:
    """Read a worker's message or notice its death; return the row of its cell if that is over."""
    try:
        word, content = worker.receive()
    except (EOFError, OSError):
        return _recover(pool, worker)
    if word == BROKEN:
        raise content
    pool.failed_starts = 0
    row: Row | None = content
    return row


def _recover(pool: WorkerPool, worker: Worker) -> Row | None:
    """Replace a dead process; its cell gets another attempt or is recorded as failed."""
    code, cell, was_up, journal = _exit_code(worker), worker.cell, worker.is_up, worker.journal
    assert cell is not None
    restart(worker, pool.folder)
    for row in journal_rows(journal) if journal is not None else ():
        if row["key"] == cell.key:
            return row
    deaths = pool.deaths[cell.key] = pool.deaths.get(cell.key, 0) + was_up
    pool.failed_starts += not was_up
    if pool.failed_starts > _FAILED_STARTS:
        raise BrokenProcessPool(f"worker processes do not start, exit code {code}")
    if deaths == ATTEMPTS:
        error = f"its worker process died {ATTEMPTS} times, exit code {code}"
        row = failed_row(cell, error, time.monotonic() - worker.start)
        if worker.journal is not None:
            append_row(worker.journal, row)
        return row
    pool.waiting.appendleft(cell)
    worker.cell = None
    return None


# Worker processes as the sweep sees them: started, killed and replaced.


@dataclass(eq=False)
class Worker:
    """A worker as the sweep sees it.

    Attributes
    ----------
    process : Popen
        The process.
    pipe : Connection
        Our end of its pipe.
    mark : str
        Entry of the environment of all that is below it.
    loaded : tuple
        What its modules were loaded with.
    owner : int
        Process that has started it.
    journal : Path or None
        For its rows.
    cell : AnyCell or None
        What it runs.
    start : float
        Since when.
    is_up : bool
        Whether it was ever ready.
    """

    process: subprocess.Popen[bytes]
    pipe: Connection
    mark: str
    loaded: tuple[Any, ...]
    owner: int = field(default_factory=os.getpid)
    journal: Path | None = None
    cell: AnyCell | None = None
    start: float = 0.0
    is_up: bool = False

    def receive(self) -> tuple[str, Any]:
        """Return the next message, or raise `EOFError` or `OSError` if the process is dead."""
        word, content = self.pipe.recv()
        self.is_up = True
        return word, content


_idle: list[Worker] = []


def start(folder: Path | None) -> Worker:
    """Return a worker whose libraries use one thread: a new one, or one that has nothing to do."""
    setting = _setting()
    worker = _resting(setting) or _started(setting)
    worker.journal = None if folder is None else new_journal(folder)
    name, _, value = worker.mark.partition("=")
    with suppress(OSError):  # dead, which is noticed when it is given a cell
        worker.pipe.send(setting._replace(environment={**setting.environment, name: value}))
    return worker


def _setting() -> Setting:
    """Return what the processes of a sweep inherit from this one."""
    try:
        place = os.getcwd()  # noqa: PTH109
    except OSError:  # it is gone
        place = os.sep
    # a set of texts has another order in each process otherwise
    order = {"PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0")}
    return Setting(place, {**os.environ, **_FIXED, **order}, list(sys.path))


def _loaded(setting: Setting) -> tuple[Any, ...]:
    """Return what counts when modules are loaded: a worker that has other ones is of no use."""
    counting = [item for item in setting.environment.items() if item[0].startswith(_COUNTING)]
    return get_executable(), sorted(counting), setting.path


def _resting(setting: Setting) -> Worker | None:
    """Return a worker of an earlier sweep of this process, None if there is no fitting one."""
    while _idle:
        worker = _idle.pop()
        if worker.owner != os.getpid():  # that of a process of which this one is a fork
            continue
        if worker.process.poll() is None and worker.loaded == _loaded(setting):
            return worker
        end([worker])
    return None


def _started(setting: Setting) -> Worker:
    """Start a process."""
    ours, theirs = Pipe()
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [os.fsdecode(get_executable()), "-c", _START, str(theirs.fileno()), str(os.getpid())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        env={**setting.environment, _MARK: mark},
        start_new_session=True,  # no interrupts from the terminal
    )
    theirs.close()
    with suppress(OSError):  # dead already
        ours.send(setting.path)
    return Worker(process, ours, f"{_MARK}={mark}", _loaded(setting))


def release(workers: Iterable[Worker]) -> None:
    """Have idle workers end what is below them, and keep them for the next sweep."""
    for worker in workers:
        with suppress(OSError):  # dead, which is noticed when it is wanted
            worker.pipe.send(None)
        _idle.append(worker)


def end(workers: Iterable[Worker]) -> None:
    """End workers and all processes below them; finished rows are on disk."""
    gone = list(workers)
    for worker in gone:
        worker.pipe.close()
        if not worker.is_up:  # nothing is below it yet
            worker.process.kill()
    for worker in gone:
        if _exit_code(worker) != 0:
            worker.process.kill()
            worker.process.wait()
            kill_marked(worker.mark)


def _exit_code(worker: Worker) -> int | None:
    """Return the exit code of a worker whose pipe is closed, None if it does not end."""
    try:
        return worker.process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def restart(worker: Worker, folder: Path | None) -> None:
    """End a worker's process and start another one, with a journal of its own."""
    end([worker])
    fresh = start(folder)
    worker.process, worker.pipe, worker.mark = fresh.process, fresh.pipe, fresh.mark
    worker.journal, worker.is_up = fresh.journal, fresh.is_up


@atexit.register
def _end_idle() -> None:
    """End the workers that are kept, with this process."""
    own = [worker for worker in _idle if worker.owner == os.getpid()]
    _idle.clear()
    end(own)
