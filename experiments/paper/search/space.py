"""All that the paper leaves open: a box of settings, their measures, and where claims hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.experiments.paper.claims import Claim
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.problems.errors import FloatArray, InputError, check_integer, check_number
from edgeopt.problems.files import check_fields

Value = float | int | str | bool

Setting = dict[str, Value]

DIMENSION_KINDS = ("linear", "log", "of")

MOST_LOAD = 0.95  # of link and nodes; above it a delay only reflects how long the run was

NOTABLE = 0.25  # distance between two distributions from which on a dimension is named

_FIELDS = ("settings", "quick_settings", "dimensions", "base", "cases", "targets")


@dataclass(frozen=True)
class Dimension:
    """One quantity or choice that the paper leaves open.

    Attributes
    ----------
    name : str
        Name.
    kind : {"linear", "log", "of"}
        A range, a range of logarithms, or a choice.
    values : tuple
        The two ends, or the choices.
    """

    name: str
    kind: str
    values: tuple[Value, ...]

    def at(self, share: float) -> Value:
        """Return the value at a share in [0, 1) of the range."""
        if self.kind == "of":
            return self.values[int(share * len(self.values))]
        low, high = (float(value) for value in self.values)
        if self.kind == "log":
            return math.exp(math.log(low) + share * math.log(high / low))
        return low + share * (high - low)

    @property
    def words(self) -> str:
        """The range or the choices as they are printed."""
        if self.kind == "of":
            return ", ".join(str(value) for value in self.values)
        low, high = self.values
        return f"{low:g} to {high:g}" + (", log-uniform" if self.kind == "log" else "")


@dataclass(frozen=True)
class SettingSpace:
    """A box of settings to be searched.

    Attributes
    ----------
    name : str
        Name.
    settings : int
        Points of the hypercube.
    dimensions : tuple of Dimension
        Its sides.
    cases : dict
        Further points by name.
    targets : dict
        By name, the paper's values of some measures.
    """

    name: str
    settings: int
    dimensions: tuple[Dimension, ...]
    cases: dict[str, Setting]
    targets: dict[str, dict[str, float]]

    def draw(self, rng: np.random.Generator) -> list[Setting]:
        """Return the points of a Latin hypercube."""
        from scipy.stats import qmc

        # A hypercube covers every dimension evenly, however few the points.
        sampler = qmc.LatinHypercube(len(self.dimensions), rng=rng)
        shares: FloatArray = sampler.random(self.settings)
        return [
            {one.name: one.at(share) for one, share in zip(self.dimensions, row, strict=True)}
            for row in shares.tolist()
        ]


def read_space(name: str, table: dict[str, Any], *, quick: bool) -> SettingSpace:
    """Return the space of a table ``[spaces.NAME]``.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal, or a case or the base leaves a dimension out.
    """
    check_fields(Path(name), table, _FIELDS, _FIELDS)
    size = "quick_settings" if quick else "settings"
    dimensions = tuple(_dimension(key, entry) for key, entry in table["dimensions"].items())
    names = tuple(one.name for one in dimensions)
    check_fields(Path(f"{name}.base"), table["base"], names, names)
    for title, case in table["cases"].items():
        check_fields(Path(f"{name}.cases {title}"), case, names, ())
    return SettingSpace(
        name=name,
        settings=check_integer(f"{name}.{size}", table[size], at_least=1),
        dimensions=dimensions,
        # A case lists only what differs from the base.
        cases={title: {**table["base"], **case} for title, case in table["cases"].items()},
        targets=table["targets"],
    )


def _dimension(name: str, table: Any) -> Dimension:
    """Return the dimension of a table with one entry."""
    if not isinstance(table, dict) or len(table) != 1 or next(iter(table)) not in DIMENSION_KINDS:
        raise InputError(name, table, "a table with one of " + ", ".join(DIMENSION_KINDS))
    ((kind, values),) = table.items()
    if not isinstance(values, list) or len(values) < 2 or (kind != "of" and len(values) > 2):
        raise InputError(f"{name}.{kind}", values, "two ends, or at least two choices")
    if kind != "of":
        low, high = (check_number(f"{name}.{kind}", value) for value in values)
        if low >= high or (kind == "log" and low <= 0):
            raise InputError(f"{name}.{kind}", values, "rising, and above 0 for logarithms")
    return Dimension(name, kind, tuple(values))


# The measures, and where in a space a claim holds.


class Evaluated(NamedTuple):
    """A space with the measures of its points.

    Attributes
    ----------
    space : SettingSpace
        The space.
    points : list of dict
        The points of the hypercube, then the cases.
    measures : list of dict
        Those of each point.
    """

    space: SettingSpace
    points: list[Setting]
    measures: list[dict[str, float]]

    def meets(self, claim: Claim) -> list[bool]:
        """Return whether each point meets a claim, and no scheme is overloaded there."""
        return [
            one["load"] < MOST_LOAD
            and claim.rule is not None
            and all(claim.rule.holds(Measured(one[name])) for name in claim.measures)
            for one in self.measures
        ]

    def knows(self, claim: Claim) -> bool:
        """Whether the measures of the claim are among those of the space."""
        return claim.rule is not None and set(claim.measures) <= set(self.measures[0])


def separating(found: Evaluated, claim: Claim) -> list[Dimension]:
    """Return the dimensions that best separate where a claim holds, the best first."""
    meets = np.array(found.meets(claim)[: found.space.settings])
    if not meets.any() or meets.all():
        return []
    distance = {one: _distance(found, meets, one) for one in found.space.dimensions}
    order = sorted(distance, key=lambda one: -distance[one])
    return [one for one in order if distance[one] >= NOTABLE]


def places(found: Evaluated, dimension: Dimension) -> FloatArray:
    """Return the coordinates of the settings on a dimension; of choices, their indices."""
    values = [point[dimension.name] for point in found.points[: found.space.settings]]
    if dimension.kind == "of":
        return np.array([dimension.values.index(value) for value in values], dtype=np.float64)
    return np.array(values, dtype=np.float64)


def _distance(found: Evaluated, meets: np.ndarray, dimension: Dimension) -> float:
    """Return Kolmogorov's and Smirnov's distance between where a claim holds and where not."""
    from scipy.stats import ks_2samp

    where = places(found, dimension)
    return float(ks_2samp(where[meets], where[~meets]).statistic)
