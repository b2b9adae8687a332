"""The KKT conditions of the relaxed program, checked at a given solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optim.offloading.lagrangian import Lagrangian
from problems.errors import FloatArray


@dataclass(frozen=True)
class KktResiduals:
    """How far a solution is from each KKT condition, in the scale of `Lagrangian`; 0 is exact."""

    primal: float
    dual: float
    complementarity: float
    stationarity: float

    @property
    def worst(self) -> float:
        """The largest of the four."""
        return max(self.primal, self.dual, self.complementarity, self.stationarity)


def kkt_residuals(
    lagrangian: Lagrangian, p: FloatArray, alpha: FloatArray, nu: float, sign: FloatArray
) -> KktResiduals:
    """Return the residuals of the four KKT conditions, none of them taken from the solver.

    Parameters
    ----------
    lagrangian : Lagrangian
        The data c and G.
    p : (n,) float64 array
        Primal solution.
    alpha, nu, sign : (4,) array, float, (n,) array
        Multipliers of G p <= 0, sum p = 1 and p >= 0.
    """
    excess = lagrangian.excess @ p
    gradient = lagrangian.cost + alpha @ lagrangian.excess + nu - sign
    return KktResiduals(
        primal=float(max(0.0, excess.max(), -p.min(), abs(p.sum() - 1.0))),
        dual=float(max(0.0, -alpha.min(), -sign.min())),
        complementarity=float(max(np.abs(alpha * excess).max(), np.abs(sign * p).max())),
        stationarity=float(np.abs(gradient).max()),
    )
