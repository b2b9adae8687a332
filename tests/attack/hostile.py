"""Solvers that harm whatever they can reach: each costs its own cells, and those alone.

Each try runs a few of them, drawn from `hostile_solvers` and from those below, between solvers
that mean well, with one job and with two.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import hostile_solvers
import numpy as np

from attack.part import Part, Try
from attack.process import one_line, start
from attack.table import Table, changes, read_table

MORE = """
import ctypes, os, signal, sys, time

def chain_of_causes(problem, rng):
    error = None
    for _ in range(3000):
        new = ValueError("link")
        new.__cause__, error = error, new
    raise error

class Held(Exception):
    def __init__(self, first, second):
        self.held = lambda: first

def cannot_be_pickled(problem, rng):
    raise Held(1, 2)

class Odd(BaseException):
    def __str__(self):
        raise SystemExit(0)
    __repr__ = __str__

def message_that_exits(problem, rng):
    raise Odd

def group_of_errors(problem, rng):
    raise BaseExceptionGroup("many", [KeyboardInterrupt(), ValueError("two")])

def stops(problem, rng):
    if problem.tasks > 2:
        os.kill(os.getpid(), signal.SIGSTOP)
    return [0] * problem.tasks

def wakes_its_parent(problem, rng):
    if problem.tasks > 2:
        os.kill(os.getppid(), signal.SIGCONT)
    return [0] * problem.tasks

def no_memory(problem, rng):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1, 1))
    return [0] * 10**7

def asks_for_its_frames(problem, rng):
    frame = sys._getframe()
    while frame is not None:
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, list | set | dict):
                value.clear()
        frame = frame.f_back
    return [0] * problem.tasks

class Lies(list):
    def __len__(self):
        return 10**12
    def __iter__(self):
        raise KeyboardInterrupt

def list_that_lies(problem, rng):
    return Lies([0] * problem.tasks)

class Array:
    def __array__(self, dtype=None, copy=None):
        os._exit(0)

def array_that_exits(problem, rng):
    return Array() if problem.tasks > 2 else [0] * problem.tasks
"""
EXTRA: dict[str, str | None] = {
    "chain_of_causes": "ValueError: link",
    "cannot_be_pickled": "Held",
    "message_that_exits": "Odd",
    "group_of_errors": "many",
    "stops": "time limit",
    "wakes_its_parent": "",
    "no_memory": None,
    "asks_for_its_frames": None,
    "list_that_lies": None,
    "array_that_exits": "exit code 0",
}
EXPECTED = {**dict(hostile_solvers.EXPECTED), **EXTRA}
GROUP = 8
TRIES = -(-len(EXPECTED) // GROUP)
FRIENDS = """
[solvers.mct]
[solvers.atsa]
ants = 2
[solvers.friend]
solver = "friend.py:friend"
"""
FRIEND = "def friend(problem, rng):\n    return rng.integers(0, problem.nodes, problem.tasks)\n"


def attempt(this: Try) -> str:
    """Run some solvers, and say what they have harmed."""
    order = _shuffled(this)
    names = order[this.number * GROUP : (this.number + 1) * GROUP]
    (this.folder / "more.py").write_text(MORE)
    (this.folder / "friend.py").write_text(FRIEND)
    shutil.copy(hostile_solvers.__file__, this.folder)
    (this.folder / "sweep.toml").write_text(_sweep(names))
    (this.folder / "friends.toml").write_text(_sweep([]))
    tables = []
    for file, jobs in (("friends", "1"), ("sweep", "1"), ("sweep", "2")):
        wrong, table = _run(this.folder, file, jobs)
        wrong = wrong or _judged(table, names if file == "sweep" else [])
        if wrong:
            return f"{names} --jobs {jobs}: {wrong}"
        tables.append(table)
    alone, first, second = tables
    differing = changes("sweep", alone, first) or changes(
        "sweep", first, _comparable(first, second)
    )
    return f"{names}: {differing[0]}" if differing else ""


def _shuffled(this: Try) -> list[str]:
    """Return the names of all solvers in an order that is the seed's."""
    names = [*EXPECTED]
    return [names[i] for i in np.random.default_rng(this.seed).permutation(len(names))]


def _sweep(names: Iterable[str]) -> str:
    """Return a sweep file."""
    text = hostile_solvers.sweep_text()
    head = text[: text.index("[solvers.")]
    tables = [
        f'[solvers.{name}]\nsolver = "{"more" if name in EXTRA else "hostile_solvers"}.py:{name}"\n'
        for name in names
    ]
    return f"{head}{FRIENDS}{''.join(tables)}"


def _run(folder: Path, file: str, jobs: str) -> tuple[str, Table]:
    """Run a sweep; return what is wrong, and the table."""
    out = f"{file}-{jobs}"
    command = start(folder, ["sweep", f"{file}.toml", "--out", out, "--jobs", jobs])
    code = command.wait()
    if found := command.remains():
        return found, {}
    if code not in (0, 1):
        return f"exit code {code}: {command.err[-300:]}", {}
    return one_line(command.err), read_table("sweep", folder / out)


def _judged(table: Table, names: Iterable[str]) -> str:
    """Say what is wrong with a table."""
    rows = {name.split()[1]: row for name, row in table.items()}
    expected = {**dict.fromkeys(("mct", "atsa", "friend"), ""), **{n: EXPECTED[n] for n in names}}
    if missing := expected.keys() - rows.keys():
        return f"no rows of {sorted(missing)}"
    for name, row in rows.items():
        failed, reason = row["status"] == "'failed'", expected[name]
        if reason == "" and failed:
            return f"harmed {name}: {row['error'][-300:]}"
        if reason and not (failed and reason in row["error"]):
            return f"{name} is {row['status']}, not failed with {reason!r}: {row['error'][-300:]}"
        if failed and len(row["error"]) < 4:
            return f"{name} has no reason"
        if not failed and row["makespan"] != _expected(row):
            return f"{name} has a makespan of {row['makespan']}, not {_expected(row)}"
    return ""


def _expected(row: dict[str, str]) -> str:
    """Return the makespan of a row's assignment on the problem as it is."""
    from edgeopt.experiments.sweep.cell import problem_of

    problem = problem_of("braun:u_c_hihi:8x3")
    return repr(float(problem.makespan(json.loads(row["assignment"]))))


def _comparable(first: Table, second: Table) -> Table:
    """Return the rows of the second table whose status is not left to chance.

    Errors are those of the first: they name processes and addresses.
    """
    return {
        name: {**row, "error": first[name]["error"]}
        for name, row in second.items()
        if EXPECTED.get(name.split()[1], "") is not None
    }


PART = Part("hostile", TRIES, attempt, patience=900.0)
