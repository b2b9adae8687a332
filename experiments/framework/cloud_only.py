"""Everything in the cloud: the edge forwards what the terminals send."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.framework.conditions import Conditions
from experiments.framework.plan import Plan, plan_cut
from experiments.framework.setting import Setting
from problems.arrivals.stream import Stream


@dataclass(frozen=True)
class CloudOnly:
    """Cut 0 for every task."""

    def plan(
        self, setting: Setting, stream: Stream, conditions: Conditions, rng: np.random.Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(setting, stream, conditions, 0)
