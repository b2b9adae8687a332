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
from problems.errors import FloatArray, InputError, check_integer, check_number


@dataclass(frozen=True)
class Masm:
    """Models of the network cut short, shares w_k of the tasks and speeds f_k from `solve_masm`.

    Our reconstruction, see `MasmProblem`. The models are the first layers of the network with an
    `exit_branch` each, q_k the proxy of their accuracy, and d_k / R the terminal's upload, which
    is the same for all. Every node gets tasks in proportion to its speed F and shares that speed
    among the models, each of which has a queue: a task never runs faster than its node.

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
        """Return the plan; see `Scheme`. Each task draws its node, and its model by the shares."""
        setting.check_cut("cuts", self.cuts[-1])
        cuts = np.array(self.cuts)
        branches = [exit_branch(setting, cut) for cut in self.cuts]
        extra = np.array([branch.flop for branch in branches])
        work = setting.work[cuts] + extra
        share, flops = self.solve(setting, work)
        lane = rng.choice(share.size, size=stream.tasks, p=share.ravel() / share.sum())
        model = lane % len(cuts)
        whole = plan_cut(setting, stream, conditions, self.cuts[-1])
        nothing = np.zeros(stream.tasks)
        return whole._replace(
            stages=whole.stages._replace(
                edge=work[model] * stream.size, upload_bits=nothing, cloud=nothing
            ),
            cut=cuts[model],
            flop=(setting.flop[cuts] + extra)[model] * stream.size,
            accuracy=setting.accuracy[cuts][model],
            model_bytes=whole.model_bytes + sum(branch.bytes for branch in branches),
            lanes=Lanes(lane, flops.ravel(), np.arange(setting.nodes).repeat(len(cuts))),
        )

    def solve(self, setting: Setting, work: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return shares of all tasks and speeds of each model on each node, (x, K) each.

        Parameters
        ----------
        setting : Setting
            Network and system.
        work : (K,) array
            Work of each model, FLOP of `Setting.work`.
        """
        _, first, kinds = np.unique(setting.kinds, return_index=True, return_inverse=True)
        answers = [solve_masm(self._problem(setting, work, node)) for node in first.tolist()]
        tasks = setting.speeds / setting.speeds.sum()
        share = tasks[:, np.newaxis] * np.stack([answer.share for answer in answers])[kinds]
        return share, np.stack([answer.flops for answer in answers])[kinds]

    def _problem(self, setting: Setting, work: FloatArray, node: int) -> MasmProblem:
        """Return the program of one node."""
        device, speed = setting.system.pool.devices[node], float(setting.speeds[node])
        arrival_hz = setting.system.tasks.arrival_hz * speed / float(setting.speeds.sum())
        return MasmProblem(
            work=work,
            quality=setting.accuracy[np.array(self.cuts)],
            upload_s=np.full(len(work), float(setting.terms.uplink_s)),
            arrival_hz=arrival_hz,
            flops=speed,
            theta=self.theta,
            kappa=device.kappa * (device.clock_hz / speed) ** 2,
            least_quality=self.least_quality,
        )
