"""How far each input may change before the best cut changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optim.offloading.batch import best_cuts
from problems.errors import FloatArray
from problems.offloading.columns import columns_of
from problems.offloading.profile import Profile
from problems.offloading.reading import CORRECTED, Reading
from problems.offloading.system import System
from problems.offloading.work import work_of

IntArray = NDArray[np.int64]
CutsAt = Callable[[FloatArray], IntArray]

INPUTS = {
    "node speed": "flops",
    "node memory": "memory_limit_bytes",
    "memory bandwidth": "memory_bandwidth_byte_s",
    "energy budget": "energy_budget_j",
    "static power": "static_power_w",
    "rate to the cloud": "rate_bit_s",
    "round trip": "round_trip_s",
    "cloud speed": "cloud_flops",
    "terminal upload time": "inverse_rate_s_bit",
    "task size": "size_bytes",
    "arrival rate": "arrival_hz",
    "deadline": "deadline_s",
}
"""Inputs by the words of the report; the values are fields of `Columns`."""

_RANGE = 16.0  # factors from 1 / 16 to 16 are looked at
_POINTS = 257
_REFINEMENTS = 2


@dataclass(frozen=True)
class Sensitivity:
    """The range of one input in which the best cut stays.

    Parameters
    ----------
    name : str
        One of `INPUTS`.
    lowest, highest : float
        Factors on the input between which the cut stays; 0 and infinity if nothing changes
        within factors of 1/16 and 16.
    below, above : int or None
        The best cut just beyond each end; -1: no feasible cut; None: nothing changes there.
    """

    name: str
    lowest: float
    highest: float
    below: int | None
    above: int | None


def sensitivities(
    profile: Profile,
    system: System,
    *,
    reading: Reading = CORRECTED,
    objective: str = "deepest",
    weight: float = 0.0,
) -> tuple[Sensitivity, ...]:
    """Return the range of each input, all others fixed; arguments as in `build_program`.

    Factors are compared on a geometric grid that is refined where the cut changes first: the ends
    are exact to 1e-6, but a change that undoes itself within one of 256 steps is missed.
    """
    work = work_of(profile, reading)
    columns = columns_of(system, work, reading)

    def cuts(field: str, factors: FloatArray) -> IntArray:
        column = factors[:, np.newaxis, np.newaxis] * getattr(columns, field)
        scaled = replace(columns, **{field: column})
        found = best_cuts(work, scaled, reading=reading, objective=objective, weight=weight)
        return np.broadcast_to(found, factors.shape)

    return tuple(_range(name, partial(cuts, field)) for name, field in INPUTS.items())


def _range(name: str, cuts: CutsAt) -> Sensitivity:
    """Return the range of one input around the factor 1."""
    lowest, below = _first_change(cuts, 1.0 / _RANGE)
    highest, above = _first_change(cuts, _RANGE)
    return Sensitivity(name, lowest, highest, below, above)


def _first_change(cuts: CutsAt, end: float) -> tuple[float, int | None]:
    """Return the last factor from 1 towards `end` with the same cut, and the cut beyond it."""
    start, beyond = 1.0, None
    present = cuts(np.ones(1))[0]
    for _ in range(1 + _REFINEMENTS):
        factors = np.geomspace(start, end, _POINTS)
        found = cuts(factors)
        changed = found != present
        if not changed.any():
            return (0.0 if end < 1.0 else np.inf), None
        first = int(changed.argmax())
        start, end, beyond = float(factors[first - 1]), float(factors[first]), int(found[first])
    return start, beyond
