"""Commands as processes, and what is left of them."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from processes import command_of, kill, marked_processes

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
        return [pid for pid in marked_processes(_MARK, self.mark) if pid != self.process.pid]

    def remains(self) -> str:
        """Say which processes outlive the command, and end them; "" if there are none."""
        end = time.monotonic() + _ENDING
        while (left := marked_processes(_MARK, self.mark)) and time.monotonic() < end:
            time.sleep(0.02)
        names = [" ".join([str(pid), *command_of(pid)]) for pid in left]
        for pid in left:
            kill(pid)
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


def one_line(err: str) -> str:
    """Say what is wrong with standard error, "" if it has no traceback."""
    return f"traceback: {err[-400:]}" if "Traceback (most recent" in err else ""
