"""B-Net: BranchyNet's early exits, with the cut between edge and cloud after one of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.exits import Branch, exit_branch
from edgeopt.optim.framework.plan import Plan, plan_cut
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray, InputError, IntArray, check_integer, check_number

BEST = -1

_ROUNDING = 1e-9


class Segments(NamedTuple):
    """The m + 1 segments between exits, in order; arrays have the shape (m + 1,).

    Attributes
    ----------
    cut : ndarray
        The last layer of each segment.
    reach : ndarray
        s_n, the share of the tasks that run segment n.
    work : ndarray
        Work of segment and branch on a node, FLOP of `SplitSystem.work`.
    flop : ndarray
        The same work as (19) counts it, FLOP.
    cloud_s : ndarray
        Time of segment and branch in the cloud, s.
    model_bytes : ndarray
        Size of the branches up to each segment, byte.
    """

    cut: np.ndarray
    reach: FloatArray
    work: FloatArray
    flop: FloatArray
    cloud_s: FloatArray
    model_bytes: FloatArray


@dataclass(frozen=True)
class BNet:
    """Tasks leave at the first exit that is sure of its answer; those that pass the cut upload.

    Source: Teerapittayanon, McDanel and Kung, "BranchyNet", ICPR 2016, which the paper compares
    itself with. E[C] = sum_n s_n (C_segment,n + C_branch,n). Which tasks leave at an exit depends
    on training; here each task draws its exit from `shares`. The defaults are assumptions.

    Parameters
    ----------
    exits : tuple of int
        Cuts after which the m branches are, increasing.
    shares : tuple of float
        Shares of the tasks that end at each exit and at the end of the network; m + 1 numbers of
        sum 1.
    after : int
        The exit after which the network is cut: 0 (all in the cloud) to m + 1 (all on the edge);
        -1: the one of least expected delay among the stable ones.
    branch_cost : bool
        Whether the work of branches counts; without it B-Net looks better than it is.
    exit_accuracy : float
        Accuracy of an early answer relative to the whole network's, in [0, 1]: high, since only
        sure answers leave early.

    Raises
    ------
    InputError
        If a field breaks its rule.

    Examples
    --------
    See `make_scheme`, and `simulate` to run it.
    """

    exits: tuple[int, ...] = (7, 15)
    shares: tuple[float, ...] = (0.4, 0.2, 0.4)
    after: int = BEST
    branch_cost: bool = True
    exit_accuracy: float = 0.98

    def __post_init__(self) -> None:
        _check_exits(self.exits)
        _check_shares(self.shares, len(self.exits))
        check_integer("after", self.after, at_least=BEST, at_most=len(self.exits) + 1)
        check_number("exit_accuracy", self.exit_accuracy, at_least=0, at_most=1)
        if not isinstance(self.branch_cost, bool):
            raise InputError("branch_cost", self.branch_cost, "true or false")

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`.

        A task that passes the cut continues in the cloud up to its exit, branches included.
        """
        parts = self.segments(split)
        after = self.best_cut(split, parts) if self.after == BEST else self.after
        cut = int(np.array([0, *parts.cut])[after])
        end = 1 + rng.choice(len(parts.cut), size=stream.tasks, p=np.array(self.shares))
        # A task that leaves before the cut runs fewer segments on its node.
        on_edge = np.minimum(end, after)
        whole = plan_cut(split, stream, conditions, cut)
        passes = end > after
        edge, flop, cloud = (_sums(part) for part in (parts.work, parts.flop, parts.cloud_s))
        return whole._replace(
            stages=whole.stages._replace(
                edge=edge[on_edge] * stream.size,
                upload_bits=np.where(passes, whole.stages.upload_bits, 0.0),
                cloud=np.where(passes, cloud[end] - cloud[after], 0.0) * stream.size,
            ),
            cut=np.array([0, *parts.cut])[on_edge],
            flop=flop[on_edge] * stream.size,
            accuracy=np.where(end <= len(self.exits), self.exit_accuracy, 1.0),
            model_bytes=whole.model_bytes + float(np.array([0.0, *parts.model_bytes])[after]),
        )

    def segments(self, split: SplitSystem) -> Segments:
        """Return the segments of a network on a system.

        Raises
        ------
        InputError
            If the network is not deeper than the last exit.
        """
        if self.exits[-1] >= split.depth:
            raise InputError("exits", self.exits, f"below the last cut, {split.depth}")
        cuts = np.array([*self.exits, split.depth])
        branches = [exit_branch(split, cut) for cut in cuts.tolist()]
        if not self.branch_cost:
            branches = [Branch(0.0, branch.bytes) for branch in branches]
        branch_flop = np.array([branch.flop for branch in branches])
        work = np.diff(split.work[cuts], prepend=0.0) + branch_flop
        flop = np.diff(split.flop[cuts], prepend=0.0) + branch_flop
        return Segments(
            cut=cuts,
            reach=1.0 - np.array([0.0, *np.cumsum(self.shares[:-1])]),  # s_n
            work=work,
            flop=flop,
            cloud_s=_cloud_s(split, cuts, flop, branch_flop),
            model_bytes=np.cumsum([branch.bytes for branch in branches]),
        )

    def best_cut(self, split: SplitSystem, parts: Segments) -> int:
        """Return the exit n in 0..m + 1 after which a cut gives the least expected delay.

        Among the cuts that fit into memory (21) and load neither nodes nor links fully; if there
        is none, the cut of the smallest load.
        """
        delay, load = expected(split, parts)
        usable = np.where(load < 1.0, delay, np.inf)
        return int(load.argmin() if np.isinf(usable).all() else usable.argmin())


def _cloud_s(
    split: SplitSystem, cuts: IntArray, flop: FloatArray, branch_flop: FloatArray
) -> FloatArray:
    """Return the time of each segment with its branch in the cloud (14), s."""
    speed = split.system.cloud.flops
    if split.system.cloud.times is None:
        return flop / speed
    before = split.cloud_s[0] - split.cloud_s[cuts]
    return np.asarray(np.diff(before, prepend=0.0) + branch_flop / speed)


def expected(split: SplitSystem, parts: Segments) -> tuple[FloatArray, FloatArray]:
    """Return expected delay (s) and load of a cut after each exit n = 0..m + 1, (m + 2,) each.

    The delay of edge, link and cloud without queues: E[C] = sum_n s_n (C_segment,n + C_branch,n)
    over the segments before the cut, and an upload with probability s_{n+1}. The load is that of
    pool or links, whichever is larger; infinite if the memory (21) is too small.
    """
    terms, cuts = split.terms, np.array([0, *parts.cut])
    columns = terms.columns
    edge = _sums(parts.reach * parts.work)  # E[C]
    cloud = _sums(parts.reach * parts.cloud_s)
    uploads = np.array([*parts.reach, 0.0])  # s_{n+1}
    bits = uploads * split.upload_bits[cuts]
    trip = uploads * float(columns.round_trip_s)
    delay = edge / split.speeds.min() + bits / split.rate_bit_s + trip
    rates = float((columns.count * columns.rate_bit_s).sum())
    busy_s = np.maximum(edge / split.speeds.sum(), bits / rates)
    fits = terms.memory_bytes[cuts] <= columns.memory_limit_bytes
    load = np.where(fits, split.system.tasks.arrival_hz * busy_s, np.inf)
    return delay + cloud[-1] - cloud, load


def _sums(values: FloatArray) -> FloatArray:
    """Return the sums of the first n values for n = 0, 1, ..."""
    return np.array([0.0, *np.cumsum(values)])


def _check_exits(exits: tuple[int, ...]) -> None:
    """Raise `InputError` unless the exits increase from 1."""
    if not isinstance(exits, tuple) or not exits:
        raise InputError("exits", exits, "at least one cut")
    for cut in exits:
        check_integer("exits", cut, at_least=1)
    if any(a >= b for a, b in pairwise(exits)):
        raise InputError("exits", exits, "rising")


def _check_shares(shares: tuple[float, ...], exits: int) -> None:
    """Raise `InputError` unless the shares are a distribution over the exits and the end."""
    if not isinstance(shares, tuple) or len(shares) != exits + 1:
        raise InputError("shares", shares, f"{exits + 1} numbers, one an exit and one for the end")
    for share in shares:
        check_number("shares", share, at_least=0, at_most=1)
    if abs(sum(shares) - 1.0) > _ROUNDING:
        raise InputError("shares", shares, f"of sum 1, not {sum(shares):g}")
