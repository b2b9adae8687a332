"""Our best schedules compared with the published ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt.experiments.best_known.facts import Published, fact_of, published_of
from edgeopt.experiments.best_known.register import REGISTER, KnownSchedule, read_register
from edgeopt.experiments.sweep.cell import problem_of
from edgeopt.optim.scheduling.stop import relative_gap, settled_bound
from edgeopt.problems.errors import InputError

_EQUAL = 1e-9  # relative: a sum in another order is rounded differently, and no new best


@dataclass(frozen=True)
class Standing:
    """Our best schedule of one instance beside the published one, as far as there are any.

    Attributes
    ----------
    instance, digest : str
        Name, and hash of the problem's content.
    fact : Published or None
        The best published makespan.
    record : KnownSchedule or None
        Our best.
    bound : float
        The best lower bound known in s, 0 if there is none.
    """

    instance: str
    digest: str
    fact: Published | None
    record: KnownSchedule | None
    bound: float

    @property
    def published(self) -> float | None:
        """The best published makespan in s."""
        return None if self.fact is None else self.fact.makespan

    @property
    def source(self) -> str:
        """Source of the published makespan, empty if there is none."""
        return "" if self.fact is None else self.fact.source

    @property
    def gap_published(self) -> float | None:
        """Our makespan over the published one, less 1."""
        if self.fact is None or self.record is None:
            return None
        return relative_gap(self.record.makespan, self.fact.makespan)

    @property
    def gap_bound(self) -> float:
        """Our makespan, the published one if we have none, over the bound, less 1."""
        if self.record is not None:
            return relative_gap(self.record.makespan, self.bound)
        return math.inf if self.fact is None else relative_gap(self.fact.makespan, self.bound)

    @property
    def is_new_best(self) -> bool:
        """Whether ours is better than the published one."""
        return self.gap_published is not None and self.gap_published < -_EQUAL

    def as_dict(self) -> dict[str, Any]:
        """Return what the command prints as JSON."""
        record = self.record
        names = ("solver", "seed", "repetition", "seconds", "version", "code")
        return {
            "instance": self.instance,
            "digest": self.digest,
            "published": self.published,
            "source": self.source,
            "by_path": self.fact is not None and self.fact.by_path,
            "bound": self.bound,
            "ours": record and record.makespan,
            "gap_published": self.gap_published,
            "gap_bound": self.gap_bound if math.isfinite(self.gap_bound) else None,
            "new_best": self.is_new_best,
            "found_by": record and {name: getattr(record, name) for name in names},
            "assignment": record and record.assignment.tolist(),
        }


def standing_of(record: KnownSchedule) -> Standing:
    """Return a record beside what is published on its problem.

    Raises
    ------
    InputError
        If a bound is above a makespan: one of the two is wrong.
    """
    fact = fact_of(record.digest, record.instance)
    return _standing(record.instance, record.digest, fact, record)


def standing_of_problem(spec: str, known: Mapping[str, KnownSchedule]) -> Standing:
    """Return what is published on a problem beside our best schedule of it.

    Parameters
    ----------
    spec : str
        See `load_problem`.
    known : mapping of str to KnownSchedule
        The register, by digest.

    Raises
    ------
    InputError
        If the problem cannot be loaded, or a bound is above a makespan.
    """
    problem = problem_of(spec)
    fact = published_of(problem, spec)
    name = problem.name if fact is None else fact.instance
    return _standing(name, problem.digest, fact, known.get(problem.digest))


def _standing(
    instance: str, digest: str, fact: Published | None, record: KnownSchedule | None
) -> Standing:
    """Return a standing with the better of the bounds, checked."""
    bounds = [each.bound for each in (fact,) if each] + [r.lower_bound for r in (record,) if r]
    makespans = [each.makespan for each in (fact, record) if each is not None]
    bound = max(bounds, default=0.0)
    if makespans:
        bound = checked_bound(bound, min(makespans), instance)
    return Standing(instance, digest, fact, record, bound)


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
    records = read_register(folder)
    known = {name: _least(spec, records) for name, spec in specs.items()}
    return {name: makespan for name, makespan in known.items() if makespan is not None}


def _least(spec: str, records: Mapping[str, KnownSchedule]) -> float | None:
    """Return the least makespan known on a problem, None without any or if it cannot be loaded."""
    try:
        problem = problem_of(spec)
    except InputError:
        return None
    known = (published_of(problem, spec), records.get(problem.digest))
    return min((each.makespan for each in known if each is not None), default=None)
