"""MASM-style choice of models and speeds: our reconstruction from the rival's abstract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from problems.errors import FloatArray, InputError, check_array, check_number

_EPSILON = 1e-9  # least speed beyond the load, as a share of all: keeps the delay finite


@dataclass(frozen=True, eq=False)
class MasmProblem:
    """Share tasks and speed among K models of different work and accuracy.

    ``min sum_k w_k [theta (d_k / R + Z_k / (f_k - w_k a Z_k)) + (1 - theta) kappa Z_k f_k^2]``
    with ``sum w = 1``, ``sum f <= F``, ``sum w_k q_k >= Q``, ``w_k a Z_k < f_k``.

    The paper compares itself with MASM but gives none of its settings; this is what its abstract
    describes (delay and energy by the choice of model and allotted speed, at a least accuracy),
    with a queue M/M/1 before each model. It is not the authors' program.

    Parameters
    ----------
    work : array_like, shape (K,)
        Z_k of one task, FLOP, > 0.
    quality : array_like, shape (K,)
        q_k, accuracy of each model.
    upload_s : array_like, shape (K,)
        d_k / R, s, >= 0.
    arrival_hz : float
        a, 1/s, > 0.
    flops : float
        F, FLOP/s, > 0.
    theta : float
        Weight of a second against a joule, in [0, 1].
    kappa : float
        Energy of one FLOP at speed f is kappa f^2, J s^2 / FLOP^3, >= 0.
    least_quality : float
        Q.

    Raises
    ------
    InputError
        If a value is out of range, or no model is accurate enough.
    """

    work: FloatArray
    quality: FloatArray
    upload_s: FloatArray
    arrival_hz: float
    flops: float
    theta: float
    kappa: float
    least_quality: float

    def __post_init__(self) -> None:
        work = check_array("work", self.work, ndim=1, above=0)
        for name in ("quality", "upload_s"):
            values = check_array(name, getattr(self, name), ndim=1, at_least=0)
            if values.shape != work.shape:
                raise InputError(f"{name}.shape", values.shape, str(work.shape))
            object.__setattr__(self, name, values)
        object.__setattr__(self, "work", work)
        check_number("arrival_hz", self.arrival_hz, above=0)
        check_number("flops", self.flops, above=0)
        check_number("theta", self.theta, at_least=0, at_most=1)
        check_number("kappa", self.kappa, at_least=0)
        check_number("least_quality", self.least_quality, at_most=float(self.quality.max()))

    @property
    def loads(self) -> FloatArray:
        """Share a Z_k / F of all speed that model k takes if it gets all tasks, (K,)."""
        return np.asarray(self.arrival_hz * self.work / self.flops)


@dataclass(frozen=True, eq=False)
class MasmAnswer:
    """Shares and speeds.

    Attributes
    ----------
    share : ndarray, shape (K,)
        w_k.
    flops : ndarray, shape (K,)
        f_k, FLOP/s; their sum is at most F.
    cost : float
        theta s + (1 - theta) J.
    """

    share: FloatArray
    flops: FloatArray
    cost: float


def masm_cost(problem: MasmProblem, share: FloatArray, flops: FloatArray) -> float:
    """Return the cost of shares and speeds, shape (K,) each; infinite where a queue is unstable.

    A model without tasks costs nothing, whatever its speed.
    """
    used = share > 0
    w, f, z = share[used], flops[used], problem.work[used]
    free = f - w * problem.arrival_hz * z
    if (free <= 0).any():
        return np.inf
    delay = problem.upload_s[used] + z / free
    energy = problem.kappa * z * f**2
    return float(w @ (problem.theta * delay + (1.0 - problem.theta) * energy))


def solve_masm(problem: MasmProblem) -> MasmAnswer:
    """Return the best shares and speeds that SLSQP finds from several starts.

    The program is not convex (w / (f - w a Z) is not, in w and f together), so the best of several
    local optima is no proof; the tests hold it against a grid. Starts: each model as often as the
    quality allows, the rest the most accurate one. Variables: w, and the free speed
    g_k = f_k / F - w_k a Z_k / F, in which all constraints are linear. Deterministic.

    Where the tasks are more than the speed can serve at that quality the cost is infinite, and the
    answer the start of the smallest load with speeds in proportion to it.
    """
    starts = _starts(problem)
    usable = [start for start in starts if start @ problem.loads < 1.0 - len(start) * _EPSILON]
    if not usable:
        share = starts[(starts @ problem.loads).argmin()]
        parts = share * problem.loads / (share @ problem.loads)
        return MasmAnswer(share, problem.flops * parts, np.inf)
    return min((_descend(problem, start) for start in usable), key=lambda answer: answer.cost)


def _starts(problem: MasmProblem) -> FloatArray:
    """Return shares that meet the quality, (K, K): row k has as much of model k as it allows."""
    best = int(problem.quality.argmax())
    gap = problem.quality[best] - problem.quality
    room = problem.quality[best] - problem.least_quality
    most = np.minimum(1.0, room / np.where(gap > 0, gap, 1.0))
    shares = np.diag(np.where(gap > 0, most, 1.0))
    shares[:, best] += 1.0 - shares.sum(axis=1)
    return shares


def _descend(problem: MasmProblem, share: FloatArray) -> MasmAnswer:
    """Return the local optimum from a start that leaves speed free."""
    from scipy.optimize import minimize

    k, loads = len(share), problem.loads
    rest = 1.0 - share @ loads
    roots = np.sqrt(share * problem.work)
    free = np.maximum(rest * roots / roots.sum(), _EPSILON)  # least delay for these shares
    constraints = [
        {"type": "eq", "fun": lambda v: v[:k].sum() - 1.0},
        {"type": "ineq", "fun": lambda v: 1.0 - v[:k] @ loads - v[k:].sum()},
        {"type": "ineq", "fun": lambda v: v[:k] @ problem.quality - problem.least_quality},
    ]
    found = minimize(
        lambda v: _cost_and_slope(problem, v[:k], v[k:])[0],
        np.concatenate([share, free]),
        jac=lambda v: _cost_and_slope(problem, v[:k], v[k:])[1],
        method="SLSQP",
        bounds=[(0.0, 1.0)] * k + [(_EPSILON, 1.0)] * k,
        constraints=constraints,
        options={"maxiter": 500, "ftol": 1e-12},
    )
    return _answer(problem, found.x)


def _cost_and_slope(
    problem: MasmProblem, share: FloatArray, free: FloatArray
) -> tuple[float, FloatArray]:
    """Return the cost and its gradient in shares and free speeds (as shares of F)."""
    theta, loads = problem.theta, problem.loads
    seconds = problem.work / problem.flops
    joules = problem.kappa * problem.work * problem.flops**2
    speed = share * loads + free
    delay = problem.upload_s + seconds / free
    per_task = theta * delay + (1.0 - theta) * joules * speed**2
    pull = 2.0 * (1.0 - theta) * share * joules * speed
    slope_free = pull - theta * share * seconds / free**2
    return float(share @ per_task), np.concatenate([per_task + pull * loads, slope_free])


def _answer(problem: MasmProblem, variables: FloatArray) -> MasmAnswer:
    """Return shares and speeds that meet the constraints to rounding."""
    k = len(problem.work)
    share = np.clip(variables[:k], 0.0, 1.0)
    share = np.where(share < _EPSILON, 0.0, share)
    share /= share.sum()
    speed = np.where(share > 0, share * problem.loads + variables[k:], 0.0)
    flops = problem.flops * speed / max(1.0, speed.sum())
    return MasmAnswer(share, flops, masm_cost(problem, share, flops))
