"""Solvers that harm whatever they can reach: each costs its own cells, and those alone.

Each try runs one of them between two solvers that mean well, with one job and with two.
"""

from pathlib import Path
from typing import NamedTuple

from attack.part import Part, Try
from attack.process import one_line, start
from attack.table import Table, changes, read_table

HEAD = """
import ctypes, multiprocessing, os, signal, sys, threading, time
import numpy as np

def own(problem, rng):
    if problem.tasks <= 2:  # the warm-up has two
        return [0] * problem.tasks
"""


class Hostile(NamedTuple):
    """What a solver does, and the status of its cells: failed, or finished where it is harmless."""

    body: str
    status: str = "failed"


SOLVERS = {
    "raises": Hostile("raise ValueError('boom')"),
    "exits": Hostile("sys.exit(3)"),
    "exits in silence": Hostile("raise SystemExit"),
    "ends its process": Hostile("os._exit(0)"),
    "interrupts itself": Hostile("raise KeyboardInterrupt"),
    "base exception": Hostile("raise type('Own', (BaseException,), {})('x')"),
    "generator exit": Hostile("raise GeneratorExit"),
    "reads a null pointer": Hostile("ctypes.string_at(0)"),
    "aborts": Hostile("os.abort()"),
    "kills itself": Hostile("os.kill(os.getpid(), signal.SIGKILL)"),
    "terminates itself": Hostile("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"),
    "stops itself": Hostile("os.kill(os.getpid(), signal.SIGSTOP)"),
    "kills its group": Hostile("os.killpg(0, signal.SIGKILL)"),
    "message that raises": Hostile(
        "class Odd(Exception):\n        def __str__(self): raise RuntimeError('no')\n"
        "        __repr__ = __str__\n    raise Odd"
    ),
    "message of half characters": Hostile("raise ValueError('\\ud800 \\x1b[2J \\u202e')"),
    "message without an end": Hostile("raise ValueError('x' * 10**7)"),
    "cannot be pickled": Hostile(
        "class Odd(Exception):\n        def __init__(self, a, b): self.held = lambda: 0\n    raise Odd(1, 2)"
    ),
    "recursion": Hostile("return own(problem, rng)"),
    "chain of causes": Hostile(
        "error = None\n    for _ in range(3000):\n        new = ValueError('x'); new.__cause__ = error; error = new\n"
        "    raise error"
    ),
    "loop in Python": Hostile("while True: pass"),
    "loop in C": Hostile("ctypes.CDLL(None).pause(); sum(iter(int, 1))"),
    "ignores SIGTERM": Hostile("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    while True: pass"),
    "forks a child that sleeps": Hostile(
        "if os.fork() == 0:\n        time.sleep(600)\n    return [0] * problem.tasks", "finished"
    ),
    "forks, and the child goes on": Hostile("os.fork()\n    return [0] * problem.tasks", "any"),
    "leaves a session behind": Hostile(
        "if os.fork() == 0:\n        os.setsid(); time.sleep(600)\n    os._exit(1)"
    ),
    "thread without an end": Hostile(
        "threading.Thread(target=time.sleep, args=(600,)).start()\n    return [0] * problem.tasks",
        "finished",
    ),
    "changes directory": Hostile("os.chdir('/')\n    return [0] * problem.tasks", "finished"),
    "writes into the problem": Hostile(
        "for name in ('matrix', 'et', 'ready', 'task_memory', 'node_capacity'):\n"
        "        array = getattr(problem, name, None)\n"
        "        if isinstance(array, np.ndarray):\n"
        "            array[...] = 1\n    return [0] * problem.tasks"
    ),
    "forces the problem to be written": Hostile(
        "array = problem.matrix\n    array.flags.writeable = True\n    array[...] = 1\n"
        "    return [0] * problem.tasks"
    ),
    "pokes into the problem": Hostile(
        "array = problem.matrix\n    ctypes.memset(array.ctypes.data, 0, array.nbytes)\n"
        "    return [0] * problem.tasks"
    ),
    "closes all files": Hostile("os.closerange(0, 256)\n    return [0] * problem.tasks"),
    "closes standard files": Hostile("os.closerange(0, 3)\n    return [0] * problem.tasks", "any"),
    "process pool": Hostile(
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        return pool.map(int, [0] * problem.tasks)",
        "finished",
    ),
    "prints": Hostile("print('x' * 10**7); sys.stderr.write('y' * 10**6)\n    return [0] * problem.tasks", "finished"),
    "writes to descriptors": Hostile("os.write(1, b'x' * 10**6)\n    return [0] * problem.tasks", "finished"),
    "too short": Hostile("return [0]"),
    "too deep": Hostile("return [[0] * problem.tasks]"),
    "nan": Hostile("return [float('nan')] * problem.tasks"),
    "huge": Hostile("return [10**40] * problem.tasks"),
    "no such node": Hostile("return [problem.nodes] * problem.tasks"),
    "text": Hostile("return 'x' * problem.tasks"),
    "nothing": Hostile("return None"),
    "itself": Hostile("return own"),
    "a generator without an end": Hostile("return iter(int, 1)"),
    "no memory": Hostile("import resource; resource.setrlimit(resource.RLIMIT_AS, (1, 1)); return [0] * 10**9"),
    "warnings as errors": Hostile("import warnings; warnings.simplefilter('error'); np.seterr(all='raise')\n    return [0] * problem.tasks", "finished"),
    "replaces json": Hostile("import json; json.dumps = None\n    return [0] * problem.tasks", "any"),
    "alarm": Hostile("signal.setitimer(signal.ITIMER_REAL, 0.05)\n    return [0] * problem.tasks", "any"),
}  # fmt: skip
SWEEP = """
problems = ["braun:u_c_hihi:8x3"]
repetitions = 2
time_limit = 4.0
budget = {{ evaluations = 30 }}
[solvers.mct]
[solvers.own]
solver = "own.py:own"
[solvers.atsa]
ants = 2
"""


def attempt(this: Try) -> str:
    """Run one solver, and say what it has harmed."""
    name = list(SOLVERS)[this.number]
    tables = []
    for jobs in ("1", "2"):
        wrong, table = _run(this.folder, SOLVERS[name], jobs)
        if wrong:
            return f"[{name}] --jobs {jobs}: {wrong}"
        tables.append(table)
    if differing := changes("sweep", *_with_errors_of_one(*tables)):
        return f"[{name}] jobs 1 and 2 differ: {differing[0]}"
    return ""


def _run(folder: Path, hostile: Hostile, jobs: str) -> tuple[str, Table]:
    """Run a sweep with one job or more; return what is wrong, and the table."""
    (folder / "own.py").write_text(f"{HEAD}    {hostile.body}\n")
    (folder / "sweep.toml").write_text(SWEEP.replace("{{", "{").replace("}}", "}"))
    command = start(folder, ["sweep", "sweep.toml", "--out", f"out-{jobs}", "--jobs", jobs])
    code = command.wait()
    if found := command.remains():
        return found, {}
    if code not in (0, 1):
        return f"exit code {code}: {command.err[-300:]}", {}
    table = read_table("sweep", folder / f"out-{jobs}")
    return one_line(command.err) or _judged(table, hostile.status), table


def _judged(table: Table, status: str) -> str:
    """Say what is wrong with a table."""
    if len(table) != 6:
        return f"{len(table)} rows, not 6"
    for name, row in table.items():
        failed = row["status"] == "'failed'"
        if " own " not in name and failed:
            return f"harmed {name}: {row['error'][-300:]}"
        if " own " in name and status != "any" and failed != (status == "failed"):
            return f"{name} is {row['status']}: {row['error'][-300:]}"
        if failed and len(row["error"]) < 5:
            return f"{name} has no reason"
        if not failed and row["makespan"] != _expected(name, row):
            return f"{name} has another makespan: {row['makespan']}"
    return ""


def _expected(name: str, row: dict[str, str]) -> str:
    """Return the makespan that a row's assignment has on the problem as it is."""
    from edgeopt.experiments.sweep.cell import problem_of

    matrix = problem_of("braun:u_c_hihi:8x3").matrix
    loads = [0.0] * matrix.shape[1]
    for task, node in enumerate(eval(row["assignment"])):  # a list of numbers
        loads[node] += matrix[task, node]
    found = float(row["makespan"])
    return row["makespan"] if abs(found - max(loads)) <= 1e-9 * found else repr(max(loads))


def _with_errors_of_one(first: Table, second: Table) -> tuple[Table, Table]:
    """Return two tables without the numbers of processes and addresses in their errors."""
    return first, {
        name: {**row, "error": first[name]["error"] if row["error"] != "None" else row["error"]}
        for name, row in second.items()
    }


PART = Part("hostile", len(SOLVERS), attempt, patience=600.0)
