"""The one decorator for compiled kernels, and access to execution times from within them."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import logging
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

import numba
from numba import types
from numba.core import event
from numba.core.compiler_lock import global_compiler_lock
from numba.extending import overload

from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import UniformTimes

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

NOTICE = "edgeopt: compiling kernels, once for this version of the code; later runs are faster"

_PATIENCE_SECONDS = 60.0  # the process that compiles may have been suspended

_IMPORT = re.compile(r"^\s*(?:from|import)\s+([\w.]+)(?:\s+import)?", re.MULTILINE)


def jit(kernel: Kernel) -> Kernel:
    """Compile `kernel` without the GIL, cached on disk, with IEEE arithmetic and no surprises.

    Kernels are plain functions on arrays and numbers, with randomness as an argument. They run as
    Python under ``NUMBA_DISABLE_JIT=1``.
    """
    return _compile(kernel, {})


def jit_lean(kernel: Kernel) -> Kernel:
    """Compile `kernel` as `jit` does, without reference counting, to be copied into its callers.

    For kernels that allocate nothing and are called once a step. Counting references to the
    arrays would take longer than an ant's choice among ten nodes: 60 of 100 ns.
    """
    return _compile(kernel, {"_nrt": False, "forceinline": True})


def _compile(kernel: Kernel, options: dict[str, bool]) -> Kernel:
    """Compile with the cache in a folder of its own for each state of the kernels' sources.

    numba looks only at the file of the kernel itself: a kernel that calls one of another file
    would go on with the old code of the latter.
    """
    default = numba.config.CACHE_DIR
    folder = default or _cache_folder()
    numba.config.CACHE_DIR = folder or default
    options = {"nogil": True, "cache": bool(folder), "no_cfunc_wrapper": True, **options}
    try:
        compiled = numba.njit(error_model="numpy", **options)(kernel)
    finally:
        numba.config.CACHE_DIR = default
    if folder and compiled is not kernel:
        name = f"{kernel.__module__}.{kernel.__qualname__}.lock"
        compiled.compile = _one_process_at_a_time(compiled.compile, Path(folder, name))
    return cast(Kernel, compiled)


def _one_process_at_a_time(compile_now: Callable[[Any], Any], path: Path) -> Callable[[Any], Any]:
    """Return a kernel's compiler that waits while another process compiles the same kernel.

    Else processes that start together compile all kernels each. And the one that saves last
    undoes the other's entry in numba's index, or pairs it with machine code for other types.
    """
    held = False

    def compile_alone(signature: Any) -> Any:
        nonlocal held
        with global_compiler_lock:
            if held:  # the kernel calls itself with other types
                return compile_now(signature)
            with _lock(path):
                held = True
                try:
                    return compile_now(signature)
                finally:
                    held = False

    return compile_alone


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock on a file; do without if it is not to be had."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError, OSError):  # Windows has no fcntl
            import fcntl

            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(path.open("ab"))
            end = time.monotonic() + _PATIENCE_SECONDS
            while time.monotonic() < end:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.01)
        yield


@cache
def _cache_folder() -> str:
    """Return a writable folder named by the content of the kernels' sources.

    In the package, else, where that is read-only, in the user's folder for caches, else a
    temporary one, which is lost at the end. Empty if no folder at all can be written.
    """
    package = Path(__file__).parent
    content = hashlib.sha256()
    for path, source in _kernel_sources(package):
        content.update(f"{path.relative_to(package)} {len(source)}\n".encode() + source)
    name = content.hexdigest()[:16]
    own = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "edgeopt" / name
    for path in (package / "__pycache__" / name, own):
        # a RuntimeError where the user has no home
        with contextlib.suppress(OSError, RuntimeError):
            folder = path.expanduser()
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                announce_compilation(folder, sys.stderr)
                return str(folder)
    return _temporary_folder()


def _kernel_sources(package: Path) -> list[tuple[Path, bytes]]:
    """Return the files with kernels, and those that they import at any remove, with content.

    A module has kernels if it imports this one. All others, learners for instance, may change
    without a kernel being compiled anew. Lines that begin with ``from`` or ``import`` and name a
    module of the package are imports: taking one too many does no harm.
    """
    sources = {path: path.read_bytes() for path in sorted(package.rglob("*.py"))}
    root = __name__.rpartition(".")[0]
    names = {}
    for path in sources:
        parts = [root, *path.relative_to(package).with_suffix("").parts]
        names[".".join(parts).removesuffix(".__init__")] = path
    imports = {path: _imported(source, names) for path, source in sources.items()}
    here = package / Path(__file__).name
    todo, found = [path for path in sources if here in imports[path]], {here}
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += imports[path]
    return [(path, sources[path]) for path in sorted(found)]


def _imported(source: bytes, names: dict[str, Path]) -> list[Path]:
    """Return the files of the modules of `names` that a source imports."""
    lines = _IMPORT.findall(source.decode())
    return [names[module] for module in sorted(set(lines) & names.keys())]


def _temporary_folder() -> str:
    """Return a folder for this process and those that it starts, and say that it is not kept."""
    message = "no folder for compiled kernels is writable: they are compiled anew each time (%s)"
    logging.getLogger(__name__).warning(message, "set NUMBA_CACHE_DIR")
    try:
        folder = tempfile.mkdtemp(prefix="edgeopt-kernels-")
    except OSError:
        return ""
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = folder  # workers use it too, and do not warn again
    return folder


def announce_compilation(folder: Path, stream: TextIO) -> None:
    """Have the first compilation say so on a terminal, as it makes the first run slow.

    Parameters
    ----------
    folder : Path
        Cache of the kernels; nothing is said where it holds any.
    stream : file
        Where to say it, once for all processes, if it is a terminal.
    """
    if stream.isatty() and not any(folder.rglob("*.nbi")):
        event.register("numba:compile", _Notice(folder, stream))


class _Notice(event.Listener):  # type: ignore[misc]
    """One line when numba begins to compile what it has not found in the cache."""

    def __init__(self, folder: Path, stream: TextIO) -> None:
        self.mark, self.stream, self.silent = folder / "announced", stream, False

    def on_start(self, _: Any) -> None:
        """Speak the first time, unless another process has."""
        if self.silent:
            return
        self.silent = True
        with contextlib.suppress(OSError):
            self.mark.touch(exist_ok=False)
            print(NOTICE, file=self.stream, flush=True)

    def on_end(self, _: Any) -> None:
        """Say nothing."""


def time_of(et: FloatArray | UniformTimes, task: int, node: int) -> float:
    """Return the execution time of `task` on `node` in s, from either form of the times (1)."""
    if isinstance(et, UniformTimes):
        return float(et.work[task] / et.speed[node])  # (1)
    return float(et[task, node])


@overload(time_of, inline="always", strict=False)  # type: ignore[untyped-decorator]
def _compiled_time_of(et: types.Type, task: types.Type, node: types.Type) -> Callable[..., Any]:
    """Choose the form at compile time."""
    if isinstance(et, types.BaseNamedTuple):
        return lambda et, task, node: et.work[task] / et.speed[node]  # (1)
    return lambda et, task, node: et[task, node]
