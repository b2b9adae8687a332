"""Schemes with one cut for all tasks: TMOA's, everything in the cloud, everything on the edge."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.plan import Plan, plan_cut
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.offloading.solvers import tmoa_printed, tmoa_repaired
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.offloading.program import CONSTRAINTS, build_program
from edgeopt.problems.parameters import check_parameters, parameter

TMOA = -1
"""As a scheme's cut: the one that TMOA (Algorithm 2) chooses."""


class SchemeWarning(UserWarning):
    """A scheme deviates from its rule, which cannot be kept."""


def tmoa_cut(split: SplitSystem, objective: str) -> int:
    """Return the cut of Algorithm 2: as printed under the printed reading, else repaired.

    If no cut meets the constraints: the cut that exceeds its limits by the smallest factor, with a
    `SchemeWarning`, since an overloaded system is simulated as well.
    """
    program = build_program(split.profile, split.system, reading=split.reading, objective=objective)
    if split.reading.name == "printed":
        return tmoa_printed(program).cut or 0
    answer = tmoa_repaired(program)
    if answer.cut is not None:
        return answer.cut
    # Relative, since bytes, seconds and joules cannot be compared otherwise.
    excess = program.values / program.limits
    cut = int(excess.max(axis=0).argmin())
    worst = CONSTRAINTS[int(excess[:, cut].argmax())]
    factor = np.format_float_positional(excess[:, cut].max(), precision=3, fractional=False)
    text = f"no cut meets all constraints; cut {cut} has {factor} times its limit of {worst}"
    warnings.warn(text, SchemeWarning, stacklevel=2)
    return cut


CutObjective = Literal["deepest", "delay", "energy", "throughput"]


@dataclass(frozen=True)
class Collaborative:
    """Layers 1..j on the edge, the rest in the cloud; j is given or chosen by Algorithm 2.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """

    objective: CutObjective = parameter("deepest", "what TMOA optimises")
    cut: int = parameter(TMOA, "layers on the edge, -1: TMOA's choice", at_least=-1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(split, stream, conditions, self.cut_of(split))

    def cut_of(self, split: SplitSystem) -> int:
        """Return the cut for a network and system."""
        if self.cut == TMOA:
            return tmoa_cut(split, self.objective)
        return split.check_cut("cut", self.cut)


# The two extremes, as baselines.


@dataclass(frozen=True)
class CloudOnly:
    """Cut 0 for every task: the edge forwards what the terminals send.

    Examples
    --------
    See `simulate`.
    """

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(split, stream, conditions, 0)


@dataclass(frozen=True)
class EdgeOnly:
    """Cut N for every task: nothing is uploaded, whether or not the network fits into memory.

    Examples
    --------
    >>> from edgeopt.optim.framework import make_scheme
    >>> make_scheme("edge-only", {})
    EdgeOnly()
    """

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(split, stream, conditions, split.depth)
