"""Worker processes as the sweep sees them: started, killed and replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.sweep.journal import new_journal
from experiments.sweep.worker import ONE_THREAD, work

if TYPE_CHECKING:
    from experiments.sweep.kinds import AnyCell


@dataclass(eq=False)
class Worker:
    """A process, our end of its pipe, its journal, what it does, and whether it ever came up."""

    process: BaseProcess
    pipe: Connection
    journal: Path
    cell: AnyCell | None = None
    start: float = 0.0
    deadline: float | None = None
    is_up: bool = False


def start(folder: Path) -> Worker:
    """Start a worker, with libraries that keep to one thread."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    journal = new_journal(folder)
    process = context.Process(target=work, args=(theirs, journal, os.getpid()), daemon=True)
    with _environment(ONE_THREAD), _interrupts_held():
        process.start()
    theirs.close()
    return Worker(process, ours, journal)


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
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back for a while, and for ever in a process that is started meanwhile."""
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
    """Kill the workers: what they have finished is on disk."""
    for worker in workers:
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


def restart(worker: Worker, folder: Path) -> None:
    """Kill a worker's process and start another one, with a journal of its own."""
    end([worker])
    fresh = start(folder)
    worker.process, worker.pipe, worker.journal = fresh.process, fresh.pipe, fresh.journal
    worker.is_up = False
