"""One instance's best schedule of ours, as a small text file."""

from __future__ import annotations

import base64
import json
import math
import zlib
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from optim.check import check_schedule
from optim.solver import IntArray
from problems.errors import InputError
from problems.scheduling import SchedulingProblem


@dataclass(frozen=True, eq=False)
class Record:
    """A schedule and how it was found.

    Attributes
    ----------
    instance : str
        Name of the problem, for people.
    digest : str
        Hash of its content (`SchedulingProblem.digest`), by which it is known.
    makespan, lower_bound : float
        In s.
    solver : str
        Label in the sweep.
    seed, repetition : int
        Root of the sweep's randomness, and which run it was.
    seconds : float
        Time of the run in the solver in s.
    version, code : str
        Of edgeopt, and hash of its sources.
    assignment : ndarray, shape (k,)
        Node of each task.
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

    def check(self, problem: SchedulingProblem) -> None:
        """Have the independent checker look at the schedule.

        Raises
        ------
        InputError
            If the assignment is not k node indices.
        CheckError
            If it does not fit or its makespan is another one.
        """
        check_schedule(problem, self.assignment, self.makespan, self.lower_bound)

    @property
    def finder(self) -> str:
        """Solver, seed, time and version in one line."""
        run = f"seed {self.seed}, run {self.repetition}"
        return f"{self.solver}, {run}, {self.seconds:.3g} s, {self.version} ({self.code})"


def pack_record(record: Record) -> bytes:
    """Return a record as JSON, with the assignment as base64 of deflated unsigned integers."""
    nodes = record.assignment.astype(np.min_scalar_type(int(record.assignment.max())))
    little = nodes.astype(nodes.dtype.newbyteorder("<"))
    text = base64.b64encode(zlib.compress(little.tobytes(), 9)).decode()
    values = asdict(record) | {"assignment": text, "bytes": nodes.itemsize}
    return (json.dumps(values, indent=1) + "\n").encode()


def unpack_record(data: bytes, source: str) -> Record:
    """Return the record that `pack_record` made bytes of.

    Parameters
    ----------
    data : bytes
        JSON.
    source : str
        Name in the message, should it be broken.

    Raises
    ------
    InputError
        If it is not what `pack_record` writes.
    """
    try:
        values = json.loads(data)
        raw = zlib.decompress(base64.b64decode(values["assignment"], validate=True))
        nodes = np.frombuffer(raw, dtype=f"<u{values.pop('bytes')}").astype(np.int64)
        record = Record(**values | {"assignment": nodes})
        _check_types(values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error) as error:
        raise InputError(source, repr(error), "a record of edgeopt best-known") from None
    return record


def _check_types(values: dict[str, Any]) -> None:
    """Raise `TypeError` for the first value that is not of its field's type, or not finite."""
    types = {"str": str, "int": int, "float": float, "IntArray": str}
    for field in fields(Record):
        value, kind = values[field.name], types[str(field.type)]
        if not isinstance(value, kind) or (isinstance(value, float) and not math.isfinite(value)):
            raise TypeError(f"{field.name} is {value!r}")
