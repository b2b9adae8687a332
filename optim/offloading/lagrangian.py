"""The Lagrangian of P1 (23), with multipliers of the right sign and in one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems.errors import FloatArray
from problems.offloading.program import Program


@dataclass(frozen=True, eq=False)
class Lagrangian:
    """P1 relaxed to convex combinations p of cuts: min c'p, G p <= 0, sum p = 1, p >= 0.

    (23) as printed adds constraints g <= 0 with plus signs to a function to be maximised and sums
    one multiplier over i = 1..j; here L = c'p + alpha'G p with alpha >= 0 is minimised over p.

    Parameters
    ----------
    program : Program
        Where it comes from.
    cuts : (n,) int64 array
        The cuts that may be mixed: those with a finite delay, since a mixture with an unstable
        queue has no mean.
    cost : (n,) float64 array
        Cost, shifted and scaled to 0..1.
    excess : (4, n) float64 array
        G: values over limits minus one; each row divided by its largest size, where above 1.
    shift, span : float
        ``cost * span + shift`` is in the objective's unit.
    row_scale : (4,) float64 array
        ``excess * row_scale`` is value / limit - 1.
    """

    program: Program
    cuts: NDArray[np.int64]
    cost: FloatArray
    excess: FloatArray
    shift: float
    span: float
    row_scale: FloatArray

    def bound(self, multipliers: FloatArray) -> float:
        """Return the dual function min_p L(p, alpha): a lower bound on the scaled cost."""
        return float((self.cost + multipliers @ self.excess).min())

    def unscale(self, scaled_cost: float) -> float:
        """Return a scaled cost as a value of the objective f, in its unit."""
        return self.program.objective.sign * (scaled_cost * self.span + self.shift)


def lagrangian_of(program: Program) -> Lagrangian:
    """Return the scaled Lagrangian of `program`; cut 0 always has a finite delay."""
    cuts = np.flatnonzero(np.isfinite(program.values).all(axis=0) & np.isfinite(program.cost))
    cost, excess = program.cost[cuts], program.values[:, cuts] / program.limits[:, cuts] - 1.0
    shift = float(cost.min())
    span = float(np.ptp(cost)) or 1.0
    row_scale = np.maximum(np.abs(excess).max(axis=1), 1.0)
    return Lagrangian(
        program=program,
        cuts=cuts,
        cost=(cost - shift) / span,
        excess=excess / row_scale[:, np.newaxis],
        shift=shift,
        span=span,
        row_scale=row_scale,
    )
