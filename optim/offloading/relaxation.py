"""The relaxation of P1 over convex combinations of cuts, with its KKT conditions checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.offloading.answer import Answer
from edgeopt.optim.offloading.solvers import scan
from edgeopt.problems.errors import FloatArray, check_integer
from edgeopt.problems.offloading.program import CONSTRAINTS, CutProgram

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

    program: CutProgram
    weights: FloatArray | None
    multipliers: dict[str, float]
    bound: float | None
    residuals: KktResiduals | None
    rounded: Answer
    duality_gap: float | None


def relax(program: CutProgram) -> Relaxation:
    """Solve the relaxation with cvxpy and HiGHS' dual simplex and check the KKT conditions.

    The cut is an integer, to which KKT does not apply. Over convex combinations of cuts (time
    sharing: a part of the tasks at each cut) P1 is a linear program, whose KKT conditions are
    necessary and sufficient and whose optimum equals that of the Lagrangian dual of P1.

    HiGHS is the one in scipy: highspy 1.16 writes a banner to the standard output, which
    belongs to JSON.

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


def round_weights(program: CutProgram, weights: FloatArray) -> Answer:
    """Return the best feasible cut between those that are mixed, else the best of all."""
    mixed = np.flatnonzero(weights > SUPPORT)
    cuts = np.arange(weights.size)
    for candidates in ((cuts >= mixed[0]) & (cuts <= mixed[-1]), cuts >= 0):
        cost = np.where(candidates & program.feasible, program.cost, np.inf)
        if np.isfinite(cost).any():
            return Answer(program, "kkt", int(cost.argmin()), int(candidates.sum()))
    return _none(program)


def duality_gap(program: CutProgram, bound: float) -> float | None:
    """Return by how much `bound` is better than the best feasible cut, None without one."""
    best = scan(program).objective_value
    return None if best is None else max(0.0, program.objective.sign * (best - bound))


def _none(program: CutProgram) -> Answer:
    """Return the answer that there is no feasible cut."""
    return Answer(program, "kkt", None, program.depth + 1)


# The Lagrangian dual of P1 by projected subgradients: a second way to the same bound.

_PATH = 10.0  # path without gain after which the level is halved, times the level's root


@dataclass(frozen=True, eq=False)
class DualBound:
    """Best lower bound found.

    Parameters
    ----------
    bound : float
        Bound on f, in the objective's unit: no feasible cut is better.
    multipliers : (4,) float64 array
        Multipliers of the bound, in the scale of `Lagrangian`.
    trace : (iterations,) float64 array
        Best bound after each iteration.
    """

    bound: float
    multipliers: FloatArray
    trace: FloatArray


def dual_subgradient(program: CutProgram, *, iterations: int = 2000) -> DualBound:
    """Maximise the dual function q(alpha) = min_j c_j + alpha'g_j over alpha >= 0.

    Each q is a lower bound (weak duality), whether or not the iteration has converged. The step
    is Polyak's with the target level of Goffin and Kiwiel (Math. Programming 85, 1999): aim above
    the best bound by `level`, and halve the level when the path has become long without gain.
    If no mixture of cuts is feasible the dual is unbounded and the bound keeps growing.

    Parameters
    ----------
    program : Program
        The program.
    iterations : int
        Number of subgradient steps, >= 1.

    Examples
    --------
    >>> from edgeopt import build_program, load_network, load_system
    >>> from edgeopt.optim.offloading import dual_subgradient, relax
    >>> program = build_program(load_network("resnet34"), load_system("table1", nodes=10))
    >>> [round(one.bound, 2) for one in (dual_subgradient(program), relax(program))]
    [20.72, 20.72]
    """
    check_integer("iterations", iterations, at_least=1)
    data = lagrangian_of(program)
    alpha = best_alpha = np.zeros(data.excess.shape[0])
    best, level, path = data.bound(alpha), 1.0, 0.0
    trace = np.empty(iterations)
    for step in range(iterations):
        reduced = data.cost + alpha @ data.excess
        lowest = int(reduced.argmin())
        if reduced[lowest] > best:
            best, best_alpha, path = float(reduced[lowest]), alpha, 0.0
        elif path > _PATH * level**0.5:
            level, path, alpha = 0.5 * level, 0.0, best_alpha
        ascent = data.excess[:, lowest]
        length = (best + level - reduced[lowest]) / max(float(ascent @ ascent), 1e-300)
        moved = np.maximum(alpha + length * ascent, 0.0)
        path += float(np.linalg.norm(moved - alpha))
        alpha, trace[step] = moved, best
    values = np.array([data.unscale(value) for value in trace])
    return DualBound(data.unscale(best), best_alpha, values)


# The KKT conditions of the relaxed program, checked at a given solution.


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


# The Lagrangian of P1 (23), with multipliers of the right sign and in one scale.


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

    program: CutProgram
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


def lagrangian_of(program: CutProgram) -> Lagrangian:
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
