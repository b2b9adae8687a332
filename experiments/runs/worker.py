"""A worker: a process that runs no solver itself, and watches over those that do.

It takes cells from a pipe and has one after the other run in a process below it, see `host`. It
ends a cell that is beyond its time limit, whatever that does, and whatever processes a cell has
started. If the sweep is gone, it ends all that is below it, and itself.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from edgeopt.experiments.runs import host
from edgeopt.experiments.runs.cell import AnyCell, Row, failure
from edgeopt.experiments.runs.files import append_row
from edgeopt.experiments.runs.processes import adopt_orphans, kill, kill_below, reap
from edgeopt.optim.user_code import SHARED

ATTEMPTS = 2  # of a cell whose process dies

UP, DONE, BROKEN = "up", "done", "broken"
"""Words of a worker: ready; a cell's row; the error that kept the row from the disk."""

_LOOK_SECONDS = 0.2  # between two looks at what sends no message

_REST_SECONDS = 60.0  # after which a worker without a sweep ends

_LARGEST_LINE = 1 << 30

_HOSTS = 16  # of different solvers, at the same time


class Setting(NamedTuple):
    """What a sweep's processes inherit: folder, environment and places of modules."""

    place: str
    environment: dict[str, str]
    path: list[str]


class Job(NamedTuple):
    """A cell for a worker.

    Attributes
    ----------
    cell : AnyCell
        What to run.
    head : dict
        The columns that identify its row, see `name_row`: finding them may run a solver's file.
    is_foreign : bool
        Whether the solver is not ours.
    folder : Path or None
        Of the runs, absolute.
    journal : Path or None
        For the row; without one, the row is only sent.
    time_limit, warm_up_limit : float or None
        In s.
    is_warm_up : bool
        Whether only to compile.
    """

    cell: AnyCell
    head: Row
    is_foreign: bool
    folder: Path | None
    journal: Path | None
    time_limit: float | None
    warm_up_limit: float | None
    is_warm_up: bool


def main(pipe: Connection, parent: int) -> None:
    """Serve a sweep until the pipe is closed.

    Parameters
    ----------
    pipe : Connection
        Delivers a `Setting`, then jobs; None after a sweep, before the next setting.
    parent : int
        Process of the sweep.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # handled by the sweep alone
    with suppress(OSError):  # there may be no standard error
        os.dup2(2, 1)  # what solvers print must not mix with the results of a command
    adopt_orphans()
    with suppress(EOFError, OSError), _shared_folder() as shared:
        worker = _Worker(pipe, parent, shared)
        try:
            pipe.send((UP, None))
            while True:  # until the sweep is gone
                worker.take(worker.next_message())
        finally:
            worker.end()


@contextmanager
def _shared_folder() -> Iterator[str]:
    """Give a folder among those of modules; an empty name where none can be made."""
    try:
        folder = TemporaryDirectory(prefix="edgeopt-code-", ignore_cleanup_errors=True)
    except OSError:
        yield ""
        return
    with folder as path:
        sys.path.append(path)
        yield path


@dataclass(eq=False)
class _Host:
    """A host as its worker sees it: process, pipe for orders, and what it has answered."""

    pid: int
    orders: Connection
    answers: int
    text: bytes = b""
    is_spent: bool = False
    is_mute: bool = False

    def close(self) -> None:
        """Close our ends of the pipes."""
        self.orders.close()
        os.close(self.answers)


@dataclass
class _Run:
    """A cell under way: since when, until when, in which process, and how it has ended."""

    job: Job
    token: str
    start: float
    deadline: float | None
    pid: int | None = None
    code: int | None = None
    row: Row | None = None
    error: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.row is not None or self.code is not None or self.error is not None

    @property
    def is_slow(self) -> bool:
        """Whether it was ended before its clock had started."""
        return self.error is not None and self.pid is None


@dataclass
class _Worker:
    """The hosts of a worker, by solver.

    Of some solvers it knows why the warm-up takes too long, or that forks of them die.
    """

    pipe: Connection
    parent: int
    shared: str
    hosts: dict[str, _Host] = field(default_factory=dict)
    slow: dict[str, str] = field(default_factory=dict)
    unforkable: set[str] = field(default_factory=set)
    prepared: set[type] = field(default_factory=set)
    is_resting: bool = False

    # Messages of the sweep.

    def next_message(self) -> Any:
        """Wait for a message of the sweep."""
        since = time.monotonic()
        while not self.pipe.poll(1.0):
            if self.is_resting and time.monotonic() - since > _REST_SECONDS:
                raise EOFError
            self._check_parent()
        return self.pipe.recv()

    def _check_parent(self) -> None:
        """Raise `EOFError` if the sweep's process is gone: another one may hold its pipe open."""
        if os.getppid() != self.parent:
            raise EOFError

    def take(self, message: Setting | Job | None) -> None:
        """Do what a message says."""
        self.is_resting = message is None
        if isinstance(message, Job):
            self.pipe.send(self._serve(message))
            return
        self.end()
        self.slow.clear()
        self.unforkable.clear()
        if message is not None:
            os.environ.clear()
            os.environ.update({**message.environment, SHARED: self.shared})
            with suppress(OSError):
                os.chdir(message.place)

    def _serve(self, job: Job) -> tuple[str, Any]:
        """Have a cell run, keep its row, and return the answer."""
        row = self._row(job)
        if row is not None and job.journal is not None:
            try:
                append_row(job.journal, row)
            except OSError as error:
                return BROKEN, error
        return DONE, row

    # Cells.

    def _row(self, job: Job) -> Row | None:
        """Return the row of a cell, a failed one if its process dies again; None if compiled."""
        name = f"{job.head['code']} {job.cell.label}" if job.is_foreign else ""
        for attempt in range(ATTEMPTS):
            in_place = name in self.unforkable or attempt > 0
            run = self._attempt(job, name, in_place and job.is_foreign)
            if run.row is not None:
                if in_place:
                    self.unforkable.add(name)
                return {**job.head, **run.row, **job.head}
            if run.error is not None or job.is_warm_up:
                break
        error = run.error or f"its worker process died {ATTEMPTS} times, exit code {run.code}"
        return None if job.is_warm_up else job.head | failure(error, _seconds_since(run.start))

    def _attempt(self, job: Job, name: str, in_place: bool) -> _Run:
        """Run a cell once, and clear away what it leaves."""
        now, limit = time.monotonic(), job.warm_up_limit
        run = _Run(job, uuid.uuid4().hex, now, None if limit is None else now + limit)
        if name in self.slow:
            run.error = self.slow[name]
            return run
        if job.is_foreign and type(job.cell) not in self.prepared:
            self.prepared.add(type(job.cell))
            job.cell.prepare()  # inherited by all hosts
        used = self._host(name)
        try:
            with suppress(OSError):  # dead, which is noticed below
                used.orders.send(
                    host.Order(
                        token=run.token,
                        cell=job.cell,
                        is_foreign=job.is_foreign,
                        folder=job.folder,
                        is_warm_up=job.is_warm_up,
                        in_place=in_place,
                    )
                )
            while not run.is_over:
                self._follow(used, run)
            if job.is_foreign:
                self._await_end(used, run)
        finally:
            self._clear(name, used, run)
        if job.is_foreign and run.is_slow and job.time_limit is not None:
            self.slow[name] = str(run.error)
        return run

    def _await_end(self, used: _Host, run: _Run) -> None:
        """Wait a moment for a process that has given its row: it is about to end by itself."""
        until = time.monotonic() + _LOOK_SECONDS
        while run.row is not None and run.code is None and time.monotonic() < until:
            self._follow(used, run)

    def _follow(self, used: _Host, run: _Run) -> None:
        """Wait for the next news of a run, and note it."""
        wait = _LOOK_SECONDS
        if run.deadline is not None:
            wait = min(wait, max(0.0, run.deadline - time.monotonic()))
        sweep = self.pipe.fileno()
        sources = [sweep] if used.is_mute else [sweep, used.answers]
        ready, _, _ = select.select(sources, [], [], wait)
        if sweep in ready:  # closed, as the sweep waits for us
            raise EOFError
        self._check_parent()
        code = _exit_code(used.pid)
        for word, content in _messages(used, run.token):
            self._note(used, run, word, content)
        if code is not None:
            used.is_spent = True
            run.code = code if run.code is None else run.code
        if run.deadline is not None and time.monotonic() > run.deadline and not run.is_over:
            run.error = _time_limit_text(run)

    def _note(self, used: _Host, run: _Run, word: str, content: Any) -> None:
        """Note a message of the host."""
        if word == host.SPENT:
            used.is_spent = True
        elif word == host.BEGUN and isinstance(content, int):
            limit = run.job.time_limit
            run.pid, run.start = content, time.monotonic()
            run.deadline = None if limit is None else run.start + limit
        elif word == host.ROW and run.row is None and _is_row(content):
            run.row = content
        elif word == host.ENDED and isinstance(content, int):
            run.code = content

    # Hosts.

    def _host(self, name: str) -> _Host:
        """Return the host of a solver."""
        if name not in self.hosts:
            while len(self.hosts) >= _HOSTS:
                self._drop(next(iter(self.hosts)))
            self.hosts[name] = self._start()
        found = self.hosts[name] = self.hosts.pop(name)  # the latest is last
        return found

    def _start(self) -> _Host:
        """Fork a host."""
        order_end, orders = os.pipe()
        answers, answer_end = os.pipe()
        os.set_blocking(answers, False)
        gc.freeze()  # what is here is not looked at again, and stays shared
        own = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                self.pipe.close()
                for other in self.hosts.values():
                    other.close()
                os.close(orders)
                os.close(answers)
                host.serve(Connection(order_end, writable=False), answer_end, own)
            finally:
                os._exit(1)
        os.close(order_end)
        os.close(answer_end)
        return _Host(pid, Connection(orders, readable=False), answers)

    def _clear(self, name: str, used: _Host, run: _Run) -> None:
        """End what a cell has left, and its host where it is of no more use."""
        is_own = not run.job.is_foreign
        if used.is_spent or (run.is_slow or (run.error is not None and is_own)):
            self._drop(name)
        elif is_own and run.error is None:
            return
        spared = [each.pid for each in self.hosts.values()]
        groups = [run.pid] if run.pid is not None and run.pid not in spared else []
        kill_below([os.getpid()], spared, groups)
        reap(spared)

    def _drop(self, name: str) -> None:
        """End a host."""
        gone = self.hosts.pop(name)
        gone.close()
        kill(gone.pid)
        with suppress(ChildProcessError):
            os.waitpid(gone.pid, 0)

    def end(self) -> None:
        """End all hosts and all that they have left."""
        groups = [each.pid for each in self.hosts.values()]
        for name in list(self.hosts):
            self._drop(name)
        kill_below([os.getpid()], groups=groups)
        reap()


def _time_limit_text(run: _Run) -> str:
    """Return why a cell was ended."""
    text = (
        "no time limit" if run.job.time_limit is None else f"time limit of {run.job.time_limit:g} s"
    )
    if run.pid is not None:
        return text
    return f"{text}: its warm-up had not ended after {_seconds_since(run.start):.0f} s"


def _seconds_since(start: float) -> float:
    """Return the time since then in s."""
    return time.monotonic() - start


def _exit_code(pid: int) -> int | None:
    """Return the exit code of a host, None while it runs."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return -1
    return os.waitstatus_to_exitcode(status) if ended else None


def _messages(used: _Host, token: str) -> Iterator[tuple[str, Any]]:
    """Yield what a host has said about a cell; all other lines are noise."""
    with suppress(BlockingIOError):
        while data := os.read(used.answers, 1 << 20):
            used.text += data
        used.is_mute = True
    *lines, rest = used.text.split(b"\n")
    used.text = rest if len(rest) < _LARGEST_LINE else b""
    for line in lines:
        if line.startswith(token.encode()):
            with suppress(ValueError):
                _, word, content = line.decode().split(" ", 2)
                yield word, json.loads(content)


def _is_row(content: Any) -> bool:
    """Whether this is what a cell returns."""
    return isinstance(content, dict) and isinstance(content.get("status"), str)
