"""The result of every solver of the offloading program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.offloading.program import CONSTRAINT_UNITS, CONSTRAINTS, CutProgram


@dataclass(frozen=True)
class ConstraintRow:
    """One constraint at one cut: name, unit, value, limit and ``slack = limit - value``."""

    name: str
    unit: str
    value: float
    limit: float
    slack: float

    @property
    def holds(self) -> bool:
        """Whether the value is within its limit."""
        return self.value <= self.limit


@dataclass(frozen=True, eq=False)
class Answer:
    """The cut that a solver chose, and the program that explains the choice.

    Parameters
    ----------
    program : CutProgram
        The program that was solved.
    method : str
        Name of the solver.
    cut : int or None
        The cut; None if no cut meets the constraints, which is a result and not an error.
    tested : int
        Number of cuts whose constraints were tested.

    Examples
    --------
    See `scan`.
    """

    program: CutProgram
    method: str
    cut: int | None
    tested: int

    @property
    def feasible_cuts(self) -> tuple[int, ...]:
        """All cuts that meet the constraints, from shallow to deep."""
        return tuple(int(j) for j in np.flatnonzero(self.program.feasible))

    @property
    def is_feasible(self) -> bool:
        """Whether there is a cut and it meets the constraints, which Algorithm 2 may violate."""
        return self.cut is not None and bool(self.program.feasible[self.cut])

    @property
    def objective_value(self) -> float | None:
        """Value of f at the cut, in the objective's unit."""
        return None if self.cut is None else float(self.program.goal[self.cut])

    @property
    def binding(self) -> tuple[str, ...]:
        """Names of the constraints that forbid a better cut.

        An integer cut seldom meets a limit with equality. A constraint is therefore "binding" if
        a better cut would be feasible without this constraint alone; if no constraint is, those
        that the nearest better cut violates together. Empty at the unconstrained optimum. Without
        a feasible cut: the constraints violated at cut 0.
        """
        if self.cut is None:
            return _names(~self.program.holds[:, 0])
        cost = self.program.cost
        # Constraints are compared over all better cuts: the cheapest may violate several.
        better = np.flatnonzero(cost < cost[self.cut])
        if better.size == 0:
            return ()
        violated = ~self.program.holds[:, better]
        alone = violated[:, violated.sum(axis=0) == 1]  # cuts that one constraint alone forbids
        nearest = violated[:, cost[better].argmax()]
        return _names(np.asarray(alone.any(axis=1)) if alone.size else nearest)

    @property
    def rows(self) -> tuple[ConstraintRow, ...]:
        """The constraints at the cut, or at cut 0 (all in the cloud) without a feasible one."""
        return constraint_rows_at(self.program, self.cut or 0)


def constraint_rows_at(program: CutProgram, cut: int) -> tuple[ConstraintRow, ...]:
    """Return every constraint of `program` at `cut`."""
    values, limits = program.values[:, cut], program.limits[:, cut]
    slacks = program.slacks[:, cut]
    return tuple(
        ConstraintRow(name, unit, float(value), float(limit), float(slack))
        for name, unit, value, limit, slack in zip(
            CONSTRAINTS, CONSTRAINT_UNITS, values, limits, slacks, strict=True
        )
    )


def _names(rows: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return the names of the constraints marked in `rows`."""
    return tuple(name for name, chosen in zip(CONSTRAINTS, rows, strict=True) if chosen)
