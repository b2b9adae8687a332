"""Logs of parallel machines in the standard workload format of the Parallel Workloads Archive."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.problems.errors import FloatArray, InputError, IntArray, check_array, check_integer
from edgeopt.problems.files import read_content
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

SWF_SUFFIXES = (".swf", ".swf.gz")
"""Ends of the names of logs, in small letters."""

_FIELDS = 18
_JOB, _SUBMIT, _RUN, _ALLOCATED, _REQUESTED, _STATUS = 0, 1, 3, 4, 7, 10  # fields, from 0

_LARGEST_JOB = 2.0**53

_PARTS = (2.0, 3.0, 4.0)  # statuses of lines on a part of a job that another line sums up

_NO_RUN, _NO_PROCESSORS, _PART = "without a run time", "without processors", "parts of other jobs"

_LOG = logging.getLogger("edgeopt")


@dataclass(frozen=True, eq=False)
class SwfLog:
    """The jobs of a log that ran, in the order of the file.

    Attributes
    ----------
    name : str
        Name of the file.
    number : ndarray, shape (k,)
        Job numbers.
    submit_s, run_s : ndarray, shape (k,)
        Time at which each job was submitted, and for how long it ran, in s.
    processors : ndarray, shape (k,)
        Processors that it had; those that it asked for if the log does not say.
    left_out : dict of int
        How many lines are left out, by the reason.

    Examples
    --------
    See `read_swf`.
    """

    name: str
    number: IntArray
    submit_s: FloatArray
    run_s: FloatArray
    processors: FloatArray
    left_out: dict[str, int]

    @property
    def work(self) -> FloatArray:
        """Run time times processors, shape (k,) in processor-seconds."""
        return self.run_s * self.processors

    def describe(self) -> str:
        """Return in words how many jobs there are and how many lines are left out."""
        left = [f"{count} {reason}" for reason, count in self.left_out.items()]
        return f"{len(self.number)} jobs; left out: {', '.join(left) or 'none'}"


def read_swf(path: str | Path) -> SwfLog:
    """Read a log in the standard workload format, version 2.2; it may be packed (`.gz`).

    Parameters
    ----------
    path : str or Path
        The file: 18 numbers a line, -1 for what is unknown, and comments after semicolons.

    Returns
    -------
    SwfLog
        The jobs with a run time above 0 and processors: also those that failed or were cancelled
        while they ran. Left out are jobs that never ran, and lines on parts of a job (status 2, 3
        and 4), which has a line of its own. Submit times are kept as they are; wait times,
        memory, users, queues and dependencies are not read.

    Raises
    ------
    InputError
        If a line does not consist of 18 numbers, or no job is left.

    References
    ----------
    Feitelson, Tsafrir, Krakov, "Experience with using the Parallel Workloads Archive", J. Parallel
    Distrib. Comput. 74, 2014; https://www.cs.huji.ac.il/labs/parallel/workload/swf.html.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt.problems.scheduling import load_swf, read_swf
    >>> rest = "-1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1"
    >>> lines = [f"1 0 5 60 4 {rest}", f"2 30 0 -1 4 {rest}", f"3 40 0 10 1 {rest}"]
    >>> _ = Path("site.swf").write_text(chr(10).join(["; Computer: none", *lines]))
    >>> log = read_swf("site.swf")
    >>> log.describe(), log.submit_s
    ('2 jobs; left out: 1 without a run time', array([ 0., 40.]))
    >>> load_swf("site.swf", speeds=[8.0, 2.0]).matrix
    array([[ 30.  , 120.  ],
           [  1.25,   5.  ]])
    """
    path = Path(path)
    rows, left_out = [], Counter[str]()
    for row in _rows(path):
        processors = row[_ALLOCATED] if row[_ALLOCATED] > 0 else row[_REQUESTED]
        if row[_STATUS] in _PARTS:
            left_out[_PART] += 1
        elif not row[_RUN] > 0:
            left_out[_NO_RUN] += 1
        elif not processors > 0:
            left_out[_NO_PROCESSORS] += 1
        else:
            rows.append((row[_JOB], row[_SUBMIT], row[_RUN], processors))
    if not rows:
        raise InputError(str(path), "no job that ran", "a log in the standard workload format")
    number, submit, run, processors = np.array(rows).T
    return SwfLog(path.name, number.astype(np.int64), submit, run, processors, dict(left_out))


def _rows(path: Path) -> Iterator[list[float]]:
    """Yield the numbers of each line that is no comment."""
    rule = f"{_FIELDS} numbers"
    lines = read_content(path, rule="a readable log").decode("utf-8", "replace").splitlines()
    for place, line in enumerate(lines, 1):
        words = line.partition(";")[0].split()
        if not words:
            continue
        try:
            row = [float(word) for word in words]
        except ValueError:
            raise InputError(f"{path} line {place}", line.strip(), rule) from None
        if len(row) != _FIELDS or not np.isfinite(row).all() or abs(row[_JOB]) > _LARGEST_JOB:
            raise InputError(f"{path} line {place}", line.strip(), rule)
        yield row


def load_swf(
    path: str | Path, speeds: ArrayLike, *, first: int = 0, jobs: int | None = None
) -> Problem:
    """Return jobs of a log as the tasks of a problem.

    Parameters
    ----------
    path : str or Path
        See `read_swf`.
    speeds : array_like, shape (x,)
        Speed of each node in processors of the logged machine: a node of 16 processors twice as
        fast as those has 32.
    first : int
        How many jobs at the beginning are skipped.
    jobs : int, optional
        How many jobs are taken; by default all that follow.

    Returns
    -------
    Problem
        et_ij = run time_i * processors_i / speed_j in s.

    Raises
    ------
    InputError
        If a speed or a number of jobs is out of range, or the file is no log.

    Notes
    -----
    What the problem does not hold is left out, and an INFO message of the logger ``edgeopt`` says
    so: all jobs are released at once (their submit times are in `SwfLog`), a node runs one job at
    a time, on all of its processors, and speed-up is linear.

    Examples
    --------
    See `read_swf`.
    """
    log = read_swf(path)
    k = len(log.number)
    first = check_integer("first", first, at_least=0, at_most=k - 1)
    last = k
    if jobs is not None:
        last = first + check_integer("jobs", jobs, at_least=1, at_most=k - first)
    speed = check_array("speeds", speeds, ndim=1, above=0)
    problem = Problem(
        UniformTimes(log.work[first:last], speed),
        name=log.name.removesuffix(".gz").removesuffix(".swf"),
        task_names=tuple(map(str, log.number[first:last].tolist())),
    )
    # after all checks: an error is a single line
    _LOG.info("%s: %s; submit times and memory are not used", log.name, log.describe())
    return problem
