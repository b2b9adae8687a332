"""Processes that a test has started, of which any may end while it is looked at."""

import os
import time
from contextlib import suppress

import psutil

_ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


def marked_processes(variable: str, value: str) -> list[int]:
    """Return the running processes, this one excepted, with a value in their environment."""
    found = []
    for process in psutil.process_iter(["environ", "status"]):
        has_value = (process.info["environ"] or {}).get(variable) == value
        if has_value and process.info["status"] not in _ENDED and process.pid != os.getpid():
            found.append(process.pid)
    return found


def wait_for_none(variable: str, value: str, seconds: float = 10.0) -> None:
    """Wait until no running process has a value in its environment."""
    deadline = time.monotonic() + seconds
    while left := marked_processes(variable, value):
        assert time.monotonic() < deadline, f"left: {[command_of(pid) for pid in left]}"
        time.sleep(0.02)


def command_of(pid: int) -> list[str]:
    """Return the command of a process, nothing if it has ended."""
    with suppress(psutil.Error):
        return psutil.Process(pid).cmdline()
    return []


def parent_of(pid: int) -> int | None:
    """Return the parent of a process, None if it has ended."""
    with suppress(psutil.Error):
        return psutil.Process(pid).ppid()
    return None


def children_of(pid: int, word: str) -> list[int]:
    """Return the children of a process that have a word in their command."""
    with suppress(psutil.Error):
        pids = [child.pid for child in psutil.Process(pid).children()]
        return [child for child in pids if word in " ".join(command_of(child))]
    return []


def is_running(pid: int) -> bool:
    """Whether there is such a process, and not only its remains."""
    with suppress(psutil.Error):
        return psutil.Process(pid).status() not in _ENDED
    return False


def kill(pid: int) -> bool:
    """Kill a process; return whether there was one."""
    with suppress(psutil.Error):
        psutil.Process(pid).kill()
        return True
    return False
