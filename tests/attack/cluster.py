"""A Dask cluster with solvers of users: other files on a worker, dying workers and scheduler.

A worker that sees another file at the same path has a file system of its own, made by `unshare`.
"""

import importlib.util
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fuzz.outcome import run_command
from processes import kill

from attack.part import Part, Try
from attack.process import Command, one_line, start, start_python
from attack.samples import working_in
from attack.table import Table, changes, read_table

NODE = """
import asyncio, sys
from pathlib import Path

async def main(kind, address, name):
    from distributed import Nanny, Scheduler

    if kind == "scheduler":
        async with Scheduler(host="127.0.0.1", port=0, dashboard_address=None) as scheduler:
            Path(name).write_text(scheduler.address)
            await scheduler.finished()
    async with Nanny(address, nthreads=1, name=name, local_directory="local") as nanny:
        await nanny.finished()

if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
"""
OWN = """
import os, signal, time

def own(problem, rng):
    if problem.tasks > 2:  # the warm-up has two
        time.sleep(0.05)
    return {returned}

def leaves(problem, rng):
    if problem.tasks > 2:
        os._exit(3)
    return [0] * problem.tasks

def hangs(problem, rng):
    while problem.tasks > 2:
        pass
    return [0] * problem.tasks
"""
RANDOM = "rng.integers(0, problem.nodes, problem.tasks)"
SWEEP = """
problems = ["braun:u_c_hihi:8x3"]
repetitions = {repetitions}
budget = {{ evaluations = 40 }}
{more}
[solvers.mct]
[solvers.own]
solver = "own.py:own"
"""
CELLS = 40
_SECONDS = 90.0


@contextmanager
def _cluster(folder: Path, *workers: str) -> Iterator[tuple[str, list[Command]]]:
    """Yield the address of a scheduler and its processes; each worker sees one of the files."""
    (folder / "node.py").write_text(NODE)
    nodes = [start_python(folder, ["node.py", "scheduler", "-", "address"])]
    try:
        _wait(lambda: (folder / "address").exists() and (folder / "address").read_text())
        address = (folder / "address").read_text()
        for number, file in enumerate(workers):
            nodes.append(_worker(folder, address, str(number), file))
        yield address, nodes
    finally:
        for node in nodes[::-1]:
            for pid in (*node.workers(), node.process.pid):
                kill(pid)
            node.process.wait()


def _worker(folder: Path, address: str, name: str, file: str = "own.py") -> Command:
    """Start a worker that sees `file` in the place of ``own.py``."""
    words = ["node.py", "worker", address, name]
    if file == "own.py":
        return start_python(folder, words)
    script = f"mount --bind {file} own.py && exec {sys.executable} {' '.join(words)}"
    call = f"import os; os.execvp('unshare', ['unshare', '-m', 'sh', '-c', {script!r}])"
    return start_python(folder, ["-c", call])


def _wait(condition: Callable[[], object]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


def _files(folder: Path, repetitions: int = CELLS // 2, more: str = "", solvers: str = "") -> Table:
    """Write a sweep; return its table when it is run here."""
    (folder / "own.py").write_text(OWN.format(returned=RANDOM))
    (folder / "other.py").write_text(OWN.format(returned="[0] * problem.tasks"))
    text = SWEEP.format(repetitions=repetitions, more="")
    (folder / "sweep.toml").write_text(text)
    with working_in(folder):
        done = run_command(["sweep", "sweep.toml", "--out", "here"], seconds=100)
    assert done.code == 0, done
    (folder / "sweep.toml").write_text(SWEEP.format(repetitions=repetitions, more=more) + solvers)
    return read_table("sweep", folder / "here")


def _sweep(folder: Path, address: str, out: str = "far") -> Command:
    """Start the sweep on a cluster."""
    return start(folder, ["sweep", "sweep.toml", "--out", out, "--cluster", address])


def _rows(out: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in out.glob("journal/*.jsonl"))


def _end(command: Command, codes: tuple[int, ...]) -> str:
    """Wait for a command; say what is wrong with its end."""
    code = command.wait(_SECONDS)
    if code not in codes:
        return f"exit code {code}: {command.err[-400:]}"
    if code == 2 and len(lines := _said(command)) != 1:
        return f"{len(lines)} lines: {' | '.join(lines)[-400:]}"
    return one_line(command.err) or command.remains()


def _said(command: Command) -> list[str]:
    """Return what a command has said besides its progress."""
    return [line for line in command.err.splitlines() if not line.startswith("cells: ")]


def _resumed(folder: Path, here: Table) -> str:
    """Finish the sweep without a cluster; say what differs from one that never had one."""
    with working_in(folder):
        words = ["sweep", "sweep.toml", "--out", "far", "--retry-failed"]
        done = run_command(words, seconds=100)
    if done.code != 0:
        return f"resumed: exit code {done.code} {done.err[-300:]} {done.trace[-300:]}"
    after = read_table("sweep", folder / "far")
    if missing := here.keys() - after.keys():
        return f"{len(missing)} rows are missing"
    return "; ".join(changes("sweep", here, after)[:1])


def plain(folder: Path) -> str:
    """A cluster gives the table of one process."""
    here = _files(folder)
    with _cluster(folder, "own.py", "own.py") as (address, _):
        return _end(_sweep(folder, address), (0,)) or _resumed(folder, here)


def other_file(folder: Path) -> str:
    """A worker that has another file at the same path is refused, or its rows are."""
    here = _files(folder)
    with _cluster(folder, "other.py") as (address, _):
        wrong = _end(_sweep(folder, address), (1, 2))
    return wrong or _none_of_others(folder, here) or _resumed(folder, here)


def late_worker(folder: Path) -> str:
    """A worker of other code that joins later makes no rows."""
    here = _files(folder)
    with _cluster(folder, "own.py") as (address, nodes):
        command = _sweep(folder, address)
        _wait(lambda: _rows(folder / "far") > 2 or command.process.poll() is not None)
        nodes.append(_worker(folder, address, "late", "other.py"))
        wrong = _end(command, (0, 1, 2))
    return wrong or _none_of_others(folder, here) or _resumed(folder, here)


def edited_file(folder: Path) -> str:
    """A file that is edited while its sweep is running gives no rows under the old key."""
    here = _files(folder)
    with _cluster(folder, "own.py") as (address, _):
        command = _sweep(folder, address)
        _wait(lambda: _rows(folder / "far") > 2 or command.process.poll() is not None)
        shutil.copy(folder / "other.py", folder / "own.py")
        wrong = _end(command, (0, 1, 2))
    (folder / "own.py").write_text(OWN.format(returned=RANDOM))
    return wrong or _none_of_others(folder, here) or _resumed(folder, here)


def _none_of_others(folder: Path, here: Table) -> str:
    """Say whether a row has the key of a cell and is of other code."""
    if not (folder / "far" / "sweep.json").exists():
        return ""
    rows = {
        name: row
        for name, row in read_table("sweep", folder / "far").items()
        if row["status"] != "'failed'"
    }
    return "; ".join(changes("sweep", here, rows)[:1])


def dying_cell(folder: Path) -> str:
    """A cell that ends its worker fails alone."""
    return _harmful_cells(folder, "", "leaves")


def endless_cell(folder: Path) -> str:
    """A cell beyond its time limit fails alone."""
    return _harmful_cells(folder, "time_limit = 3.0", "hangs")


def _harmful_cells(folder: Path, more: str, name: str) -> str:
    """Run cells that do harm beside others."""
    here = _files(folder, 4, more, f'[solvers.{name}]\nsolver = "own.py:{name}"\n')
    with _cluster(folder, "own.py", "own.py") as (address, _):
        if wrong := _end(_sweep(folder, address), (1,)):
            return wrong
    after = read_table("sweep", folder / "far")
    if differing := changes("sweep", here, after):
        return differing[0]
    failed = {row["error"][-80:] for row in after.values() if row["status"] == "'failed'"}
    count = sum(row["status"] == "'failed'" for row in after.values())
    return "" if count == 4 and len(after) == 12 else f"{count} of {len(after)} failed: {failed}"


def dying_worker(folder: Path) -> str:
    """A worker that is killed costs its cell a second run."""
    here = _files(folder)
    with _cluster(folder, "own.py", "own.py") as (address, nodes):
        command = _sweep(folder, address)
        _wait(lambda: _rows(folder / "far") > 5 or command.process.poll() is not None)
        for pid in nodes[1].workers():
            kill(pid)
        return _end(command, (0,)) or _resumed(folder, here)


def dying_scheduler(folder: Path) -> str:
    """A scheduler that dies ends a sweep with one line, and its rows are kept."""
    here = _files(folder)
    with _cluster(folder, "own.py") as (address, nodes):
        command = _sweep(folder, address)
        _wait(lambda: _rows(folder / "far") > 5 or command.process.poll() is not None)
        kill(nodes[0].process.pid)
        wrong = _end(command, (2,))
    kept = read_table("sweep", folder / "far")
    if not wrong and len(kept) < 5:
        wrong = f"{len(kept)} rows kept"
    return wrong or _resumed(folder, here)


def dead_scheduler(folder: Path) -> str:
    """A cluster without a scheduler, or without workers, is one line."""
    here = _files(folder, 2)
    if wrong := _end(_sweep(folder, "tcp://127.0.0.1:1"), (2,)):
        return wrong
    with _cluster(folder) as (address, _):
        return _end(_sweep(folder, address), (2,)) or _resumed(folder, here)


SCENES = (
    plain,
    other_file,
    late_worker,
    edited_file,
    dying_cell,
    endless_cell,
    dying_worker,
    dying_scheduler,
    dead_scheduler,
)


def attempt(this: Try) -> str:
    """Play a scene and say what is wrong."""
    scene = SCENES[this.number]
    if scene in (other_file, late_worker) and _may_not_mount():
        return ""
    try:
        found = scene(this.folder)
    except TimeoutError:
        found = "nothing happens"
    return f"[{scene.__name__}] {found}" if found else ""


def _may_not_mount() -> bool:
    """Whether a process cannot have a file system of its own."""
    return subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0


def _missing() -> str:
    return "" if importlib.util.find_spec("distributed") else "distributed is not installed"


PART = Part("dask", len(SCENES), attempt, patience=600.0, missing=_missing)
