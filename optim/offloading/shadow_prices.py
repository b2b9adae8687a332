"""Shadow prices in words: what more memory, time or energy would change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optim.offloading.answer import Answer
from optim.offloading.relaxation import Relaxation
from problems.offloading.constraints import CONSTRAINTS
from problems.offloading.program import Program

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
    """
    return tuple(_price(answer, relaxation, name) for name in _STEPS)


def next_cut(program: Program, cut: int | None, constraint: str) -> tuple[int | None, float]:
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


def _slope(program: Program, gain: float) -> str:
    """Say what one step more does to the objective."""
    objective = program.objective
    if gain <= 1e-12:
        return "changes nothing"
    if objective.name == "deepest":
        return f"lets the cut move {gain:.3g} layers deeper on average"
    return f"lowers the bound on {objective.name} by {gain:.3g} {objective.unit}"
