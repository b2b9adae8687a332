"""Trees of processes: none outlives the one that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36

_ROUNDS = 1000  # of killing, while processes that are being killed start others

_PAUSE = 0.003  # in s, between two rounds

_PATIENCE = 1.0  # in s, for processes that remove the files of others

_TRACKER = b"resource_tracker"  # of multiprocessing and loky: removes what others leave in memory


def die_with(parent: int) -> None:
    """Have Linux kill this process when its parent dies; exit if that is dead already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Make this process the parent of all processes below it that lose theirs (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    """Set an attribute of this process, where the system has it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def descendants(roots: Iterable[int]) -> list[int]:
    """Return the processes below others, without those that have ended (on Linux, else none)."""
    found, todo = dict[int, None](), list(roots)
    while todo:
        for task in _tasks(todo.pop()):
            with suppress(OSError):
                children = [int(pid) for pid in (task / "children").read_text().split()]
                todo += [pid for pid in children if pid not in found]
                found |= dict.fromkeys(children)
    return [pid for pid in found if _is_running(pid)]


def _tasks(pid: int) -> list[Path]:
    """Return the folders of the threads of a process."""
    try:
        return list((_PROC / str(pid) / "task").iterdir())
    except OSError:
        return []


def _is_running(pid: int) -> bool:
    """Whether a process has not ended."""
    try:
        state = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in (b"Z", b"X")


def kill_below(
    roots: Iterable[int], spared: Iterable[int] = (), groups: Iterable[int] = ()
) -> None:
    """Kill all processes below some, and process groups; those that tidy up may finish first.

    Parameters
    ----------
    roots : iterable of int
        Processes; they themselves are not killed.
    spared : iterable of int
        Processes below them that are not killed.
    groups : iterable of int
        Process groups, for systems that do not tell what is below a process.
    """
    kept, top = frozenset(spared), list(roots)
    for group in groups:
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    until = None
    for _ in range(_ROUNDS):
        found = [pid for pid in descendants(top) if pid not in kept]
        if not found:
            return
        now = time.monotonic()
        trackers = [] if until and now > until else [pid for pid in found if _is_tracker(pid)]
        for pid in set(found) - set(trackers):
            kill(pid)
        if len(trackers) == len(found):
            until = until or now + _PATIENCE
        time.sleep(_PAUSE)
        reap(kept)


def kill(pid: int) -> None:
    """Kill a process if it is there."""
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def _is_tracker(pid: int) -> bool:
    """Whether a process waits for the end of others to remove what they have left."""
    with suppress(OSError):
        return _TRACKER in (_PROC / str(pid) / "cmdline").read_bytes()
    return False


def reap(kept: Iterable[int] = ()) -> None:
    """Take note of adopted children that have ended, but for some."""
    with suppress(OSError):
        for task in _tasks(os.getpid()):
            for pid in map(int, (task / "children").read_text().split()):
                if pid not in kept:
                    with suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)


def kill_marked(mark: str) -> None:
    """Kill the processes whose environment has an entry ``NAME=value`` (on Linux)."""
    entry = mark.encode()
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            if entry in (folder / "environ").read_bytes().split(b"\0"):
                kill(int(folder.name))


def is_single() -> bool:
    """Whether this process has one thread and no children, so that a fork of it is sound."""
    try:
        tasks = _tasks(os.getpid())
        return len(tasks) == 1 and not (tasks[0] / "children").read_text().split()
    except OSError:  # no such file: another system
        return sys.platform != "linux"
