"""Run a command in this process or its own, and say what is wrong with what it leaves."""

import contextlib
import io
import shutil
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from fuzz.cases import Case

SECONDS = 6  # of the processor, or five times as many on the wall, after which a command ends
WORKING = (
    "solve.py",
    "studies",
    "plots",
    "figures.py",
    "run_cell",
    "plot_sweep",
    "write_report",
    "numba",
)
"""Names in the stack of a command that is at work on a legal input, and so may take its time."""


class Outcome(NamedTuple):
    """What a command leaves.

    Attributes
    ----------
    code : int
        Exit code, -1 where it ended with an exception.
    out, err : str
        Standard output and standard error.
    trace : str
        Traceback of an exception, or the stack at which it was interrupted.
    """

    code: int
    out: str
    err: str
    trace: str = ""


def run_command(arguments: Sequence[str], seconds: int = SECONDS) -> Outcome:
    """Run `edgeopt` in this process."""
    from edgeopt.experiments.cli import main

    out, err, late = io.StringIO(), io.StringIO(), [""]
    saved = sys.argv
    sys.argv = ["edgeopt", *arguments]
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(record=True) as caught,
            _interrupted(late, seconds),
        ):
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)  # of figures that are interrupted
            main()
    except SystemExit as stop:
        warned = "".join(f"{w.category.__name__}: {w.message}\n" for w in caught)
        return Outcome(int(stop.code or 0), out.getvalue(), err.getvalue() + warned, late[0])
    except BaseException:
        return Outcome(-1, out.getvalue(), err.getvalue(), traceback.format_exc())
    finally:
        sys.argv = saved
    raise AssertionError("main returned")


def run_process(arguments: Sequence[str]) -> Outcome:
    """Run `edgeopt` as a process."""
    command = [sys.executable, "-m", "edgeopt.experiments.cli", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return Outcome(
        done.returncode, *(s.decode(errors="replace") for s in (done.stdout, done.stderr))
    )


def run_case(case: Case, *, process: bool = False) -> Outcome:
    """Write a case's files, run its command, and clean up; the working folder has the samples."""
    shutil.rmtree("case", ignore_errors=True)
    Path("case").mkdir()
    for name, data in case.files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)
    as_process = process and not any("\0" in word for word in case.arguments)
    return (run_process if as_process else run_command)(case.arguments)


def fault(outcome: Outcome) -> str:
    """Say what is wrong, "" if nothing is."""
    code, _, err, trace = outcome
    if code == -1:
        return "exception: " + trace.strip().splitlines()[-1]
    if trace and code >= 0:  # interrupted
        return "" if any(name in trace for name in WORKING) else f"takes long: {_place(trace)}"
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if "Traceback" in err:
        return "traceback on standard error"
    errors = [line for line in err.splitlines() if not line.startswith("edgeopt: warning: ")]
    if code == 2 and not (len(errors) == 1 and errors[0].startswith("edgeopt: ")):
        return f"not one line: {err[:300]!r}"
    if "Warning" in err:
        return f"warning: {err.strip()[:300]}"
    return ""


def _place(stack: str) -> str:
    """Return the last line of the project in a stack."""
    lines = [line.strip() for line in stack.splitlines() if 'File "' in line]
    own = [line for line in lines if "site-packages" not in line and "fuzz/outcome" not in line]
    return next(iter(own[::-1]), "")


@contextlib.contextmanager
def _interrupted(late: list[str], seconds: int) -> Iterator[None]:
    """Interrupt what takes longer, and keep the stack."""

    def ring(number: int, frame: FrameType | None) -> None:
        late[0] = "".join(traceback.format_stack(frame))
        raise KeyboardInterrupt

    clocks = {
        signal.SIGALRM: (signal.ITIMER_REAL, 5 * seconds),
        signal.SIGPROF: (signal.ITIMER_PROF, seconds),
    }
    before = {number: signal.signal(number, ring) for number in clocks}
    for clock, limit in clocks.values():
        signal.setitimer(clock, limit)
    try:
        yield
    finally:
        for number, (clock, _) in clocks.items():
            signal.setitimer(clock, 0)
            signal.signal(number, before[number])
