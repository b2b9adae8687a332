"""The program P1 with its constraints C1-C3 (21, 22) at every cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems.errors import FloatArray, check_choice
from problems.offloading.columns import Number
from problems.offloading.constraints import constraint_rows
from problems.offloading.objective import OBJECTIVES, Objective
from problems.offloading.profile import Profile
from problems.offloading.reading import CORRECTED, Reading
from problems.offloading.system import System
from problems.offloading.terms import Terms, terms_of
from problems.quantity import check_quantity


@dataclass(frozen=True, eq=False)
class Program:
    """P1 for one network and one system: everything a solver may ask, at every cut.

    Parameters
    ----------
    network : str
        Name of the network.
    system : str
        Name of the system.
    cut_names : tuple of str
        Names of the cuts 0..N.
    reading : Reading
        How the equations were read.
    objective : Objective
        What is optimised.
    terms : Terms
        All terms.
    values, limits : (4, N + 1) float64 arrays
        Left- and right-hand sides of `CONSTRAINTS`; the limit of the energy is that of the node
        nearest to its budget, in one period.
    goal : (N + 1,) float64 array
        f(j) in the objective's unit.
    """

    network: str
    system: str
    cut_names: tuple[str, ...]
    reading: Reading
    objective: Objective
    terms: Terms
    values: FloatArray
    limits: FloatArray
    goal: FloatArray

    @property
    def depth(self) -> int:
        """The number of layers N."""
        return len(self.cut_names) - 1

    @property
    def slacks(self) -> FloatArray:
        """Limit minus value, (4, N + 1); negative where violated."""
        return self.limits - self.values

    @property
    def cost(self) -> FloatArray:
        """The objective as a cost to be minimised, (N + 1,)."""
        return self.objective.sign * self.goal

    @property
    def holds(self) -> NDArray[np.bool_]:
        """Whether each constraint holds, (4, N + 1)."""
        return self.values <= self.limits

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Whether each cut meets all constraints, (N + 1,)."""
        return np.asarray(self.holds.all(axis=0))


def build_program(
    profile: Profile,
    system: System,
    *,
    reading: Reading = CORRECTED,
    objective: str = "deepest",
    weight: float = 0.0,
) -> Program:
    """Evaluate P1 at every cut.

    Parameters
    ----------
    profile : Profile
        The network.
    system : System
        Pool, cloud, links and tasks.
    reading : Reading
        `PRINTED`, `CORRECTED` or one of your own.
    objective : str
        One of `OBJECTIVES`; the paper's reading is ``deepest``.
    weight : float
        What one joule is worth in seconds, s/J, >= 0, for the objective ``weighted``.

    Raises
    ------
    InputError
        If the objective is unknown or the weight negative.
    """
    check_choice("objective", objective, OBJECTIVES)
    check_quantity("weight", weight, zero=True)
    chosen = OBJECTIVES[objective]
    terms = terms_of(profile, system, reading)
    shape = (profile.depth + 1,)
    rows = [_tightest(value, limit, shape) for value, limit in constraint_rows(terms)]
    return Program(
        network=profile.name,
        system=system.name,
        cut_names=profile.cut_names,
        reading=reading,
        objective=chosen,
        terms=terms,
        values=np.stack([value for value, _ in rows]),
        limits=np.stack([limit for _, limit in rows]),
        goal=chosen.value(terms, weight).reshape(shape),
    )


def _tightest(
    value: FloatArray, limit: Number, shape: tuple[int, ...]
) -> tuple[FloatArray, FloatArray]:
    """Return value and limit of the node that is nearest to its limit at each cut."""
    values, limits = np.broadcast_arrays(np.atleast_2d(value), limit)
    node = (values / limits).argmax(axis=0, keepdims=True)
    picked = (np.take_along_axis(array, node, axis=0) for array in (values, limits))
    at_node, its_limit = (array.reshape(shape) for array in picked)
    return at_node, its_limit
