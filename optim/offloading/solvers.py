"""The answer of a solver of the offloading program, and the solvers: scan, Pareto cuts, TMOA."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, check_choice
from edgeopt.problems.offloading.arrays import NetworkArrays, SystemArrays
from edgeopt.problems.offloading.program import (
    CONSTRAINT_UNITS,
    CONSTRAINTS,
    OBJECTIVES,
    CutProgram,
    Objective,
    meets_constraints,
)
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.offloading.terms import CutTerms


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


def scan(program: CutProgram) -> Answer:
    """Return the feasible cut of least cost; among equal ones the shallowest.

    The exact solution of P1 (21, 22). The paper applies KKT conditions to an integer j in 0..N,
    for which they do not hold; with at most a few hundred cuts, enumeration takes microseconds.

    Examples
    --------
    >>> from edgeopt import build_program, load_network, load_system, scan
    >>> network, system = load_network("resnet34"), load_system("table1", nodes=10)
    >>> answer = scan(build_program(network, system))
    >>> answer.cut, answer.binding
    (20, ('memory',))
    """
    cost = np.where(program.feasible, program.cost, np.inf)
    best = int(cost.argmin())
    return Answer(program, "scan", best if program.feasible[best] else None, cost.size)


# The scan of many systems at once, on arrays instead of a program for each.

_BLOCK = 1000  # systems at a time, so that the arrays stay in the processor's cache


def best_cuts(
    work: NetworkArrays,
    columns: SystemArrays,
    *,
    reading: Reading = CORRECTED,
    objective: str = "deepest",
    weight: float = 0.0,
) -> NDArray[np.int64]:
    """Return the best feasible cut of each system, -1 where there is none.

    Parameters
    ----------
    work : NetworkArrays
        The network, from `network_arrays`.
    columns : SystemArrays
        One system, from `system_arrays`, or a batch with one leading axis.
    reading : Reading
        The reading that made `work` and `columns`.
    objective : str
        One of `OBJECTIVES`.
    weight : float
        As in `build_program`.

    Returns
    -------
    int64 array
        Shape () for one system, (S,) for S systems; the same cuts as `scan`.

    Examples
    --------
    >>> from edgeopt.optim.offloading import best_cuts
    >>> from edgeopt.problems import load_network, load_system
    >>> from edgeopt.problems.offloading import chosen_reading, network_arrays, system_arrays
    >>> reading = chosen_reading("corrected", {})
    >>> network = network_arrays(load_network("resnet34"), reading)
    >>> system = system_arrays(load_system("table1", nodes=10), network, reading)
    >>> int(best_cuts(network, system))
    20
    """
    chosen = OBJECTIVES[check_choice("objective", objective, OBJECTIVES)]
    if columns.count.ndim == 2:
        return _best(work, columns, reading, chosen, weight)
    size = columns.count.shape[0]
    blocks = [_block(columns, start, start + _BLOCK) for start in range(0, size, _BLOCK)]
    return np.concatenate([_best(work, block, reading, chosen, weight) for block in blocks])


def _best(
    work: NetworkArrays,
    columns: SystemArrays,
    reading: Reading,
    objective: Objective,
    weight: float,
) -> NDArray[np.int64]:
    """Scan the systems of one block."""
    terms = CutTerms(work, columns, reading)
    feasible = meets_constraints(terms)
    cost = np.where(feasible, objective.sign * objective.value(terms, weight), np.inf)
    return np.where(feasible.any(axis=-1), cost.argmin(axis=-1), -1)[..., 0]


def _block(columns: SystemArrays, start: int, stop: int) -> SystemArrays:
    """Return the systems start..stop - 1."""
    return SystemArrays(
        **{
            name: value[start:stop] if np.ndim(value) == 3 else value
            for name, value in vars(columns).items()
        }
    )


# The Pareto front of delay, energy and depth.


def criteria(program: CutProgram) -> FloatArray:
    """Return delay (s), energy of a task (J) and minus the depth of each cut, (N + 1, 3)."""
    terms, depth = program.terms, np.arange(program.depth + 1.0)
    return np.column_stack([terms.delay_s.ravel(), terms.mean_energy_j.ravel(), -depth])


def pareto_cuts(program: CutProgram, *, columns: tuple[int, ...] = (0, 1, 2)) -> tuple[int, ...]:
    """Return the feasible cuts that no other feasible cut dominates, in order.

    Parameters
    ----------
    program : CutProgram
        Its objective is ignored.
    columns : tuple of int
        Columns of `criteria` to compare; (0, 1) is the front of delay and energy.

    Examples
    --------
    >>> from edgeopt import build_program, load_network, load_system, pareto_cuts
    >>> network, system = load_network("resnet34"), load_system("table1", nodes=10)
    >>> pareto_cuts(build_program(network, system))[:3]
    (0, 1, 2)
    """
    cuts = np.flatnonzero(program.feasible)
    points = criteria(program)[cuts][:, list(columns)]
    no_worse = (points[:, np.newaxis] <= points).all(axis=2)
    better = (points[:, np.newaxis] < points).any(axis=2)
    dominated = (no_worse & better).any(axis=0)
    return tuple(int(cut) for cut in cuts[~dominated])


# TMOA, the paper's Algorithm 2, as printed and repaired.

LINE_10 = ("memory", "delay", "energy")
"""The constraints that Algorithm 2 tests."""


def tmoa_printed(program: CutProgram) -> Answer:
    """Run Algorithm 2 as printed: walk from the input, stop at the first infeasible layer.

    Where it departs from the optimum: it stops (line 12) although deeper cuts may be feasible,
    since the link's time is not monotone in j; its loop ends at i < N, so the last layer is never
    tested; line 10 tests memory, delay and energy, strictly, but not whether the queues are
    stable; cut 0 is returned untested, feasible or not (`Answer.is_feasible` tells); the objective
    is always the depth. Line 10 takes its terms from the program's reading.

    Parameters
    ----------
    program : Program
        Its objective is ignored.

    Examples
    --------
    See `tmoa_repaired`.
    """
    tested = [CONSTRAINTS.index(name) for name in LINE_10]
    strict = np.asarray((program.values[tested] < program.limits[tested]).all(axis=0))
    cut = 1
    while cut < program.depth and strict[cut]:
        cut += 1
    return Answer(program, "tmoa printed", cut - 1, min(cut, program.depth - 1))


def tmoa_repaired(program: CutProgram) -> Answer:
    """Run Algorithm 2 without its errors: from the best cut on, take the first feasible one.

    All cuts 0..N are candidates, in the order of their cost (deepest first for the paper's
    objective; of equal ones the shallower first), so that the first feasible cut is the optimum
    and the walk may stop.

    Examples
    --------
    >>> from edgeopt import build_program, load_network, load_system, scan
    >>> from edgeopt.optim.offloading import tmoa_printed, tmoa_repaired
    >>> program = build_program(load_network("resnet34"), load_system("table1", nodes=10))
    >>> [solver(program).cut for solver in (tmoa_printed, tmoa_repaired, scan)]
    [20, 20, 20]
    """
    order = np.argsort(program.cost, kind="stable")
    feasible = program.feasible[order]
    if not feasible.any():
        return Answer(program, "tmoa", None, order.size)
    place = int(feasible.argmax())
    return Answer(program, "tmoa", int(order[place]), place + 1)
