"""Our best schedules compared with the published ones."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from edgeopt.experiments.best_known.register import REGISTER, KnownSchedule, read_register
from edgeopt.experiments.sweep.cell import problem_of
from edgeopt.optim.scheduling.stop import relative_gap, settled_bound
from edgeopt.problems.errors import InputError

_EQUAL = 1e-9  # relative: a sum in another order is rounded differently, and no new best


@dataclass(frozen=True)
class Standing:
    """Our best schedule of one instance beside the published one.

    Attributes
    ----------
    record : KnownSchedule
        Our best.
    published : float or None
        Best published makespan in s, if there is one.
    source : str
        Source of the published makespan, empty if there is none.
    bound : float
        The best lower bound known in s.
    """

    record: KnownSchedule
    published: float | None
    source: str
    bound: float

    @property
    def gap_published(self) -> float | None:
        """Our makespan over the published one, less 1."""
        if self.published is None:
            return None
        return relative_gap(self.record.makespan, self.published)

    @property
    def gap_bound(self) -> float:
        """Our makespan over the bound, less 1."""
        return relative_gap(self.record.makespan, self.bound)

    @property
    def is_new_best(self) -> bool:
        """Whether ours is better than the published one."""
        return self.gap_published is not None and self.gap_published < -_EQUAL

    def as_dict(self) -> dict[str, Any]:
        """Return what the command prints as JSON."""
        record = self.record
        names = ("solver", "seed", "repetition", "seconds", "version", "code")
        return {
            "instance": record.instance,
            "digest": record.digest,
            "published": self.published,
            "source": self.source,
            "bound": self.bound,
            "ours": record.makespan,
            "gap_published": self.gap_published,
            "gap_bound": self.gap_bound if math.isfinite(self.gap_bound) else None,
            "new_best": self.is_new_best,
            "found_by": {name: getattr(record, name) for name in names},
            "assignment": record.assignment.tolist(),
        }


def standing_of(record: KnownSchedule) -> Standing:
    """Return a record beside what is published on its problem.

    Raises
    ------
    InputError
        If a bound is above a makespan: one of the two is wrong.
    """
    fact = published().get(record.digest)
    if fact is None:
        return Standing(
            record, None, "", checked_bound(record.lower_bound, record.makespan, record.instance)
        )
    bound = max(fact.bound, record.lower_bound)
    bound = checked_bound(bound, min(fact.makespan, record.makespan), record.instance)
    return Standing(record, fact.makespan, fact.source, bound)


def checked_bound(bound: float, makespan: float, instance: str) -> float:
    """Return a bound in s, at most the makespan of a known schedule.

    Parameters
    ----------
    bound, makespan : float
        In s.
    instance : str
        Name for the message.

    Raises
    ------
    InputError
        If the bound is above the makespan by more than 1e-9 of it: one of the two is wrong.
    """
    settled = settled_bound(bound, makespan)
    if settled > makespan:
        rule = f"at most {makespan!r}, the makespan of a known schedule; one of them is wrong"
        raise InputError(f"lower_bound of {instance}", bound, rule)
    return settled


def better_of(
    first: dict[str, KnownSchedule], second: dict[str, KnownSchedule]
) -> dict[str, KnownSchedule]:
    """Return the better record of each digest; of equally good ones the first.

    Raises
    ------
    InputError
        If one's bound is above the other's makespan.
    """
    best = dict(first)
    for digest, record in second.items():
        other = best.setdefault(digest, record)
        if record.makespan < other.makespan:
            best[digest] = record
        bound = max(record.lower_bound, other.lower_bound)
        checked_bound(bound, best[digest].makespan, record.instance)
    return best


def best_known_makespans(specs: Mapping[str, str], folder: Path = REGISTER) -> dict[str, float]:
    """Return by name the least makespan in s that is published or registered.

    Parameters
    ----------
    specs : mapping of str to str
        Specs of problems by name; the result omits those without such a makespan and those that
        can no longer be loaded.
    folder : Path
        The register.

    Raises
    ------
    InputError
        If the register is damaged.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt.experiments.best_known import best_known_makespans
    >>> best_known_makespans({"mine": "paper:20x4:seed=1"}, Path("nowhere"))
    {}
    """
    known = {digest: record.makespan for digest, record in read_register(folder).items()}
    for digest, fact in published().items():
        known[digest] = min(fact.makespan, known.get(digest, fact.makespan))
    # by content: the same instance has many names and places
    digests = {name: _digest(spec) for name, spec in specs.items()}
    return {name: known[digest] for name, digest in digests.items() if digest in known}


def _digest(spec: str) -> str:
    """Return the digest of a problem, "" if it cannot be loaded."""
    try:
        return problem_of(spec).digest
    except InputError:
        return ""


# Published makespans, identified by the content of the problem.


class Published(NamedTuple):
    """The best that others have reached on a problem.

    Attributes
    ----------
    instance : str
        Name with its family, e.g. ``512x16/u_c_hihi.0``.
    makespan : float
        The best published makespan in s.
    source : str
        How it was found; the head of the file says where.
    bound : float
        A lower bound in s that HiGHS reports, within its tolerances.
    """

    instance: str
    makespan: float
    source: str
    bound: float


@cache
def published() -> dict[str, Published]:
    """Return the rows of ``published.csv`` by the digest of the problem.

    Examples
    --------
    >>> from edgeopt.experiments.best_known import published
    >>> len(published()) > 20
    True
    """
    file = resources.files("edgeopt.experiments.best_known") / "published.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {
        row["digest"]: Published(
            row["instance"], float(row["makespan"]), row["source"], float(row["bound"])
        )
        for row in rows
    }
