"""SIGKILL at random moments: after a resumed run the table is that of one that was not killed.

The moments are drawn over the time that a run took when the samples were made; if a run ends
earlier, another one is begun, and killed sooner.
"""

import time
from pathlib import Path
from typing import NamedTuple

from fuzz.outcome import fault, run_command
from processes import kill

from attack.part import Part, Try
from attack.process import Command, one_line, start
from attack.samples import COMMANDS, FILES, working_in
from attack.table import Table, changes, read_table, run_again

OWN = """
import time

def own(problem, rng):
    if problem.tasks > 2:  # the warm-up has two
        time.sleep(0.01)
    return rng.integers(0, problem.nodes, problem.tasks)
"""
SWEEP = """
problems = ["braun:u_c_hihi:8x3", "times.csv"]
repetitions = 20
budget = { evaluations = 60 }
[solvers.mct]
[solvers.atsa]
[solvers.own]
solver = "own.py:own"
"""
TRIES = 40
_ATTEMPTS = 6
_PIECES = ("mct", "own")  # solvers of the sweeps that are merged


class Run(NamedTuple):
    """A command that is killed: kind of its runs, its arguments, the file that says it began."""

    kind: str
    arguments: tuple[str, ...]
    sign: str


def _runs() -> list[Run]:
    """Return the commands, each with a folder `out`."""
    runs = [
        Run(kind, (COMMANDS[kind], f"{kind}.toml", "--out", "out", "--jobs", jobs), sign)
        for kind, sign in (("sweep", "sweep.json"), ("tuning", "tune.json"))
        for jobs in ("1", "2")
    ]
    simulation = (COMMANDS["simulation"], "simulation.toml", "--out", "out", "--jobs")
    runs += [Run("simulation", (*simulation, jobs), "sweep.json") for jobs in ("1", "2")]
    return [*runs, Run("sweep", ("merge", *_PIECES, "--out", "out"), "")]


RUNS = _runs()


def write_files(folder: Path) -> None:
    """Write what the commands read."""
    texts = {f"{kind}.toml": files["run.toml"] for kind, files in FILES.items()}
    texts["simulation.toml"] = texts["simulation.toml"].replace(
        "repetitions = 2", "repetitions = 9"
    )
    texts["tuning.toml"] = texts["tuning.toml"].replace("trials = 6", "trials = 16")
    for name, text in {**texts, "sweep.toml": SWEEP, "times.csv": "3,1\n2,4\n5,5\n"}.items():
        (folder / name).write_text(text)
    (folder / "own.py").write_text(OWN)


def attempt(this: Try) -> str:
    """Kill a run once, resume it, and say what is wrong."""
    rng, run = this.rng, RUNS[this.number % len(RUNS)]
    samples = this.work / "kills"
    clean = _clean(samples, run)
    write_files(this.folder)
    for name in _PIECES if run.arguments[0] == "merge" else ():
        (this.folder / name).symlink_to(samples / name)
    out, share = this.folder / "out", float(rng.random())
    # a tuning records the trial whose worker died, and goes on
    hits_worker = run.arguments[-1] == "2" and run.kind != "tuning" and bool(rng.random() < 0.3)
    for _ in range(_ATTEMPTS):
        command = start(this.folder, run.arguments)
        if _strike(command, run, out, share * clean.seconds, hits_worker):
            break
        share /= 2
    code = command.wait()
    if found := command.remains() or ("" if code is not None else "hangs after a worker died"):
        return f"{_words(run)}: {found}"
    if hits_worker and (found := one_line(command.err)):
        return f"{_words(run)}: {found}"
    kept = _kept(run, out)
    with working_in(this.folder):
        outcome = run_command([*run.arguments, *_again(run)], seconds=60)
    wrong = fault(outcome) or ("" if outcome.code == 0 else outcome.err)
    wrong = wrong or _difference(run, clean.table, kept, out)
    return f"{_words(run)}: {wrong}" if wrong else ""


def _words(run: Run) -> str:
    return " ".join(run.arguments)


def _again(run: Run) -> tuple[str, ...]:
    """Return what has cells run again whose worker was struck twice."""
    return ("--retry-failed",) if run.arguments[0] in ("sweep", "simulate") else ()


def _strike(command: Command, run: Run, out: Path, pause: float, hits_worker: bool) -> bool:
    """Kill a command or one of its workers; return whether there was one to be killed."""
    if run.sign:
        while not (out / run.sign).exists() and command.process.poll() is None:
            time.sleep(0.001)
    time.sleep(pause)
    if command.process.poll() is not None:
        return False
    workers = command.workers() if hits_worker else []
    kill(workers[-1] if workers else command.process.pid)
    return True


def _kept(run: Run, out: Path) -> Table:
    """Return the rows that a kill has left."""
    if run.kind == "tuning" or not (out / "sweep.json").exists():
        return {}
    return {
        name: row for name, row in read_table(run.kind, out).items() if row["status"] != "'failed'"
    }


def _difference(run: Run, clean: Table, kept: Table, out: Path) -> str:
    """Say what differs from the table of a run that was not killed."""
    after = read_table(run.kind, out)
    if after.keys() != clean.keys():
        return f"{len(after)} rows, not {len(clean)}"
    if lost := run_again(run.kind, kept, after):
        return f"rows were lost and run again: {lost[:3]}"
    differing = changes(run.kind, clean, after)
    return f"changed: {differing[0]}" if differing else ""


class Clean(NamedTuple):
    """A run that nobody killed: its table, and how long it took after its sign."""

    table: Table
    seconds: float


_CLEAN: dict[Run, Clean] = {}


def _clean(samples: Path, run: Run) -> Clean:
    """Run a command to its end, once in a worker."""
    if run in _CLEAN:
        return _CLEAN[run]
    if not samples.exists():
        samples.mkdir()
        write_files(samples)
        for name in _PIECES:
            with working_in(samples):
                words = ["sweep", "sweep.toml", "--filter", f"solver={name}", "--out", name]
                assert run_command(words, seconds=100).code == 0
    folder = samples / f"clean-{RUNS.index(run)}"
    folder.mkdir()
    write_files(folder)
    for name in _PIECES:
        (folder / name).symlink_to(samples / name)
    begin = time.monotonic()
    command = start(folder, run.arguments)
    while run.sign and not (folder / "out" / run.sign).exists():
        time.sleep(0.001)
        if command.process.poll() is not None:
            break
    begin = time.monotonic() if run.sign else begin
    assert command.wait() == 0, command.err
    seconds = time.monotonic() - begin
    _CLEAN[run] = Clean(read_table(run.kind, folder / "out"), seconds)
    return _CLEAN[run]


PART = Part("kills", TRIES, attempt, patience=900.0)
