"""A network on a system, under a reading of the equations: the input of every scheme."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    IntArray,
    check_choice,
    check_integer,
    check_number,
    check_quantity,
)
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import QUEUED, Reading
from edgeopt.problems.offloading.terms import CutTerms, terms_of
from edgeopt.problems.systems.system import System

UPLINKS = ("own", "shared")


@dataclass(frozen=True, eq=False)
class SplitSystem:
    """A network on a system; arrays over the cuts have the shape (N + 1,).

    Parameters
    ----------
    profile, system, reading
        Network, system and reading of the equations, as for `build_program`.
    master : int
        Index of the master node.
    lan_bit_s : float
        Rate of the network between the edge nodes, bit/s, > 0; a node's `throughput_bit_s` is the
        rate of its interface to the cloud.
    uplink : {"own", "shared"}
        Whether each node has its own share min(W_H / x, L_i) of the link (15), as in the offloading
        program, or all uploads queue for the whole W_H.
    accuracy_drop : float
        Loss of accuracy of a network without any layer, in [0, 1]; see `accuracy`.

    Raises
    ------
    InputError
        If there is no such node, a value is out of range, or nodes share the link although one
        cannot use all of it.

    Examples
    --------
    See `simulate`.
    """

    profile: Profile
    system: System
    reading: Reading = QUEUED
    master: int = 0
    lan_bit_s: float = 1e9
    uplink: str = "own"
    accuracy_drop: float = 0.3

    def __post_init__(self) -> None:
        check_integer("master", self.master, at_least=0, at_most=self.system.pool.nodes - 1)
        check_quantity("lan_bit_s", self.lan_bit_s)
        check_number("accuracy_drop", self.accuracy_drop, at_least=0, at_most=1)
        check_choice("uplink", self.uplink, UPLINKS)
        # A shared link is one queue at W_H, which a slower interface could not use.
        own_bit_s = self.system.pool.per_node("throughput_bit_s").min()
        if self.uplink == "shared" and own_bit_s < self.system.link.bandwidth_bit_s:
            rule = f"'own': a node sends at {own_bit_s:g} bit/s at most, the link has more"
            raise InputError("uplink", self.uplink, rule)

    @cached_property
    def terms(self) -> CutTerms:
        """Every term of the offloading program at every cut, for this use of the link."""
        terms = terms_of(self.profile, self.system, self.reading)
        if self.uplink == "shared" or not terms.columns.one_link:
            return terms
        # Every node could fill the link: all have the same share.
        share = np.full_like(
            terms.columns.rate_bit_s, self.system.link.bandwidth_bit_s / self.nodes
        )
        return replace(terms, columns=replace(terms.columns, one_link=False, rate_bit_s=share))

    @cached_property
    def kinds(self) -> IntArray:
        """Row of each node in the terms' arrays, which have a row per kind of node, shape (x,)."""
        groups = list(self.system.pool.groups)
        return np.array([groups.index(device) for device in self.system.pool.devices])

    @cached_property
    def speeds(self) -> FloatArray:
        """FLOP/s of each node over the whole network (11), with the roofline; shape (x,)."""
        return np.asarray(self._whole / self.terms.execution_s[self.kinds, -1])

    @property
    def _whole(self) -> float:
        """Work of the whole network, FLOP; 1 for one of which only times are known."""
        return float(self.flop[-1]) or 1.0

    @property
    def flop(self) -> FloatArray:
        """Work Z^j of the layers before each cut (8), FLOP (MAC as printed)."""
        return self.terms.work.edge_flop

    @cached_property
    def work(self) -> FloatArray:
        """Equivalent work before each cut: divided by `speeds` it gives the time (11), FLOP.

        A memory-bound node has a different speed in each layer. The times are exact for the first
        kind of node, and for the others at the last cut.
        """
        # The engine has one speed per node, the roofline one per layer: scale the work instead.
        first = self.terms.execution_s[0]
        return np.asarray(self._whole * (first / first[-1]))

    @property
    def upload_bits(self) -> FloatArray:
        """Data that cross each cut (15), bit; 0 at cut N."""
        return self.terms.crossing_bits

    @cached_property
    def cloud_s(self) -> FloatArray:
        """Time in the cloud after each cut (14), s."""
        return self.terms.cloud_s.reshape(-1)

    @cached_property
    def accuracy(self) -> FloatArray:
        """A proxy of the accuracy of a network that ends at each cut, 1 for the whole network.

        1 - drop (1 - Z^j / Z^N), linear in the work left out. An assumption and no prediction:
        nothing was trained. It shows which schemes trade accuracy for time.
        """
        return np.asarray(1.0 - self.accuracy_drop * (1.0 - self.flop / self._whole))

    @property
    def rate_bit_s(self) -> float:
        """Rate to the cloud of the slowest node, without queues (15), bit/s."""
        if self.uplink == "shared":
            return self.system.link.bandwidth_bit_s
        return float(self.terms.columns.rate_bit_s.min())

    @property
    def nodes(self) -> int:
        """Number of nodes x."""
        return self.system.pool.nodes

    @property
    def depth(self) -> int:
        """Number of layers N."""
        return self.profile.depth

    def check_cut(self, field: str, cut: int, at_least: int = 0) -> int:
        """Return `cut` if the network has it, or raise `InputError`."""
        rule = f"a cut of {self.profile.name}, {at_least}..{self.depth}"
        if isinstance(cut, bool) or not isinstance(cut, int) or not at_least <= cut <= self.depth:
            raise InputError(field, cut, rule)
        return cut
