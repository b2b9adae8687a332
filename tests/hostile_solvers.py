"""Solvers that do harm, each in its own way: a file for sweeps, and what has to become of each.

`EXPECTED` names every function here with what the reason of its failed row has to contain: ""
for one that has to finish, None where both are right. All have to be without effect on the cells
of others, above all on those of `probe`, and leave no process behind: each that they start carries
`MARK` in its environment. Warm-ups have two tasks; most solvers wait for more.
"""

import ctypes
import gc
import locale
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

MARK = "EDGEOPT_HOSTILE"

TIME_LIMIT = 6.0
"""In s, which only the solvers that never end reach."""

EXPECTED: list[tuple[str, str | None]] = []

Body = Callable[[Any, np.random.Generator], Any]


def hostile(reason: str | None) -> Callable[[Body], Body]:
    """Register a solver that does its harm and then, if it still can, assigns at random."""

    def register(body: Body) -> Body:
        def solver(problem: Any, rng: np.random.Generator) -> Any:
            found = body(problem, rng) if problem.tasks > 2 else None
            return rng.integers(0, problem.nodes, problem.tasks) if found is None else found

        EXPECTED.append((body.__name__, reason))
        solver.__name__ = solver.__qualname__ = body.__name__
        return solver

    return register


def sweep_text(problem: str = "braun:u_c_hihi:8x3", repetitions: int = 1) -> str:
    """Return a sweep file with all solvers, for a folder that has a copy of this file."""
    head = f'problems = ["{problem}"]\nrepetitions = {repetitions}\ntime_limit = {TIME_LIMIT}\n'
    tables = [
        f'[solvers.{name}]\nsolver = "{Path(__file__).name}:{name}"\n' for name, _ in EXPECTED
    ]
    return f"{head}budget = {{evaluations = 20}}\n[solvers.mct]\n{''.join(tables)}"


# What is raised.


class _Own(BaseException):
    """Not an Exception."""


class _MuteError(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise ValueError("no text")


@hostile("KeyboardInterrupt")
def interrupts(problem, rng):
    raise KeyboardInterrupt


@hostile("SystemExit: 0")
def exits(problem, rng):
    sys.exit(0)


@hostile("GeneratorExit")
def generator_exit(problem, rng):
    raise GeneratorExit


@hostile("_Own")
def base_exception(problem, rng):
    raise _Own


@hostile("_MuteError")
def mute(problem, rng):
    raise _MuteError


@hostile("ValueError")
def surrogates(problem, rng):
    raise ValueError("\ud800 \0 \x1b[31m")


@hostile("ValueError")
def endless_message(problem, rng):
    raise ValueError("x" * 3_000_000)


@hostile("MemoryError")
def memory_error(problem, rng):
    raise MemoryError


@hostile("Unable to allocate")
def huge_array(problem, rng):
    np.ones(1 << 50)


@hostile("RecursionError")
def recursion(problem, rng):
    return recursion(problem, rng)


# How a process ends.


@hostile("exit code 0")
def leaves(problem, rng):
    os._exit(0)


@hostile("exit code 7")
def leaves_with_code(problem, rng):
    os._exit(7)


@hostile("exit code -11")
def segfault(problem, rng):
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)


@hostile("exit code -")
def null_pointer(problem, rng):
    ctypes.string_at(0)


@hostile("exit code -6")
def aborts(problem, rng):
    os.abort()


@hostile("exit code -9")
def kills_itself(problem, rng):
    os.kill(os.getpid(), signal.SIGKILL)


@hostile("exit code -9")
def kills_its_group(problem, rng):
    os.killpg(0, signal.SIGKILL)


@hostile("died 2 times")
def kills_its_parent(problem, rng):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(300)


@hostile("time limit of")
def never_ends(problem, rng):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        time.sleep(1)


@hostile("time limit of")
def waits_in_c(problem, rng):
    ctypes.PyDLL(None).sleep(300)  # with Python's lock: no other thread runs


@hostile(None)
def rings_later(problem, rng):
    signal.setitimer(signal.ITIMER_REAL, 1e-4)
    signal.alarm(1)


_LOADED_IN = os.getpid()


@hostile("")
def dies_in_forks(problem, rng):
    if os.getpid() != _LOADED_IN:  # as some libraries that have started threads
        os.abort()


# Processes and threads that stay.


@hostile("")
def forks(problem, rng):
    if os.fork() == 0:
        time.sleep(300)
        os._exit(0)


@hostile("exit code 5")
def forks_and_leaves(problem, rng):
    if os.fork() == 0:
        time.sleep(300)
        os._exit(0)
    os._exit(5)


@hostile("")
def daemon(problem, rng):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(300)
        os._exit(0)


@hostile("")
def foreign_session(problem, rng):
    subprocess.Popen(["sleep", "300"], start_new_session=True)


@hostile(None)
def child_returns(problem, rng):
    os.fork()  # two processes return


@hostile("")
def thread_stays(problem, rng):
    threading.Thread(target=time.sleep, args=(300,)).start()


@hostile("")
def thread_raises(problem, rng):
    threading.excepthook = lambda _: None
    threading.Thread(target=sys.exit, args=(3,)).start()


def own_abs(number: int) -> int:
    """Return the absolute value: what processes of a pool have to find in this file."""
    return abs(number)


@hostile("")
def pool(problem, rng):
    with get_context("fork").Pool(2) as workers:
        assert workers.map(own_abs, [-1, 2]) == [1, 2]


@hostile("")
def spawned_pool(problem, rng):
    executor = ProcessPoolExecutor(1, get_context("spawn"))
    assert list(executor.map(own_abs, [-1, 2])) == [1, 2]  # never shut down


@hostile("")
def joblib_pool(problem, rng):
    try:
        import joblib
    except ImportError:
        return
    assert joblib.Parallel(2)(joblib.delayed(own_abs)(each) for each in (-1, 2)) == [1, 2]


# Files and standard streams.


@hostile(None)
def closes_streams(problem, rng):
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.close()
    for descriptor in range(3):
        with suppress(OSError):
            os.close(descriptor)


@hostile("exit code 1")
def closes_everything(problem, rng):
    os.closerange(3, 4096)


@hostile(None)
def no_streams(problem, rng):
    sys.stdin = sys.stdout = sys.stderr = None


@hostile("EOFError")
def asks(problem, rng):
    input("node? ")


@hostile("")
def writes_a_lot(problem, rng):
    os.write(1, b"x" * 300_000 + b"\n")
    print("noise")


@hostile("")
def writes_everywhere(problem, rng):
    for descriptor in range(3, 64):
        with suppress(OSError):
            os.write(descriptor, b"{}\nnull\n[1]\n\xff\n")


@hostile("")
def changes_folder(problem, rng):
    os.chdir("/")


# Settings of the process.


@hostile("")
def settings(problem, rng):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    locale.setlocale(locale.LC_ALL, "C")
    warnings.simplefilter("error")
    np.seterr(all="ignore")
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    gc.disable()
    os.umask(0o777)
    sys.path.clear()


@hostile(None)
def limits(problem, rng):
    sys.setrecursionlimit(60)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@hostile(None)
def empties_environment(problem, rng):
    os.environ.clear()


@hostile(None)
def patches(problem, rng):
    import builtins
    import json

    np.bincount = np.sum = json.dumps = None
    builtins.open = time.perf_counter = builtins.len = None


@hostile(None)
def forgets_modules(problem, rng):
    for name in list(sys.modules):
        if name.startswith(("edgeopt", "numpy")):
            del sys.modules[name]


# The problem.


@hostile("has changed the problem")
def writes_times(problem, rng):
    problem.matrix.flags.writeable = True
    problem.matrix[:] = 1.0


@hostile("has changed the problem")
def other_times(problem, rng):
    object.__setattr__(problem, "et", problem.et / 2)


@hostile("has changed the problem")
def lends_memory(problem, rng):
    object.__setattr__(problem, "ready", np.zeros(problem.nodes))


@hostile("has changed the problem")
def writes_below(problem, rng):
    array = problem.et
    address = array.__array_interface__["data"][0]
    ctypes.memset(address, 0, array.nbytes // 2)


# What is returned.


@hostile("must be")
def nothing_useful(problem, rng):
    return "nodes"


@hostile("must be")
def real_numbers(problem, rng):
    return np.zeros(problem.tasks)


@hostile("must be")
def too_large(problem, rng):
    return [2**70] * problem.tasks


@hostile("must be")
def objects(problem, rng):
    return np.array([None] * problem.tasks)


@hostile("must be")
def endless(problem, rng):
    return iter(int, 1)


# Between the others: a cell is what it would be alone.


@hostile("")
def probe(problem, rng):
    assert np.geterr() == {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert gc.isenabled()
    assert sys.path
    assert sys.getrecursionlimit() >= 1000
    assert os.environ["PATH"]
    assert threading.active_count() == 1
    assert problem.matrix.min() > 0
    assert not problem.matrix.flags.writeable
    assert np.bincount([1]).tolist() == [0, 1]
    return [random.randrange(problem.nodes) for _ in range(problem.tasks)]


class Claims:
    """A state that says what cannot be true."""

    makespan, lower_bound, done = 1.0, 0.0, True
    evaluations = 1

    def __init__(self, problem: Any, **claims: Any) -> None:
        self.assignment = np.zeros(problem.tasks, dtype=np.int64)
        self.makespan = problem.makespan(self.assignment)
        vars(self).update(claims)


def _claims(name: str, reason: str | None, **claims: Any) -> None:
    """Register a solver with `init` and `step` whose state makes these claims."""

    class Solver:
        def init(self, problem: Any, rng: np.random.Generator) -> Claims:
            return Claims(problem, **(claims if problem.tasks > 2 else {}))

        def step(self, problem: Any, state: Claims) -> Claims:
            return state

    EXPECTED.append((name, reason))
    globals()[name] = Solver()


_claims("claims_less", "claims a makespan", makespan=1e-3)
_claims("claims_nan", "claims a makespan", makespan=float("nan"))
_claims("claims_bound", "below the bound", lower_bound=1e300)
_claims("claims_many", None, evaluations=10**30)
_claims("claims_text", "ValueError", evaluations="many")
