"""The cut of the collaborative schemes: TMOA's."""

from __future__ import annotations

import warnings

import numpy as np

from experiments.framework.setting import Setting
from optim.offloading.tmoa import tmoa_printed, tmoa_repaired
from problems.offloading.constraints import CONSTRAINTS
from problems.offloading.program import build_program

TMOA = -1
"""Stands for TMOA's cut where a cut is asked for."""


class SchemeWarning(UserWarning):
    """A scheme does what it can, which is not what it was asked for."""


def tmoa_cut(setting: Setting, objective: str) -> int:
    """Return the cut of Algorithm 2: as printed under the printed reading, else repaired.

    Where no cut meets the constraints, the one that exceeds its limits by the smallest factor, and
    a `SchemeWarning`: an overloaded system is simulated, too.
    """
    program = build_program(
        setting.profile, setting.system, reading=setting.reading, objective=objective
    )
    if setting.reading.name == "printed":
        return tmoa_printed(program).cut or 0
    answer = tmoa_repaired(program)
    if answer.cut is not None:
        return answer.cut
    excess = program.values / program.limits
    cut = int(excess.max(axis=0).argmin())
    worst = CONSTRAINTS[int(excess[:, cut].argmax())]
    factor = np.format_float_positional(excess[:, cut].max(), precision=3, fractional=False)
    text = f"no cut meets all constraints; cut {cut} has {factor} times its limit of {worst}"
    warnings.warn(text, SchemeWarning, stacklevel=2)
    return cut
