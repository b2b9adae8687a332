"""The Lagrangian of P1 (23), and its dual by projected subgradients.

The paper forms (23) for an integer cut. Here the cuts are mixed: a share p_j of the tasks leaves
the edge at cut j, which makes P1 a linear program with the same Lagrangian dual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, InputError, check_integer
from edgeopt.problems.offloading.program import CutProgram

CONVERGED = 1e-3
"""The largest gap of a dual bound that has converged."""

_NEAR = (1e-7, 1e-6, 1e-5, 1e-4, 5e-4)  # reduced costs at which cuts count as the lowest

_FEASIBLE = 1e-6  # distance from a feasible mixture, in the scale of `Lagrangian`

_PATH = 10.0  # the level is halved after a path of this length, times its root, without gain


@dataclass(frozen=True, eq=False)
class Lagrangian:
    """P1 relaxed to convex combinations p of cuts: min c'p, G p <= 0, sum p = 1, p >= 0.

    Departs from (23), which adds constraints g <= 0 with plus signs to a function that is to be
    maximised and sums one multiplier over i = 1..j: here L(p, alpha) = c'p + alpha'G p with
    alpha >= 0 is minimised over p.

    Parameters
    ----------
    program : CutProgram
        The program that is relaxed.
    cuts : (n,) int64 array
        The cuts that may be mixed: those of finite delay, since a mixture that contains an
        unstable queue has no mean.
    cost : (n,) float64 array
        Cost, shifted and scaled to 0..1.
    excess : (4, n) float64 array
        G: value / limit - 1, each row divided by its largest magnitude where that exceeds 1.
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
        """Return the dual function q(alpha) = min_p L(p, alpha): a bound on the scaled cost."""
        # L is linear in p, so that its minimum over mixtures lies at a single cut.
        return float((self.cost + multipliers @ self.excess).min())  # (23)

    def unscale(self, scaled_cost: float) -> float:
        """Return a scaled cost as a value of the objective f, in its unit."""
        return self.program.objective.sign * (scaled_cost * self.span + self.shift)


def lagrangian_of(program: CutProgram) -> Lagrangian:
    """Return the scaled Lagrangian of `program`, without cuts whose queues grow without end."""
    cuts = np.flatnonzero(np.isfinite(program.values).all(axis=0) & np.isfinite(program.cost))
    cost, excess = program.cost[cuts], program.values[:, cuts] / program.limits[:, cuts] - 1.0
    shift = float(cost.min(initial=np.inf))
    # All cuts may cost the same.
    span = (float(np.ptp(cost)) if cuts.size else 0.0) or 1.0
    # One scale for bytes, seconds and joules: solvers have absolute tolerances.
    row_scale = np.abs(excess).max(axis=1, initial=1.0)
    return Lagrangian(
        program=program,
        cuts=cuts,
        cost=(cost - shift) / span,
        excess=excess / row_scale[:, np.newaxis],
        shift=shift,
        span=span,
        row_scale=row_scale,
    )


# The dual: a second way to the bound of the relaxation, independent of any LP solver.


@dataclass(frozen=True, eq=False)
class DualBound:
    """The best bound that subgradient steps have found.

    Parameters
    ----------
    bound : float
        Bound on f, in the objective's unit: no feasible cut is better.
    multipliers : (4,) float64 array
        Multipliers of the bound, in the scale of `Lagrangian`.
    trace : (iterations,) float64 array
        Best bound after each iteration.
    gap : float
        How far the bound may be from the best one, as a share of the range of f over the cuts;
        infinite if no mixture of cuts was found that shows it.
    """

    bound: float
    multipliers: FloatArray
    trace: FloatArray
    gap: float

    @property
    def converged(self) -> bool:
        """Whether the bound is proved to be within 0.001 of the range of f."""
        return self.gap <= CONVERGED


def dual_subgradient(program: CutProgram, *, iterations: int = 2000) -> DualBound:
    """Maximise the dual function of (23), q(alpha) = min_j c_j + alpha'g_j, over alpha >= 0.

    Every q(alpha) is a lower bound (weak duality), converged or not. The step length is Polyak's
    with the target level of Goffin and Kiwiel (Math. Programming 85, 1999): aim at the best bound
    plus `level`, and halve the level after a long path without gain. If no mixture of cuts is
    feasible, the dual is unbounded and the bound keeps growing. The paper names the multipliers
    but no method to find them.

    Parameters
    ----------
    program : CutProgram
        The program.
    iterations : int
        Number of subgradient steps, >= 1.

    Raises
    ------
    InputError
        If no cut of `program` has a finite delay.

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
    if not data.cuts.size:
        raise InputError("program", program.profile.name, "with a cut of finite delay")
    alpha = best_alpha = np.zeros(data.excess.shape[0])
    best, level, path = data.bound(alpha), 1.0, 0.0
    trace = np.empty(iterations)
    for step in range(iterations):
        reduced = data.cost + alpha @ data.excess  # (23) at each cut
        lowest = int(reduced.argmin())
        if reduced[lowest] > best:
            best, best_alpha, path = float(reduced[lowest]), alpha, 0.0
        elif path > _PATH * level**0.5:
            level, path, alpha = 0.5 * level, 0.0, best_alpha  # the target was too high
        ascent = data.excess[:, lowest]  # a subgradient of q at alpha
        length = (best + level - reduced[lowest]) / max(float(ascent @ ascent), 1e-300)
        moved = np.maximum(alpha + length * ascent, 0.0)  # projected on alpha >= 0
        path += float(np.linalg.norm(moved - alpha))
        alpha, trace[step] = moved, best
    values = np.array([data.unscale(value) for value in trace])
    return DualBound(data.unscale(best), best_alpha, values, _gap(data, best_alpha))


def _gap(data: Lagrangian, alpha: FloatArray) -> float:
    """Return the gap of q(alpha) that a mixture of the cuts of lowest L proves.

    A mixture p of cuts whose L is within e of the lowest, with G p = -s <= 0, costs at most
    q(alpha) + e + alpha's, and no bound is above the cost of a feasible mixture.
    """
    from scipy.optimize import nnls

    reduced, rows = data.cost + alpha @ data.excess, alpha.size
    least, wanted = np.inf, np.append(np.zeros(rows), 1.0)
    for near in _NEAR:
        cuts = np.flatnonzero(reduced <= reduced.min() + near)
        columns = np.vstack([data.excess[:, cuts], np.ones(cuts.size)])
        # Slack is free only where the multiplier is small.
        slacks = np.eye(rows + 1)[:, :rows][:, alpha <= CONVERGED]
        weights, distance = nnls(np.hstack([columns, slacks]), wanted)
        slack = weights[cuts.size :] @ alpha[alpha <= CONVERGED]
        if distance <= _FEASIBLE:
            least = min(least, near + float(slack + alpha.sum() * distance))
    return least
