"""How far each input may change before the best cut changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.offloading.answer import Answer
from edgeopt.optim.offloading.relaxation import Relaxation
from edgeopt.optim.offloading.solvers import best_cuts
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.arrays import columns_of, work_of
from edgeopt.problems.offloading.program import CONSTRAINTS, CutProgram
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.systems.system import System

IntArray = NDArray[np.int64]

CutsAt = Callable[[FloatArray], IntArray]

INPUTS = {
    "node speed": "flops",
    "node memory": "memory_limit_bytes",
    "memory bandwidth": "memory_bandwidth_byte_s",
    "energy budget": "energy_budget_j",
    "static power": "static_power_w",
    "rate to the cloud": "rate_bit_s",
    "round trip": "round_trip_s",
    "cloud speed": "cloud_flops",
    "terminal upload time": "inverse_rate_s_bit",
    "task size": "size_bytes",
    "arrival rate": "arrival_hz",
    "deadline": "deadline_s",
}
"""Inputs by the words of the report; the values are fields of `Columns`."""

_RANGE = 16.0  # factors from 1 / 16 to 16 are looked at

_POINTS = 257

_REFINEMENTS = 2


@dataclass(frozen=True)
class Sensitivity:
    """The range of one input in which the best cut stays.

    Parameters
    ----------
    name : str
        One of `INPUTS`.
    lowest, highest : float
        Factors on the input between which the cut stays; 0 and infinity if nothing changes
        within factors of 1/16 and 16.
    below, above : int or None
        The best cut just beyond each end; -1: no feasible cut; None: nothing changes there.
    """

    name: str
    lowest: float
    highest: float
    below: int | None
    above: int | None


def sensitivities(
    profile: Profile,
    system: System,
    *,
    reading: Reading = CORRECTED,
    objective: str = "deepest",
    weight: float = 0.0,
) -> tuple[Sensitivity, ...]:
    """Return the range of each input, all others fixed; arguments as in `build_program`.

    Factors are compared on a geometric grid that is refined where the cut changes first: the ends
    are exact to 1e-6, but a change that undoes itself within one of 256 steps is missed.

    Examples
    --------
    >>> from edgeopt import load_network, load_system, sensitivities
    >>> network, system = load_network("resnet34"), load_system("table1", nodes=10)
    >>> [one.name for one in sensitivities(network, system)][:3]
    ['node speed', 'node memory', 'memory bandwidth']
    """
    work = work_of(profile, reading)
    columns = columns_of(system, work, reading)

    def cuts(field: str, factors: FloatArray) -> IntArray:
        column = factors[:, np.newaxis, np.newaxis] * getattr(columns, field)
        scaled = replace(columns, **{field: column})
        found = best_cuts(work, scaled, reading=reading, objective=objective, weight=weight)
        return np.broadcast_to(found, factors.shape)

    return tuple(_range(name, partial(cuts, field)) for name, field in INPUTS.items())


def _range(name: str, cuts: CutsAt) -> Sensitivity:
    """Return the range of one input around the factor 1."""
    lowest, below = _first_change(cuts, 1.0 / _RANGE)
    highest, above = _first_change(cuts, _RANGE)
    return Sensitivity(name, lowest, highest, below, above)


def _first_change(cuts: CutsAt, end: float) -> tuple[float, int | None]:
    """Return the last factor from 1 towards `end` with the same cut, and the cut beyond it."""
    start, beyond = 1.0, None
    present = cuts(np.ones(1))[0]
    for _ in range(1 + _REFINEMENTS):
        factors = np.geomspace(start, end, _POINTS)
        found = cuts(factors)
        changed = found != present
        if not changed.any():
            return (0.0 if end < 1.0 else np.inf), None
        first = int(changed.argmax())
        start, end, beyond = float(factors[first - 1]), float(factors[first]), int(found[first])
    return start, beyond


# Shadow prices in words: what more memory, time or energy would change.

_STEPS = {
    "memory": (2.0**20, "MiB", "MiB of usable memory on the smallest node"),
    "delay": (1e-3, "ms", "millisecond of deadline"),
    "energy": (1.0, "J", "joule of budget on the tightest node"),
}


@dataclass(frozen=True)
class ShadowPrice:
    """The price of one constraint.

    Parameters
    ----------
    constraint : str
        One of `CONSTRAINTS`, stability aside.
    multiplier : float
        Improvement of f for one unit (byte, s, J) more, from the relaxation.
    next_cut : int or None
        The nearest better cut that this constraint alone forbids.
    needed : float
        By how much the limit must grow to allow it, in the constraint's unit; 0 without one.
    words : str
        Both as a sentence.
    """

    constraint: str
    multiplier: float
    next_cut: int | None
    needed: float
    words: str


def shadow_prices(answer: Answer, relaxation: Relaxation) -> tuple[ShadowPrice, ...]:
    """Return the prices of C1-C3 at the cut of `answer`.

    The multiplier is the slope of the relaxation, where tasks may be spread over two cuts; the
    next whole cut needs the finite step `ShadowPrice.needed`.

    Examples
    --------
    >>> from edgeopt import build_program, load_network, load_system, scan
    >>> from edgeopt.optim.offloading import relax, shadow_prices
    >>> program = build_program(load_network("resnet34"), load_system("table1", nodes=10))
    >>> [price.constraint for price in shadow_prices(scan(program), relax(program))]
    ['memory', 'delay', 'energy']
    """
    return tuple(_price(answer, relaxation, name) for name in _STEPS)


def next_cut(program: CutProgram, cut: int | None, constraint: str) -> tuple[int | None, float]:
    """Return the better cut that one limit alone forbids and that needs the least more of it.

    Parameters
    ----------
    program : Program
        The program.
    cut : int or None
        The present cut; None if there is none, when every cut would be better.
    constraint : str
        The limit that may grow; all others stay.
    """
    row = CONSTRAINTS.index(constraint)
    others = np.delete(program.holds, row, axis=0).all(axis=0)
    better = program.cost < (np.inf if cut is None else program.cost[cut])
    forbidden = others & better & ~program.holds[row]
    needed = np.where(forbidden, -program.slacks[row], np.inf)
    best = int(needed.argmin())
    return (best, float(needed[best])) if np.isfinite(needed[best]) else (None, 0.0)


def _price(answer: Answer, relaxation: Relaxation, constraint: str) -> ShadowPrice:
    """Return the price of one constraint."""
    program = answer.program
    target, needed = next_cut(program, answer.cut, constraint)
    multiplier = relaxation.multipliers.get(constraint, 0.0)
    step, unit, what = _STEPS[constraint]
    parts = []
    if constraint in relaxation.multipliers:
        parts.append(f"one more {what} {_slope(program, multiplier * step)}")
    if target is not None:
        name = program.cut_names[target]
        parts.append(f"cut {target} ({name}) needs {needed / step:.4g} {unit} more")
    words = "; ".join(parts) or f"more {constraint} alone changes nothing"
    return ShadowPrice(constraint, multiplier, target, needed, words)


def _slope(program: CutProgram, gain: float) -> str:
    """Say what one step more does to the objective."""
    objective = program.objective
    if gain <= 1e-12:
        return "changes nothing"
    if objective.name == "deepest":
        return f"lets the cut move {gain:.3g} layers deeper on average"
    return f"lowers the bound on {objective.name} by {gain:.3g} {objective.unit}"
