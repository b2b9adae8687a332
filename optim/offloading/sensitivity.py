"""How robust the best cut is: ranges of the inputs, and shadow prices of the limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from edgeopt.optim.offloading.relaxation import Relaxation
from edgeopt.optim.offloading.solvers import Answer, best_cuts
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.arrays import network_arrays, system_arrays
from edgeopt.problems.offloading.program import CONSTRAINTS, CutProgram
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.systems.system import System

_CutsAt = Callable[[FloatArray], IntArray]

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
"""Inputs as the report names them; the values are fields of `SystemArrays`."""

_TIMED = {"flops": "measured_s", "cloud_flops": "cloud_measured_s"}

_RANGE = 16.0  # factors from 1 / 16 to 16 are searched

_POINTS = 257  # of the grid of factors on one side of 1

_REFINEMENTS = 2  # each divides the step by 256


@dataclass(frozen=True)
class Sensitivity:
    """The range of one input over which the best cut stays the same.

    Parameters
    ----------
    name : str
        One of `INPUTS`.
    lowest, highest : float
        Factors on the input between which the cut stays the same; 0 and infinity if it does not
        change within factors of 1/16 and 16.
    below, above : int or None
        The best cut just beyond each end; -1: no cut is feasible; None: no change.
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

    Factors are compared on a geometric grid that is refined where the cut first changes: the ends
    are exact to 1e-6, but a change that is undone within one of the 256 steps is missed.

    Examples
    --------
    >>> from edgeopt import load_network, load_system, sensitivities
    >>> network, system = load_network("resnet34"), load_system("table1", nodes=10)
    >>> [one.name for one in sensitivities(network, system)][:3]
    ['node speed', 'node memory', 'memory bandwidth']
    """
    work = network_arrays(profile, reading)
    columns = system_arrays(system, work, reading)

    def cuts(field: str, factors: FloatArray) -> IntArray:
        # The factors become the leading axis of a batch of systems.
        factor = factors[:, np.newaxis, np.newaxis]
        column = factor * getattr(columns, field)
        # Measured times are those of a device, whose speed they stand for.
        timed = _TIMED.get(field, "")
        seconds = getattr(columns, timed, None)
        also = {} if seconds is None else {timed: seconds / factor}
        scaled = replace(columns, **{field: column}, **also)
        found = best_cuts(work, scaled, reading=reading, objective=objective, weight=weight)
        return np.broadcast_to(found, factors.shape)

    return tuple(_range(name, partial(cuts, field)) for name, field in INPUTS.items())


def _range(name: str, cuts: _CutsAt) -> Sensitivity:
    """Return the range of one input around the factor 1."""
    lowest, below = _first_change(cuts, 1.0 / _RANGE)
    highest, above = _first_change(cuts, _RANGE)
    return Sensitivity(name, lowest, highest, below, above)


def _first_change(cuts: _CutsAt, end: float) -> tuple[float, int | None]:
    """Return the last factor from 1 towards `end` that keeps the cut, and the cut beyond it."""
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


# Shadow prices: the gain of one unit more of memory, time or energy, as numbers and as a sentence.

_STEPS = {
    "memory": (2.0**20, "MiB", "MiB of usable memory on the smallest node"),
    "delay": (1e-3, "ms", "millisecond of deadline"),
    "energy": (1.0, "J", "joule of budget on the tightest node"),
}


@dataclass(frozen=True)
class ShadowPrice:
    """The shadow price of one constraint, and the next cut that it forbids.

    Parameters
    ----------
    constraint : str
        One of `CONSTRAINTS` other than stability.
    multiplier : float
        Improvement of f per unit (byte, s, J) of the limit, from the relaxation.
    next_cut : int or None
        The better cut that this constraint alone forbids and that needs the least more of it.
    needed : float
        How much the limit must grow to allow that cut, in the constraint's unit; 0 without one.
    words : str
        Price and next cut as a sentence.
    """

    constraint: str
    multiplier: float
    next_cut: int | None
    needed: float
    words: str


def shadow_prices(answer: Answer, relaxation: Relaxation) -> tuple[ShadowPrice, ...]:
    """Return the prices of C1-C3 at the cut of `answer`.

    The multiplier of (23) is the slope of the relaxation, in which tasks may be spread over two
    cuts; the next integer cut needs the finite step `ShadowPrice.needed`.

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
    """Return the better cut that one limit alone forbids, and by how much it must grow.

    Of several such cuts the one that needs the least more.

    Parameters
    ----------
    program : CutProgram
        The program.
    cut : int or None
        The present cut; None if no cut is feasible, in which case every cut is better.
    constraint : str
        The constraint whose limit may grow; the others stay fixed.
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
        name = program.profile.cut_names[target]
        parts.append(f"cut {target} ({name}) needs {needed / step:.4g} {unit} more")
    words = "; ".join(parts) or f"more {constraint} alone changes nothing"
    return ShadowPrice(constraint, multiplier, target, needed, words)


def _slope(program: CutProgram, gain: float) -> str:
    """Return in words what one step more of a limit does to the objective."""
    objective = program.objective
    if gain <= 1e-12:
        return "changes nothing"
    if objective.name == "deepest":
        return f"lets the cut move {gain:.3g} layers deeper on average"
    return f"lowers the bound on {objective.name} by {gain:.3g} {objective.unit}"
