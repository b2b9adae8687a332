"""MASM-style: every task on the edge, on one of several models of different accuracy.

The scheme, and the program that it solves for each kind of node: our reconstruction.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.exits import exit_branch
from edgeopt.optim.framework.plan import Lanes, Plan, plan_cut
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray, InputError, check_array, check_integer, check_number


@dataclass(frozen=True)
class Masm:
    """Models of the network cut short, shares w_k of the tasks and speeds f_k from `solve_masm`.

    Our reconstruction, see `MasmProblem`. Each model consists of the first layers of the network
    and an `exit_branch`; q_k is the proxy of its accuracy, d_k / R the terminal's upload, the same
    for all. Every node gets tasks in proportion to its speed F and divides that speed among the
    models, each of which has its own queue. A field that breaks its rule is an `InputError`.

    Parameters
    ----------
    cuts : tuple of int
        Last layer of each model, increasing; the last may be the whole network.
    theta : float
        Weight of a second against a joule, in [0, 1].
    least_quality : float
        Q, least mean accuracy relative to the whole network, in [0, 1].

    Examples
    --------
    >>> from edgeopt.optim.framework import make_scheme
    >>> make_scheme("masm", {"cuts": [7, 34], "theta": 0.5}).cuts
    (7, 34)
    """

    cuts: tuple[int, ...] = (7, 15, 27, 34)
    theta: float = 0.9
    least_quality: float = 0.9

    def __post_init__(self) -> None:
        if not isinstance(self.cuts, tuple) or not self.cuts:
            raise InputError("cuts", self.cuts, "at least one cut")
        for cut in self.cuts:
            check_integer("cuts", cut, at_least=1)
        if any(a >= b for a, b in pairwise(self.cuts)):
            raise InputError("cuts", self.cuts, "rising")
        check_number("theta", self.theta, at_least=0, at_most=1)
        check_number("least_quality", self.least_quality, at_least=0, at_most=1)

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`. Each task draws its node, and its model by the shares."""
        split.check_cut("cuts", self.cuts[-1])
        cuts = np.array(self.cuts)
        branches = [exit_branch(split, cut) for cut in self.cuts]
        extra = np.array([branch.flop for branch in branches])
        work = split.work[cuts] + extra
        share, flops = self.solve(split, work)
        lane = rng.choice(share.size, size=stream.tasks, p=share.ravel() / share.sum())
        model = lane % len(cuts)
        whole = plan_cut(split, stream, conditions, self.cuts[-1])
        nothing = np.zeros(stream.tasks)
        return whole._replace(
            stages=whole.stages._replace(
                edge=work[model] * stream.size, upload_bits=nothing, cloud=nothing
            ),
            cut=cuts[model],
            flop=(split.flop[cuts] + extra)[model] * stream.size,
            accuracy=split.accuracy[cuts][model],
            model_bytes=whole.model_bytes + sum(branch.bytes for branch in branches),
            lanes=Lanes(lane, flops.ravel(), np.arange(split.nodes).repeat(len(cuts))),
        )

    def solve(self, split: SplitSystem, work: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return shares of all tasks and speeds of each model on each node, (x, K) each.

        Parameters
        ----------
        split : SplitSystem
            Network and system.
        work : (K,) array
            Work of each model, FLOP of `SplitSystem.work`.
        """
        # Identical nodes have the same program: solve it once for each kind.
        _, first, kinds = np.unique(split.kinds, return_index=True, return_inverse=True)
        answers = [solve_masm(self._problem(split, work, node)) for node in first.tolist()]
        tasks = split.speeds / split.speeds.sum()
        share = tasks[:, np.newaxis] * np.stack([answer.share for answer in answers])[kinds]
        return share, np.stack([answer.flops for answer in answers])[kinds]

    def _problem(self, split: SplitSystem, work: FloatArray, node: int) -> MasmProblem:
        """Return the program of one node."""
        device, speed = split.system.pool.devices[node], float(split.speeds[node])
        arrival_hz = split.system.tasks.arrival_hz * speed / float(split.speeds.sum())
        return MasmProblem(
            work=work,
            quality=split.accuracy[np.array(self.cuts)],
            upload_s=np.full(len(work), float(split.terms.uplink_s)),
            arrival_hz=arrival_hz,
            flops=speed,
            theta=self.theta,
            kappa=device.kappa * (device.clock_hz / speed) ** 2,
            least_quality=self.least_quality,
        )


# The program of one node: shares and speeds of the models, from the abstract of MASM.

_EPSILON = 1e-9  # least speed beyond the load, as a share of all

_LEAST = 1e-4  # the same during the search, which fails to converge with smaller numbers

_FULL = 1.0 - 1e-6  # load above which no free speed is left

_DECIMALS = 9  # shares that agree in so many are the same optimum

_NEWTON = 40  # steps; each at least halves a free speed that is far too large


@dataclass(frozen=True, eq=False)
class MasmProblem:
    """How to divide tasks and speed among K models of different work and accuracy.

    ``min sum_k w_k [theta (d_k / R + Z_k / (f_k - w_k a Z_k)) + (1 - theta) kappa Z_k f_k^2]``
    with ``sum w = 1``, ``sum f <= F``, ``sum w_k q_k >= Q``, ``w_k a Z_k < f_k``.

    The paper compares itself with MASM but gives none of its parameters. This is what MASM's
    abstract describes (delay and energy by the choice of model and allotted speed, at a least
    accuracy), with an M/M/1 queue before each model. It is not the authors' own program.

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

    The program is not convex, since w / (f - w a Z) is not jointly convex in w and f: the best of
    several local optima is not proved optimal; tests compare it with a grid. Starts: each model as
    often as the quality allows and the most accurate one for the rest, each also mixed with all
    others. The speeds are optimal for the shares found, see `best_speeds`. Deterministic.

    If the node cannot serve the tasks at that quality, the cost is infinite, and the answer is the
    start of the smallest load with speeds in proportion to it.
    """
    starts = _starts(problem)
    # Starts that use all models may descend to other local optima.
    mixed = 0.9 * starts + 0.1 * starts.mean(axis=0)
    usable = [start for start in (*starts, *mixed) if start @ problem.loads < _FULL]
    if not usable:
        share = starts[(starts @ problem.loads).argmin()]
        parts = share * problem.loads / (share @ problem.loads)
        return MasmAnswer(share, problem.flops * parts, np.inf)
    # Starts often end in the same optimum; it is refined only once.
    found = np.round([_descend(problem, start) for start in usable], _DECIMALS)
    shares = [share for share in np.unique(found, axis=0) if _is_legal(problem, share)]
    answers = [_answer(problem, share) for share in shares or usable]
    return min(answers, key=lambda answer: answer.cost)


def best_speeds(problem: MasmProblem, share: FloatArray) -> FloatArray:
    """Return the speeds of least cost for shares that leave speed free, (K,) FLOP/s.

    For fixed shares the program is convex. With the multiplier m of sum f <= F, each free speed
    g = f - w a Z (as a share of F) solves theta w Z / (F g^2) = m + 2 (1 - theta) w J (w a Z + g),
    and m is the least value >= 0 at which the free speeds fit.
    """
    from scipy.optimize import brentq

    def excess(log_multiplier: float) -> float:
        return float(_free_speeds(problem, share, np.exp(log_multiplier)).sum()) - rest

    rest = 1.0 - float(share @ problem.loads)
    free = _free_speeds(problem, share, 0.0)
    if free.sum() > rest:
        high = 1.0 + np.log((problem.work / problem.flops).sum()) - 2.0 * np.log(rest / len(share))
        low = high - 2.0
        # The multiplier spans many orders of magnitude: bracket its logarithm.
        while excess(low) < 0:
            low -= 2.0 * (high - low)
        free = _free_speeds(problem, share, np.exp(brentq(excess, low, high, xtol=1e-12)))
        free *= rest / free.sum()
    return np.asarray(problem.flops * (share * problem.loads + free))


def _free_speeds(problem: MasmProblem, share: FloatArray, multiplier: float) -> FloatArray:
    """Return g of each model for a multiplier, at most 1; 0 without tasks.

    The positive root of J g^3 + (m + J l) g^2 = theta w Z / F by Newton's method from above, from
    where the iterates decrease to the root without passing it.
    """
    pull = problem.theta * share * problem.work / problem.flops
    joules = 2.0 * (1.0 - problem.theta) * share * problem.kappa * problem.work * problem.flops**2
    square = multiplier + joules * share * problem.loads
    free = np.ones(len(share))
    for _ in range(_NEWTON):
        excess = free**2 * (joules * free + square) - pull
        if (excess <= 1e-14 * pull).all():
            break
        slope = free * (3.0 * joules * free + 2.0 * square)
        free = np.where(excess > 0, free - excess / np.where(slope > 0, slope, 1.0), free)
        free = np.maximum(free, _EPSILON)
    return np.where(share > 0, free, 0.0)


def _starts(problem: MasmProblem) -> FloatArray:
    """Return shares that meet the quality, (K, K): row k uses model k as much as it allows."""
    best = int(problem.quality.argmax())
    gap = problem.quality[best] - problem.quality
    room = problem.quality[best] - problem.least_quality
    most = np.minimum(1.0, room / np.where(gap > 0, gap, 1.0))
    shares = np.diag(np.where(gap > 0, most, 1.0))
    shares[:, best] += 1.0 - shares.sum(axis=1)
    return shares


def _is_legal(problem: MasmProblem, share: FloatArray) -> bool:
    """Return whether shares meet the quality and leave speed free."""
    is_good = share @ problem.quality >= problem.least_quality - 1e-8
    return bool(is_good and share @ problem.loads < _FULL)


def _descend(problem: MasmProblem, share: FloatArray) -> FloatArray:
    """Return the shares at a local optimum, from a start that leaves speed free.

    The variables are w and g, in which all constraints are linear.
    """
    from scipy.optimize import LinearConstraint, minimize

    k, loads = len(share), problem.loads
    roots = np.sqrt(share * problem.work)
    free = np.maximum((1.0 - share @ loads) * roots / roots.sum(), _LEAST)  # of least delay
    none, ones = np.zeros(k), np.ones(k)
    rows = np.stack([np.r_[loads, ones], np.r_[problem.quality, none]])
    limits = LinearConstraint(rows, [0.0, problem.least_quality], [1.0, np.inf])
    found = minimize(  # type: ignore[call-overload]
        lambda v: _cost_and_slope(problem, v[:k], v[k:]),
        np.concatenate([share, free]),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * k + [(_LEAST, 1.0)] * k,
        constraints=[LinearConstraint(np.r_[ones, none], 1.0, 1.0), limits],
        options={"maxiter": 200, "ftol": 1e-10},
    )
    shares = np.clip(found.x[:k], 0.0, 1.0)
    shares = np.where(shares < _LEAST, 0.0, shares)
    return np.asarray(shares / shares.sum())


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


def _answer(problem: MasmProblem, share: FloatArray) -> MasmAnswer:
    """Return the answer with the best speeds for given shares."""
    flops = best_speeds(problem, share)
    return MasmAnswer(share, flops, masm_cost(problem, share, flops))
