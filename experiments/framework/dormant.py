"""The paper's scheme with cloud dormancy (section 2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.framework.collaborative import Collaborative, Goal
from experiments.framework.conditions import Conditions
from experiments.framework.cut_choice import TMOA
from experiments.framework.exit_branch import exit_branch
from experiments.framework.plan import Plan, plan_cut
from experiments.framework.setting import Setting
from experiments.framework.thresholds import mean_limit_s, slack_limit_s, sleeps
from optim.parameters import check_parameters, parameter
from problems.arrivals.stream import Stream
from problems.errors import FloatArray, InputError


@dataclass(frozen=True)
class Dormant:
    """One cut; while T_rd > T_0 tasks end on the master's simplified model instead of the cloud.

    The simplified model is an `exit_branch` behind the cut, which the nodes' maps reach over the
    edge network. As printed T_0 is an average delay (``mean``); the default is the deadline's
    ``slack``, as sleeping costs accuracy and pays only where the cloud would come too late.
    """

    threshold: Literal["slack", "mean", "fixed"] = parameter("slack", "what T_0 is")
    fixed_s: float = parameter(0.1, "T_0 of the threshold fixed, s", at_least=0)
    hysteresis: float = parameter(
        0.0, "share of T_0 by which T_rd must pass it", at_least=0, at_most=0.99
    )
    objective: Goal = parameter("deepest", "what TMOA optimises")
    cut: int = parameter(TMOA, "layers on the edge, -1: TMOA's choice", at_least=-1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def plan(
        self, setting: Setting, stream: Stream, conditions: Conditions, rng: np.random.Generator
    ) -> Plan:
        """Return the plan; see `Scheme`.

        Raises
        ------
        InputError
            If the cut is 0: then no edge layers feed the master's model.
        """
        cut = Collaborative(self.objective, self.cut).cut_of(setting)
        if cut == 0:
            raise InputError("cut", cut, ">= 1: the master's model reads what edge layers make")
        awake = plan_cut(setting, stream, conditions, cut)
        limit = self._limit_s(setting, conditions, stream.size, cut)
        asleep = sleeps(conditions.round_trip_s, limit, self.hysteresis)
        asleep &= awake.stages.upload_bits > 0
        branch = exit_branch(setting, cut)
        return awake._replace(
            stages=awake.stages._replace(
                upload_bits=np.where(asleep, 0.0, awake.stages.upload_bits),
                cloud=np.where(asleep, 0.0, awake.stages.cloud),
            ),
            exit_flop=np.where(asleep, branch.flop * stream.size, 0.0),
            accuracy=np.where(asleep, setting.accuracy[cut], 1.0),
            model_bytes=awake.model_bytes + branch.bytes,
            limit_s=limit,
        )

    def _limit_s(
        self, setting: Setting, conditions: Conditions, size: FloatArray, cut: int
    ) -> FloatArray:
        """Return T_0 for each task, s."""
        if self.threshold == "slack":
            return slack_limit_s(setting, conditions, size, cut)
        if self.threshold == "mean":
            return mean_limit_s(conditions.round_trip_s)
        return np.full(len(size), self.fixed_s)
