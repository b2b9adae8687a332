"""Commands as processes, and what is left of them."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MARK = "EDGEOPT_ATTACK"  # an environment variable, which all children of a process inherit
_ENDING = 15.0  # s in which processes have to be gone
SECONDS = 240.0  # after which a command hangs


@dataclass(frozen=True)
class Command:
    """A running command `edgeopt` and the mark of its processes."""

    process: "subprocess.Popen[bytes]"
    mark: str
    folder: Path

    def wait(self, seconds: float = SECONDS) -> int | None:
        """Return the exit code, None after the command hung and was killed."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    @property
    def err(self) -> str:
        """Standard error so far."""
        return (self.folder / f"{self.mark}.err").read_text(errors="replace")

    def workers(self) -> list[int]:
        """Return the process ids of all processes but the first."""
        return [pid for pid in _marked(self.mark) if pid != self.process.pid]

    def remains(self) -> str:
        """Say which processes outlive the command, and end them; "" if there are none."""
        end = time.monotonic() + _ENDING
        while (left := _marked(self.mark)) and time.monotonic() < end:
            time.sleep(0.02)
        names = [_name(pid) for pid in left]
        for pid in left:
            end_process(pid)
        return f"processes remain: {names}" if left else ""


def start(folder: Path, arguments: Sequence[str]) -> Command:
    """Start `edgeopt` in a folder."""
    return start_python(folder, ["-m", "edgeopt.experiments.cli", *arguments])


def start_python(folder: Path, arguments: Sequence[str]) -> Command:
    """Start Python in a folder, where its standard error goes to a file."""
    mark = uuid.uuid4().hex
    with (folder / f"{mark}.err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=err,
            env={**os.environ, _MARK: mark},
            start_new_session=True,
        )
    return Command(process, mark, folder)


def _marked(mark: str) -> list[int]:
    """Return the processes that inherit a mark, and do not merely wait to be buried."""
    sign = f"{_MARK}={mark}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if sign in (place / "environ").read_bytes() and not _is_dead(place):
                found.append(int(place.name))
        except OSError:
            continue
    return found


def _is_dead(place: Path) -> bool:
    return (place / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"


def _name(pid: int) -> str:
    """Return the command line of a process."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return str(pid)
    return f"{pid} {' '.join(word.decode(errors='replace') for word in words)[-80:]}"


def end_process(pid: int) -> None:
    """Kill a process, which may be gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def one_line(err: str) -> str:
    """Say what is wrong with standard error, "" if it has no traceback."""
    return f"traceback: {err[-400:]}" if "Traceback (most recent" in err else ""
