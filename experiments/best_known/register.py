"""The register: a folder with a small text file for the best schedule of each instance."""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.optim.scheduling.checker import check_schedule
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.files import read_content, write_atomically
from edgeopt.problems.scheduling.problem import Problem

REGISTER = Path("results/frontier/best")

_DIGITS = 16  # of the digest in a file's name


def read_register(folder: Path) -> dict[str, KnownSchedule]:
    """Return the records of a folder by digest, none if there is no such folder.

    Raises
    ------
    InputError
        If a record is damaged.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt.experiments.best_known import read_register
    >>> read_register(Path("nowhere"))
    {}
    """
    records = [_read(path) for path in sorted(folder.glob("[!_]*.json"))]
    records.sort(key=lambda record: -record.makespan)  # of two on one problem the better wins
    return {record.digest: record for record in records}


def keep_better(folder: Path, records: Iterable[KnownSchedule]) -> list[KnownSchedule]:
    """Write the records that are better than those in the folder, and return them.

    Better is a smaller makespan or, of equal makespans, a larger bound.

    Files are replaced atomically; of two commands at the same time, one waits for the other.

    Raises
    ------
    InputError
        If a record of the folder is damaged, or the folder cannot be written.

    Examples
    --------
    See `read_register`, which reads what this keeps.
    """
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock").acquire()
    except OSError as error:
        raise InputError("--register", str(folder), f"a folder ({error})") from None
    with lock:
        # read with the lock held, as another command may just have found something better
        known = read_register(folder)
        better = [record for record in records if _is_better(record, known.get(record.digest))]
        for record in better:
            write_atomically(_path(folder, record), pack_record(record))
    return better


def _is_better(record: KnownSchedule, known: KnownSchedule | None) -> bool:
    """Whether a makespan is smaller than the known one, or equal with a larger bound."""
    if known is None or record.makespan < known.makespan:
        return True
    return record.makespan == known.makespan and record.lower_bound > known.lower_bound


def _read(path: Path) -> KnownSchedule:
    """Return the record in a file."""
    return unpack_record(read_content(path, rule="a record of edgeopt best-known"), str(path))


def _path(folder: Path, record: KnownSchedule) -> Path:
    """Return the file of a record's problem: the existing one, whatever its name, or a new one."""
    digest = record.digest[:_DIGITS]
    name = re.sub(r"[^\w.=]+", "-", record.instance)
    return next(folder.glob(f"*-{digest}.json"), folder / f"{name}-{digest}.json")


# One record, and its file.


@dataclass(frozen=True, eq=False)
class KnownSchedule:
    """A record: a schedule and how it was found.

    Attributes
    ----------
    instance : str
        Name of the problem, for readers.
    digest : str
        Hash of its content (`Problem.digest`), which identifies it.
    makespan, lower_bound : float
        In s.
    solver : str
        Label in the sweep.
    seed, repetition : int
        Root of the sweep's randomness, and number of the run.
    seconds : float
        Time that the run spent in the solver, in s.
    version, code : str
        Version of edgeopt, and hash of its sources.
    assignment : ndarray, shape (k,)
        Node of each task.

    Examples
    --------
    See `read_register`.
    """

    instance: str
    digest: str
    makespan: float
    lower_bound: float
    solver: str
    seed: int
    repetition: int
    seconds: float
    version: str
    code: str
    assignment: IntArray

    def check(self, problem: Problem) -> None:
        """Check the schedule with the independent checker.

        Raises
        ------
        InputError
            If the assignment does not consist of k node indices.
        CheckError
            If it does not fit, or its makespan is a different one.
        """
        check_schedule(problem, self.assignment, self.makespan, self.lower_bound)

    @property
    def finder(self) -> str:
        """Solver, seed, time and version in one line."""
        run = f"seed {self.seed}, run {self.repetition}"
        return f"{self.solver}, {run}, {self.seconds:.3g} s, {self.version} ({self.code})"


def pack_record(record: KnownSchedule) -> bytes:
    """Return a record as JSON, with the assignment as base64 of deflated unsigned integers."""
    # the smallest type, compressed: 2048 tasks need less than 3 kB
    nodes = record.assignment.astype(np.min_scalar_type(int(record.assignment.max())))
    little = nodes.astype(nodes.dtype.newbyteorder("<"))
    text = base64.b64encode(zlib.compress(little.tobytes(), 9)).decode()
    values = asdict(record) | {"assignment": text, "bytes": nodes.itemsize}
    return (json.dumps(values, indent=1) + "\n").encode()


def unpack_record(data: bytes, source: str) -> KnownSchedule:
    """Return the record that `pack_record` turned into bytes; its inverse.

    Parameters
    ----------
    data : bytes
        JSON.
    source : str
        Name for the message of an error.

    Raises
    ------
    InputError
        If this is not what `pack_record` writes.
    """
    try:
        values = json.loads(data)
        raw = zlib.decompress(base64.b64decode(values["assignment"], validate=True))
        nodes = np.frombuffer(raw, dtype=f"<u{values.pop('bytes')}").astype(np.int64)
        record = KnownSchedule(**values | {"assignment": nodes})
        _check_types(values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error) as error:
        raise InputError(source, repr(error), "a record of edgeopt best-known") from None
    return record


def _check_types(values: dict[str, Any]) -> None:
    """Raise `TypeError` for the first value that is not of its field's type, or not finite."""
    # a makespan that is a text or NaN would only fail later, where records are compared
    types = {"str": str, "int": int, "float": float, "IntArray": str}
    for field in fields(KnownSchedule):
        value, kind = values[field.name], types[str(field.type)]
        if not isinstance(value, kind) or (isinstance(value, float) and not math.isfinite(value)):
            raise TypeError(f"{field.name} is {value!r}")
