"""Published makespans of problems, known by their content or, where it must be, by their path."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import split_options


class Published(NamedTuple):
    """The best that others have reached on a problem.

    Attributes
    ----------
    instance : str
        Name with its family, e.g. ``512x16/u_c_hihi.0`` or ``rcmax/U1a100/111``.
    makespan : float
        The best published makespan in s.
    source : str
        How it was found; the head of the file says where.
    bound : float
        A lower bound in s that is published or was computed for this project, within the
        tolerances of the solver.
    by_path : bool
        Whether the problem is known by its path and size, as its content is not.
    """

    instance: str
    makespan: float
    source: str
    bound: float
    by_path: bool = False


def published_of(problem: Problem, spec: str = "") -> Published | None:
    """Return the best published makespan of a problem, None if none is known.

    Parameters
    ----------
    problem : Problem
        HCSP instances are known by their content, whatever their name.
    spec : str
        Path of its file. The R||Cmax instances of Fanjul-Peyro and Ruiz are known by a path that
        ends in family and number, such as ``U1a100/111.txt`` or ``instancias1a100/111.txt``, if
        size and times are those of the family.

    Examples
    --------
    >>> from edgeopt.experiments.best_known import published_of
    >>> from edgeopt.problems.scheduling import hcsp, rcmax
    >>> fact = published_of(hcsp("B.u_s_lolo", 2048, 64))
    >>> fact.instance, fact.makespan, fact.source
    ('2048x64/B.u_s_lolo', 952.29, 'cpr')
    >>> published_of(rcmax("u_1_100", 100, 10, rng=1), "U1a100/111.txt").instance
    'rcmax/U1a100/111'
    >>> published_of(rcmax("u_1_100", 100, 10, rng=1), "mine.txt") is None
    True
    """
    if (fact := published().get(problem.digest)) is not None:
        return fact
    path, _ = split_options(spec)
    match = _PATH.search(path.replace("\\", "/"))
    if match is None:
        return None
    family = _FAMILIES[match[1].lower()]
    sized = _by_path().get(f"rcmax/{family.name}/{int(match[2])}")
    if sized is None or sized[0] != (problem.tasks, problem.nodes) or not _fits(problem, family):
        return None
    return sized[1]


def fact_of(digest: str, instance: str) -> Published | None:
    """Return what is published on the problem of a record, known by its digest or its name."""
    return published().get(digest) or (_by_path()[instance][1] if instance in _by_path() else None)


@cache
def published() -> dict[str, Published]:
    """Return the published HCSP instances by the digest of the problem.

    Examples
    --------
    >>> from edgeopt.experiments.best_known import published
    >>> len(published())
    60
    """
    return {
        row["digest"]: Published(
            row["instance"], float(row["makespan"]), row["source"], float(row["bound"])
        )
        for row in _rows("published.csv")
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a file of this package."""
    file = resources.files("edgeopt.experiments.best_known") / name
    lines = file.read_text(encoding="utf-8").splitlines()
    yield from csv.DictReader(line for line in lines if not line.startswith("#"))


# R||Cmax: the files themselves are not known here, only their names, sizes and families.


_LARGEST_DIFFERENCE = 19  # of times that are alike


class _Family(NamedTuple):
    """Name, least and largest time, and the axis along which times are alike."""

    name: str
    least: int
    largest: int
    alike: int | None = None


_FAMILIES = {
    "1a100": _Family("U1a100", 1, 100),
    "10a100": _Family("U10a100", 10, 100),
    "100a120": _Family("U100a120", 100, 120),
    "100a200": _Family("U100a200", 100, 200),
    "1000a1100": _Family("U1000a1100", 1000, 1100),
    "jobscorre": _Family("JobsCorre", 2, 120, alike=1),
    "maqcorre": _Family("MaqCorre", 2, 120, alike=0),
}

_PATH = re.compile(
    rf"(?:^|/)(?:instancias|u)?({'|'.join(_FAMILIES)})[/_-]([1-9]\d{{2,3}})(?:\.\w+)*$",
    re.IGNORECASE | re.ASCII,
)


@cache
def _by_path() -> dict[str, tuple[tuple[int, int], Published]]:
    """Return size and fact of each R||Cmax instance by its name."""
    return {
        (name := f"rcmax/{row['family']}/{row['number']}"): (
            (int(row["tasks"]), int(row["nodes"])),
            Published(
                name, float(row["makespan"]), row["source"], float(row["bound"]), by_path=True
            ),
        )
        for row in _rows("published_rcmax.csv")
    }


def _fits(problem: Problem, family: _Family) -> bool:
    """Whether a problem has nothing but times, and these are of a family."""
    if problem.task_memory is not None or problem.ready is not None:
        return False
    times: FloatArray = problem.matrix
    low, high = float(times.min()), float(times.max())
    whole = bool((times == np.floor(times)).all())
    if not whole or low < family.least or high > family.largest:
        return False
    if family.alike is not None:
        return bool(np.ptp(times, axis=family.alike).max() <= _LARGEST_DIFFERENCE)
    # A thousand draws or more are not all in 95 % of a range.
    margin = 0.05 * (family.largest - family.least)
    return low <= family.least + margin and high >= family.largest - margin
