"""The one decorator for compiled kernels, and access to execution times from within them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import types
from numba.extending import overload

from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import UniformTimes

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


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
    """Compile with the cache in a folder of its own for each state of the sources.

    numba looks only at the file of the kernel itself: a kernel that calls one of another file
    would go on with the old code of the latter.
    """
    default = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = default or _cache_folder()
    try:
        decorate = numba.njit(nogil=True, cache=True, error_model="numpy", **options)
        return cast(Kernel, decorate(kernel))
    finally:
        numba.config.CACHE_DIR = default


@cache
def _cache_folder() -> str:
    """Return a folder named by the sources' sizes and times; "", numba's choice, if read-only."""
    package = Path(__file__).parent
    files = sorted(package.rglob("*.py"))
    stamps = [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    folder = package / "__pycache__" / hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return ""
    return str(folder)


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
