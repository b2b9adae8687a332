"""The paper's scheme without dormancy: one cut for all tasks, TMOA's."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.plan import Plan, plan_cut
from edgeopt.optim.framework.setting import SplitSystem
from edgeopt.optim.offloading.solvers import tmoa_printed, tmoa_repaired
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.offloading.program import CONSTRAINTS, build_program
from edgeopt.problems.parameters import check_parameters, parameter

# The cut of the collaborative schemes: TMOA's.

TMOA = -1
"""Stands for TMOA's cut where a cut is asked for."""


class SchemeWarning(UserWarning):
    """A scheme does what it can, which is not what it was asked for."""


def tmoa_cut(setting: SplitSystem, objective: str) -> int:
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


Goal = Literal["deepest", "delay", "energy", "throughput"]


@dataclass(frozen=True)
class Collaborative:
    """Layers 1..j on the edge, the rest in the cloud, j from Algorithm 2 unless it is given.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """

    objective: Goal = parameter("deepest", "what TMOA optimises")
    cut: int = parameter(TMOA, "layers on the edge, -1: TMOA's choice", at_least=-1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def plan(
        self,
        setting: SplitSystem,
        stream: Stream,
        conditions: LinkConditions,
        rng: np.random.Generator,
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(setting, stream, conditions, self.cut_of(setting))

    def cut_of(self, setting: SplitSystem) -> int:
        """Return the cut on a network and system."""
        if self.cut == TMOA:
            return tmoa_cut(setting, self.objective)
        return setting.check_cut("cut", self.cut)


# Everything in the cloud: the edge forwards what the terminals send.


@dataclass(frozen=True)
class CloudOnly:
    """Cut 0 for every task.

    Examples
    --------
    See `simulate`.
    """

    def plan(
        self,
        setting: SplitSystem,
        stream: Stream,
        conditions: LinkConditions,
        rng: np.random.Generator,
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(setting, stream, conditions, 0)


# Everything on the edge: nothing is uploaded.


@dataclass(frozen=True)
class EdgeOnly:
    """Cut N for every task, whether or not the network fits into the nodes' memory.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """

    def plan(
        self,
        setting: SplitSystem,
        stream: Stream,
        conditions: LinkConditions,
        rng: np.random.Generator,
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(setting, stream, conditions, setting.depth)
