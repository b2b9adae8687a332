"""What every scheme knows: network, system, and how the equations are read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    check_choice,
    check_integer,
    check_number,
    check_quantity,
)
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.offloading.terms import CutTerms, terms_of
from edgeopt.problems.systems.system import System

UPLINKS = ("own", "shared")


@dataclass(frozen=True, eq=False)
class SplitSystem:
    """A network on a system; arrays over the cuts have the shape (N + 1,).

    Parameters
    ----------
    profile : Profile
        The network.
    system : System
        Pool, cloud, links and tasks.
    reading : Reading
        How the paper's equations are read.
    master : int
        Index of the master node.
    lan_bit_s : float
        Rate of the network between the edge nodes, bit/s, > 0; a node's own `throughput_bit_s` is
        that of its way to the cloud.
    uplink : {"own", "shared"}
        Whether each node has its own share min(W_H / x, L_i) of the link (15), which is what the
        offloading program reckons with, or all uploads queue for the whole W_H.
    accuracy_drop : float
        How much of its accuracy a network loses that ends behind its input, in [0, 1]; see
        `accuracy`.

    Raises
    ------
    InputError
        If there is no such node, a value is out of range, or a node that cannot use the whole
        link shares it.

    Examples
    --------
    See `simulate`.
    """

    profile: Profile
    system: System
    reading: Reading = CORRECTED
    master: int = 0
    lan_bit_s: float = 1e9
    uplink: str = "own"
    accuracy_drop: float = 0.3

    def __post_init__(self) -> None:
        check_integer("master", self.master, at_least=0, at_most=self.system.pool.nodes - 1)
        check_quantity("lan_bit_s", self.lan_bit_s)
        check_number("accuracy_drop", self.accuracy_drop, at_least=0, at_most=1)
        check_choice("uplink", self.uplink, UPLINKS)
        own_bit_s = self.system.pool.per_node("throughput_bit_s").min()
        if self.uplink == "shared" and own_bit_s < self.system.link.bandwidth_bit_s:
            rule = f"'own': a node sends at {own_bit_s:g} bit/s at most, the link has more"
            raise InputError("uplink", self.uplink, rule)

    @cached_property
    def terms(self) -> CutTerms:
        """Every term of the offloading program at every cut."""
        return terms_of(self.profile, self.system, self.reading)

    @cached_property
    def kinds(self) -> IntArray:
        """Row of each node in the terms' arrays over groups of identical nodes, shape (x,)."""
        groups = list(self.system.pool.groups)
        return np.array([groups.index(device) for device in self.system.pool.devices])

    @cached_property
    def speeds(self) -> FloatArray:
        """FLOP/s of each node over the whole network (11), the roofline heeded; shape (x,)."""
        return np.asarray(self.flop[-1] / self.terms.execution_s[self.kinds, -1])

    @property
    def flop(self) -> FloatArray:
        """Work Z^j before each cut (8), FLOP (MAC as printed)."""
        return self.terms.work.edge_flop

    @cached_property
    def work(self) -> FloatArray:
        """Work before each cut that `speeds` turn into its time (11), FLOP.

        Where memory bounds a node its speed differs from layer to layer; this is exact for the
        first kind of node, and for the others at the last cut.
        """
        first = self.terms.execution_s[0]
        return np.asarray(self.flop[-1] * (first / first[-1]))

    @property
    def upload_bits(self) -> FloatArray:
        """What crosses each cut (15), bit; 0 at cut N."""
        return self.terms.crossing_bits

    @cached_property
    def cloud_s(self) -> FloatArray:
        """Time in the cloud behind each cut (14), s."""
        return self.terms.cloud_s.reshape(-1)

    @cached_property
    def accuracy(self) -> FloatArray:
        """A proxy of the accuracy of a network that ends at each cut, 1 for the whole one.

        1 - drop (1 - Z^j / Z^N): falls with the work that is left out. Nothing was trained: it
        orders the schemes and shows what an early end may cost; it predicts no accuracy.
        """
        return np.asarray(1.0 - self.accuracy_drop * (1.0 - self.flop / self.flop[-1]))

    @property
    def rate_bit_s(self) -> float:
        """Rate at which a task alone reaches the cloud, bit/s: from the slowest node (15)."""
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
        """Return `cut` if it is one of the network, or raise `InputError`."""
        rule = f"a cut of {self.profile.name}, {at_least}..{self.depth}"
        if isinstance(cut, bool) or not isinstance(cut, int) or not at_least <= cut <= self.depth:
            raise InputError(field, cut, rule)
        return cut
