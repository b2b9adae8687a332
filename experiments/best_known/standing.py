"""How our best schedules stand against what is published."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.best_known.published import published
from experiments.best_known.record import Record
from experiments.best_known.register import REGISTER, read_register
from experiments.sweep.cell import problem_of
from optim.stop import relative_gap
from problems.errors import InputError

EQUAL = 1e-9  # relative; what rounding makes of sums in another order is no new best


@dataclass(frozen=True)
class Standing:
    """One instance.

    Attributes
    ----------
    record : Record
        Our best.
    published : float or None
        Best published makespan in s, where there is one.
    source : str
        Of that; empty where there is none.
    bound : float
        The best lower bound known in s.
    """

    record: Record
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
        return self.gap_published is not None and self.gap_published < -EQUAL

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


def standing_of(record: Record) -> Standing:
    """Return a record beside what is published on its problem."""
    fact = published().get(record.digest)
    if fact is None:
        return Standing(record, None, "", record.lower_bound)
    return Standing(record, fact.makespan, fact.source, max(fact.bound, record.lower_bound))


def better_of(first: dict[str, Record], second: dict[str, Record]) -> dict[str, Record]:
    """Return the better record of each digest, of equal ones the first."""
    best = dict(first)
    for digest, record in second.items():
        if digest not in best or record.makespan < best[digest].makespan:
            best[digest] = record
    return best


def best_known_makespans(specs: Iterable[str], folder: Path = REGISTER) -> dict[str, float]:
    """Return by spec the least makespan published or registered in s, where there is one.

    Parameters
    ----------
    specs : iterable of str
        Problems; one that can no longer be loaded has none.
    folder : Path
        The register.

    Raises
    ------
    InputError
        If the register is damaged.
    """
    known = {digest: record.makespan for digest, record in read_register(folder).items()}
    for digest, fact in published().items():
        known[digest] = min(fact.makespan, known.get(digest, fact.makespan))
    digests = {spec: _digest(spec) for spec in specs}
    return {spec: known[digest] for spec, digest in digests.items() if digest in known}


def _digest(spec: str) -> str:
    """Return the digest of a problem, "" if it cannot be loaded."""
    try:
        return problem_of(spec).digest
    except InputError:
        return ""
