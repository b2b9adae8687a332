"""The paper's scheme with cloud dormancy (section 2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.exits import exit_branch
from edgeopt.optim.framework.plan import Plan, plan_cut
from edgeopt.optim.framework.schemes.plain import TMOA, Collaborative, CutObjective
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray, InputError
from edgeopt.problems.parameters import check_parameters, parameter


@dataclass(frozen=True)
class Dormant:
    """One cut; while T_rd > T_0, tasks end on the master's simplified model and not in the cloud.

    The simplified model is an `exit_branch` after the cut, which the nodes' maps reach over the
    edge network. As printed, T_0 is an average delay (``mean``). The default is the deadline's
    ``slack``: sleeping costs accuracy and pays only if the cloud would miss the deadline.

    Examples
    --------
    See `make_scheme`, and `simulate` to run it.
    """

    threshold: Literal["slack", "mean", "fixed"] = parameter("slack", "what T_0 is")
    fixed_s: float = parameter(0.1, "T_0 of the threshold fixed, s", at_least=0)
    hysteresis: float = parameter(
        0.0, "share of T_0 by which T_rd must pass it", at_least=0, at_most=0.99
    )
    objective: CutObjective = parameter("deepest", "what TMOA optimises")
    cut: int = parameter(TMOA, "layers on the edge, -1: TMOA's choice", at_least=-1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`.

        Raises
        ------
        InputError
            If the cut is 0: then no edge layers feed the master's model.
        """
        cut = Collaborative(self.objective, self.cut).cut_of(split)
        if cut == 0:
            raise InputError("cut", cut, ">= 1: the master's model reads what edge layers make")
        awake = plan_cut(split, stream, conditions, cut)
        limit = self._limit_s(split, conditions, stream.size, cut)
        asleep = sleeps(conditions.round_trip_s, limit, self.hysteresis)
        # At cut N nothing goes to the cloud, so there is nothing to sleep from.
        asleep &= awake.stages.upload_bits > 0
        branch = exit_branch(split, cut)
        return awake._replace(
            stages=awake.stages._replace(
                upload_bits=np.where(asleep, 0.0, awake.stages.upload_bits),
                cloud=np.where(asleep, 0.0, awake.stages.cloud),
            ),
            exit_flop=np.where(asleep, branch.flop * stream.size, 0.0),
            accuracy=np.where(asleep, split.accuracy[cut], 1.0),
            model_bytes=awake.model_bytes + branch.bytes,
            limit_s=limit,
        )

    def _limit_s(
        self, split: SplitSystem, conditions: LinkConditions, size: FloatArray, cut: int
    ) -> FloatArray:
        """Return T_0 for each task, s."""
        if self.threshold == "slack":
            return slack_limit_s(split, conditions, size, cut)
        if self.threshold == "mean":
            return mean_limit_s(conditions.round_trip_s)
        return np.full(len(size), self.fixed_s)


# When the cloud sleeps: the round trip T_rd compared with T_0.


def mean_limit_s(round_trip_s: FloatArray) -> FloatArray:
    """Return T_0 as printed, the "average delay": the mean of the round trips before, (K,) s.

    Any link is slower than its own mean about half the time, whatever its speed; so the cloud
    sleeps half the time. Infinite for the first task, which has no predecessors.
    """
    before = np.arange(len(round_trip_s))
    sums = np.cumsum(round_trip_s) - round_trip_s
    # The first entry is 0 / 0 and replaced.
    with np.errstate(invalid="ignore"):
        return np.where(before > 0, sums / before, np.inf)


def slack_limit_s(
    split: SplitSystem, conditions: LinkConditions, size: FloatArray, cut: int
) -> FloatArray:
    """Return T_0 as the deadline's slack: the longest round trip that meets it, (K,) s.

    T_max - (T_te + T_es + T_cp): the deadline less the terminal's upload (16), waiting (12) and
    execution (11) on the slowest node, transmission (15) and cloud (14), the last two unqueued.
    """
    terms = split.terms
    edge_s = float(terms.execution_s[:, cut].max())
    waiting_s = float((terms.waiting_s + terms.queue_s)[:, cut].max())
    link_s = split.upload_bits[cut] / conditions.rate_bit_s
    known_s = conditions.terminal_s + (edge_s + link_s + split.cloud_s[cut]) * size + waiting_s
    return np.asarray(split.system.tasks.deadline_s - known_s)


def sleeps(
    round_trip_s: FloatArray, limit_s: FloatArray, hysteresis: float = 0.0
) -> NDArray[np.bool_]:
    """Return during which tasks the cloud sleeps, (K,).

    Parameters
    ----------
    round_trip_s, limit_s : (K,) arrays
        T_rd and T_0 when each task arrives, s.
    hysteresis : float
        h in [0, 1): the cloud falls asleep at T_rd > T_0 (1 + h), wakes at T_rd < T_0 (1 - h) and
        keeps its state in between. 0: it sleeps exactly while T_rd > T_0. It is awake at first.
    """
    if hysteresis == 0:
        return np.asarray(round_trip_s > limit_s)
    above, below = 1.0 + hysteresis, 1.0 - hysteresis
    # A negative T_0 (the deadline is lost anyway) turns the two factors around.
    falls = round_trip_s > limit_s * np.where(limit_s > 0, above, below)
    wakes = round_trip_s < limit_s * np.where(limit_s > 0, below, above)
    # The state is that of the last task at which it changed, found without a loop.
    changes = np.where(falls | wakes, np.arange(len(falls)), -1)
    last = np.maximum.accumulate(changes)
    return np.asarray(falls[last] & (last >= 0))
