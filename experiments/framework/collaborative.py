"""The paper's scheme without dormancy: one cut for all tasks, TMOA's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.framework.conditions import Conditions
from experiments.framework.cut_choice import TMOA, tmoa_cut
from experiments.framework.plan import Plan, plan_cut
from experiments.framework.setting import Setting
from optim.parameters import check_parameters, parameter
from problems.arrivals.stream import Stream

Goal = Literal["deepest", "delay", "energy", "throughput"]


@dataclass(frozen=True)
class Collaborative:
    """Layers 1..j on the edge, the rest in the cloud, j from Algorithm 2 unless it is given."""

    objective: Goal = parameter("deepest", "what TMOA optimises")
    cut: int = parameter(TMOA, "layers on the edge, -1: TMOA's choice", at_least=-1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def plan(
        self, setting: Setting, stream: Stream, conditions: Conditions, rng: np.random.Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(setting, stream, conditions, self.cut_of(setting))

    def cut_of(self, setting: Setting) -> int:
        """Return the cut on a network and system."""
        if self.cut == TMOA:
            return tmoa_cut(setting, self.objective)
        return setting.check_cut("cut", self.cut)
