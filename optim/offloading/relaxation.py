"""The relaxation of P1 over convex combinations of cuts, with its KKT conditions checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optim.offloading.answer import Answer
from optim.offloading.kkt import KktResiduals, kkt_residuals
from optim.offloading.lagrangian import Lagrangian, lagrangian_of
from optim.offloading.scan import scan
from problems.errors import FloatArray
from problems.offloading.constraints import CONSTRAINTS
from problems.offloading.program import Program

SUPPORT = 1e-9
"""Smaller weights are rounding errors of the solver."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Primal and dual solution of the relaxed program.

    Parameters
    ----------
    program : Program
        The program that was relaxed.
    weights : (N + 1,) float64 array or None
        Share of the tasks at each cut; None if no mixture of cuts meets the constraints.
    multipliers : dict
        Constraint to its shadow price: by how much f improves for one unit (byte, s, J) more of
        the limit. Empty without a solution.
    bound : float or None
        Optimum of the relaxation, in the objective's unit: no cut is better.
    residuals : KktResiduals or None
        KKT conditions of the solution.
    rounded : Answer
        The best feasible cut between the cuts that `weights` mixes, else the best of all.
    duality_gap : float or None
        Distance between the bound and the best feasible cut, in the objective's unit, >= 0; None
        if either does not exist.
    """

    program: Program
    weights: FloatArray | None
    multipliers: dict[str, float]
    bound: float | None
    residuals: KktResiduals | None
    rounded: Answer
    duality_gap: float | None


def relax(program: Program) -> Relaxation:
    """Solve the relaxation with cvxpy and HiGHS' dual simplex and check the KKT conditions.

    The cut is an integer, to which KKT does not apply. Over convex combinations of cuts (time
    sharing: a part of the tasks at each cut) P1 is a linear program, whose KKT conditions are
    necessary and sufficient and whose optimum equals that of the Lagrangian dual of P1.

    HiGHS is the one in scipy: highspy 1.16 writes a banner to the standard output, which
    belongs to JSON.
    """
    import cvxpy as cp

    lagrangian = lagrangian_of(program)
    p = cp.Variable(lagrangian.cuts.size)
    limits, simplex, signs = lagrangian.excess @ p <= 0, cp.sum(p) == 1, p >= 0
    problem = cp.Problem(cp.Minimize(lagrangian.cost @ p), [limits, simplex, signs])
    problem.solve(solver=cp.SCIPY, scipy_options={"method": "highs-ds"})
    if problem.status != cp.OPTIMAL:
        return Relaxation(program, None, {}, None, None, _none(program), None)
    alpha = np.asarray(limits.dual_value, dtype=np.float64)
    residuals = kkt_residuals(
        lagrangian, p.value, alpha, float(simplex.dual_value), np.asarray(signs.dual_value)
    )
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
    """Return the multipliers in units of f per unit of limit.

    The derivative of ``values / limits - 1`` by the limit, at the mixture `weights`, turns the
    scaled multiplier into a price.
    """
    values, limits = lagrangian.program.values, lagrangian.program.limits
    cuts = lagrangian.cuts
    slope = (values[:, cuts] / limits[:, cuts] ** 2) @ weights[cuts] / lagrangian.row_scale
    prices = np.maximum(alpha, 0.0) * slope * lagrangian.span
    return {name: float(price) for name, price in zip(CONSTRAINTS, prices, strict=True)}


def round_weights(program: Program, weights: FloatArray) -> Answer:
    """Return the best feasible cut between those that are mixed, else the best of all."""
    mixed = np.flatnonzero(weights > SUPPORT)
    cuts = np.arange(weights.size)
    for candidates in ((cuts >= mixed[0]) & (cuts <= mixed[-1]), cuts >= 0):
        cost = np.where(candidates & program.feasible, program.cost, np.inf)
        if np.isfinite(cost).any():
            return Answer(program, "kkt", int(cost.argmin()), int(candidates.sum()))
    return _none(program)


def duality_gap(program: Program, bound: float) -> float | None:
    """Return by how much `bound` is better than the best feasible cut, None without one."""
    best = scan(program).objective_value
    return None if best is None else max(0.0, program.objective.sign * (best - bound))


def _none(program: Program) -> Answer:
    """Return the answer that there is no feasible cut."""
    return Answer(program, "kkt", None, program.depth + 1)
