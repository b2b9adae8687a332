"""The relaxation of P1 to mixtures of cuts: bound, shadow prices, rounding, KKT conditions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.offloading.lagrangian import Lagrangian, lagrangian_of
from edgeopt.optim.offloading.solvers import Answer, scan
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.offloading.program import CONSTRAINTS, CutProgram

SUPPORT = 1e-9
"""Weights below this are rounding errors of the solver."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Primal and dual solution of the relaxed program.

    Parameters
    ----------
    program : CutProgram
        The program that was relaxed.
    weights : (N + 1,) float64 array or None
        Share of the tasks at each cut; None if no mixture of cuts meets the constraints.
    multipliers : dict
        Shadow price of each constraint: the improvement of f per unit (byte, s, J) by which its
        limit grows. Empty without a solution.
    bound : float or None
        Optimum of the relaxation, in the objective's unit: no cut is better.
    residuals : KktResiduals or None
        How far the solution is from the KKT conditions.
    rounded : Answer
        The best feasible cut in the range of cuts that `weights` mixes, else the best of all.
    duality_gap : float or None
        Distance between the bound and the best feasible cut, in the objective's unit, >= 0; None
        if either does not exist.
    """

    program: CutProgram
    weights: FloatArray | None
    multipliers: dict[str, float]
    bound: float | None
    residuals: KktResiduals | None
    rounded: Answer
    duality_gap: float | None


def relax(program: CutProgram) -> Relaxation:
    """Solve the relaxation of P1 (21, 22) and check the KKT conditions of its solution.

    Departs from the paper, which applies the KKT conditions of (23) to the cut j: they need a
    continuous variable, and j is an integer. Over convex combinations of cuts (each cut serves a
    share of the tasks) P1 is a linear program; its KKT conditions are necessary and sufficient,
    and its optimum equals that of the Lagrangian dual of P1.

    Solved by cvxpy with the dual simplex of HiGHS as scipy ships it: highspy 1.16 prints a banner
    to the standard output, where the commands write JSON.

    Examples
    --------
    >>> from edgeopt import build_program, load_network, load_system, scan
    >>> from edgeopt.optim.offloading import relax
    >>> program = build_program(load_network("resnet34"), load_system("table1", nodes=10))
    >>> relax(program).rounded.cut, scan(program).cut
    (20, 20)
    """
    import cvxpy as cp

    lagrangian = lagrangian_of(program)
    if not lagrangian.cuts.size:
        return _infeasible(program)
    p = cp.Variable(lagrangian.cuts.size)
    limits, simplex, signs = lagrangian.excess @ p <= 0, cp.sum(p) == 1, p >= 0
    problem = cp.Problem(cp.Minimize(lagrangian.cost @ p), [limits, simplex, signs])
    problem.solve(solver=cp.SCIPY, scipy_options={"method": "highs-ds"})
    if problem.status != cp.OPTIMAL:
        return _infeasible(program)
    alpha = np.asarray(limits.dual_value, dtype=np.float64)
    residuals = kkt_residuals(
        lagrangian, p.value, alpha, float(simplex.dual_value), np.asarray(signs.dual_value)
    )
    # Cuts that may not be mixed keep the weight 0.
    weights = np.zeros(program.depth + 1)
    weights[lagrangian.cuts] = p.value
    return Relaxation(
        program=program,
        weights=weights,
        multipliers=shadow_multipliers(lagrangian, alpha, weights),
        bound=lagrangian.unscale(lagrangian.bound(np.maximum(alpha, 0.0))),
        residuals=residuals,
        rounded=round_weights(program, weights),
        duality_gap=duality_gap(program, lagrangian.unscale(float(lagrangian.cost @ p.value))),
    )


def shadow_multipliers(
    lagrangian: Lagrangian, alpha: FloatArray, weights: FloatArray
) -> dict[str, float]:
    """Return the shadow prices, in units of f per unit of the limit.

    The scaled multiplier times the derivative of ``value / limit - 1`` with respect to the limit,
    at the mixture `weights`.
    """
    values, limits = lagrangian.program.values, lagrangian.program.limits
    cuts = lagrangian.cuts
    slope = (values[:, cuts] / limits[:, cuts] ** 2) @ weights[cuts] / lagrangian.row_scale
    prices = np.maximum(alpha, 0.0) * slope * lagrangian.span
    return {name: float(price) for name, price in zip(CONSTRAINTS, prices, strict=True)}


def round_weights(program: CutProgram, weights: FloatArray) -> Answer:
    """Return the best feasible cut in the range that is mixed, else the best of all cuts."""
    mixed = np.flatnonzero(weights > SUPPORT)
    cuts = np.arange(weights.size)
    for candidates in ((cuts >= mixed[0]) & (cuts <= mixed[-1]), cuts >= 0):
        cost = np.where(candidates & program.feasible, program.cost, np.inf)
        if np.isfinite(cost).any():
            return Answer(program, "kkt", int(cost.argmin()), int(candidates.sum()))
    return _none(program)


def duality_gap(program: CutProgram, bound: float) -> float | None:
    """Return how far `bound` is from the best feasible cut; None without a feasible cut."""
    best = scan(program).objective_value
    return None if best is None else max(0.0, program.objective.sign * (best - bound))


def _infeasible(program: CutProgram) -> Relaxation:
    """Return that no mixture of cuts meets the constraints."""
    return Relaxation(program, None, {}, None, None, _none(program), None)


def _none(program: CutProgram) -> Answer:
    """Return the answer that no cut is feasible."""
    return Answer(program, "kkt", None, program.depth + 1)


# The KKT conditions, recomputed from the data: a check of the solver, whatever its tolerances.


@dataclass(frozen=True)
class KktResiduals:
    """Violation of each KKT condition, in the scale of `Lagrangian`; 0 is exact."""

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
    """Return the residuals of the four KKT conditions of (23), recomputed from the data.

    Parameters
    ----------
    lagrangian : Lagrangian
        Cost c and excess G.
    p : (n,) float64 array
        Primal solution.
    alpha, nu, sign : (4,) array, float, (n,) array
        Multipliers of G p <= 0, sum p = 1 and p >= 0.
    """
    excess = lagrangian.excess @ p
    gradient = lagrangian.cost + alpha @ lagrangian.excess + nu - sign  # of (23) in p
    return KktResiduals(
        primal=float(max(0.0, excess.max(), -p.min(), abs(p.sum() - 1.0))),
        dual=float(max(0.0, -alpha.min(), -sign.min())),
        complementarity=float(max(np.abs(alpha * excess).max(), np.abs(sign * p).max())),
        stationarity=float(np.abs(gradient).max()),
    )
