"""MASM-style: every task on the edge, on one of several models of different accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from experiments.framework.conditions import Conditions
from experiments.framework.exit_branch import exit_branch
from experiments.framework.plan import Lanes, Plan, plan_cut
from experiments.framework.setting import Setting
from optim.offloading.masm import MasmProblem, solve_masm
from problems.arrivals.stream import Stream
from problems.errors import InputError, check_integer, check_number


@dataclass(frozen=True)
class Masm:
    """Models of the network cut short, shares w_k of the tasks and speeds f_k from `solve_masm`.

    Our reconstruction, see `MasmProblem`. The models are the first layers of the network with an
    `exit_branch` each, q_k the proxy of their accuracy, and d_k / R the terminal's upload, which
    is the same for all. The pool's nodes run at reduced clocks and give each model a server of
    speed f_k, so that the energy of one FLOP is that of a node at f_k / x.

    Parameters
    ----------
    cuts : tuple of int
        Last layer of each model, rising; the last may be the whole network.
    theta : float
        Weight of a second against a joule, in [0, 1].
    least_quality : float
        Q, least mean accuracy relative to the whole network, in [0, 1].

    Raises
    ------
    InputError
        If a field breaks its rule.
    """

    cuts: tuple[int, ...] = (7, 15, 27, 34)
    theta: float = 0.9
    least_quality: float = 0.9

    def __post_init__(self) -> None:
        if not isinstance(self.cuts, tuple) or not self.cuts:
            raise InputError("cuts", self.cuts, "at least one cut")
        for cut in self.cuts:
            check_integer("cuts", cut, at_least=1)
        if any(a >= b for a, b in pairwise(self.cuts)):
            raise InputError("cuts", self.cuts, "rising")
        check_number("theta", self.theta, at_least=0, at_most=1)
        check_number("least_quality", self.least_quality, at_least=0, at_most=1)

    def plan(
        self, setting: Setting, stream: Stream, conditions: Conditions, rng: np.random.Generator
    ) -> Plan:
        """Return the plan; see `Scheme`. Each task draws its model from the shares."""
        cuts = np.array(self.cuts)
        setting.check_cut("cuts", self.cuts[-1])
        branches = [exit_branch(setting, cut) for cut in self.cuts]
        extra = np.array([branch.flop for branch in branches])
        answer = solve_masm(self.problem(setting, setting.work[cuts] + extra))
        used = np.flatnonzero(answer.share)
        lane = rng.choice(len(used), size=stream.tasks, p=answer.share[used])
        model = used[lane]
        whole = plan_cut(setting, stream, conditions, self.cuts[-1])
        nothing = np.zeros(stream.tasks)
        return whole._replace(
            stages=whole.stages._replace(
                edge=(setting.work[cuts] + extra)[model] * stream.size,
                upload_bits=nothing,
                cloud=nothing,
            ),
            cut=cuts[model],
            flop=(setting.flop[cuts] + extra)[model] * stream.size,
            accuracy=setting.accuracy[cuts][model],
            model_bytes=whole.model_bytes + sum(branch.bytes for branch in branches),
            lanes=Lanes(lane, answer.flops[used]),
        )

    def problem(self, setting: Setting, work: np.ndarray) -> MasmProblem:
        """Return the program of these models, `work` (K,) in FLOP."""
        devices, nodes = setting.system.pool, setting.nodes
        clock = devices.per_node("clock_hz") / devices.per_node("flops")
        kappa = float((devices.per_node("kappa") * clock**2).mean())
        return MasmProblem(
            work=work,
            quality=setting.accuracy[np.array(self.cuts)],
            upload_s=np.full(len(work), float(setting.terms.uplink_s)),
            arrival_hz=setting.system.tasks.arrival_hz,
            flops=float(setting.speeds.sum()),
            theta=self.theta,
            kappa=kappa / nodes**2,
            least_quality=self.least_quality,
        )
