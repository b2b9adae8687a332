"""NumPy files: `.npy` holds the matrix, `.npz` the whole problem."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from problems.atomic import write_atomically
from problems.errors import InputError
from problems.scheduling.problem import SchedulingProblem
from problems.scheduling.times import WorkSpeed

KEYS = ("et", "work", "speed", "task_memory", "node_capacity", "name", "ready")


def read_npy(path: Path) -> SchedulingProblem:
    """Read a matrix of execution times in s, shape (k, x)."""
    try:
        with path.open("rb") as file:
            matrix = np.load(file, allow_pickle=False)
    except Exception as error:  # numpy names no class for broken files
        raise InputError(str(path), str(error), "a NumPy file without Python objects") from None
    return SchedulingProblem(matrix, name=path.stem)


def read_npz(path: Path) -> SchedulingProblem:
    """Read a problem as `write_npz` writes it: ``et``, or ``work`` and ``speed``, and memory."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            data = {key: archive[key] for key in archive.files}
    except Exception as error:  # nor do zipfile and zlib
        raise InputError(str(path), str(error), "a NumPy archive without Python objects") from None
    unknown = sorted(set(data) - set(KEYS))
    if unknown or ("et" in data) == ("work" in data) or ("work" in data) != ("speed" in data):
        rule = "et, or work and speed; optionally task_memory, node_capacity, ready, name"
        raise InputError(f"{path} keys", sorted(data), rule)
    et = data["et"] if "et" in data else WorkSpeed(data["work"], data["speed"])
    return SchedulingProblem(
        et,
        data.get("task_memory"),
        data.get("node_capacity"),
        name=str(data.get("name", path.stem)),
        ready=data.get("ready"),
    )


def write_npz(path: str | Path, problem: SchedulingProblem) -> None:
    """Write the whole problem, compressed; `WorkSpeed` stays work and speed."""
    et = problem.et
    arrays = et._asdict() if isinstance(et, WorkSpeed) else {"et": et}
    if problem.task_memory is not None and problem.node_capacity is not None:
        arrays |= {"task_memory": problem.task_memory, "node_capacity": problem.node_capacity}
    if problem.ready is not None:
        arrays["ready"] = problem.ready
    buffer = io.BytesIO()
    np.savez_compressed(buffer, name=np.array(problem.name), **arrays)
    write_atomically(Path(path), buffer.getvalue())
