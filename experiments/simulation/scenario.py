"""The scenario of a simulation as plain values: network, system, link, edge and dispatch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.optim.framework.conditions import LinkTrace, read_link
from edgeopt.optim.framework.deployment import MASTERS, TRANSPORTS, choose_master
from edgeopt.optim.framework.dispatcher import AnyDispatcher, make_dispatcher
from edgeopt.optim.framework.split_system import UPLINKS, SplitSystem
from edgeopt.optim.online.dispatch import DispatchRule
from edgeopt.optim.scheduling.catalog import solver_code
from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import CHOICES, Reading, chosen_reading
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import System

EDGE: dict[str, Any] = {
    "master": MASTERS[0],
    "transport": TRANSPORTS[0],
    "lan_bit_s": 1e9,
    "uplink": None,
    "accuracy_drop": 0.3,
}
"""Fields of the table ``[edge]`` and their defaults; see `SplitSystem` and `deployment`.

Without ``uplink`` the nodes share the link, unless one of them is too slow to use all of it or the
reading gives each the whole.
"""


@dataclass(frozen=True)
class Scenario:
    """Everything that a simulation needs besides stream and scheme.

    Attributes
    ----------
    network, system : str
        As for `load_network` and `load_system`; paths are absolute.
    nodes : int or None
        Number of nodes instead of the system's own.
    reading : str
        Name of the reading; by default that of `edgeopt offload`.
    settings : dict
        Changes of reading (``dynamic``) and system (``tasks.deadline_s``) by key.
    link : dict
        See `read_link`.
    dispatch : dict
        See `make_dispatcher`. By default tasks go to the node that is free first if the link is
        shared, and to the nodes in turn if each has a share of its own, since the equal shares
        of (15) assume nodes that send alike.
    edge : dict
        See `EDGE`.
    tasks : int
        Number of tasks of a run.
    warm_up : float
        Share of the first tasks, which are left out of delays.

    Raises
    ------
    InputError
        If a field breaks its rule; files are read only when they are needed.
    """

    network: str
    system: str
    nodes: int | None = None
    reading: str = "queued"
    settings: dict[str, Any] = field(default_factory=dict)
    link: dict[str, Any] = field(default_factory=dict)
    dispatch: dict[str, Any] = field(default_factory=dict)
    edge: dict[str, Any] = field(default_factory=dict)
    tasks: int = 2000
    warm_up: float = 0.1

    def __post_init__(self) -> None:
        check_integer("tasks", self.tasks, at_least=1)
        check_number("warm_up", self.warm_up, at_least=0, at_most=0.9)
        for name in ("settings", "link", "dispatch", "edge"):
            if not isinstance(getattr(self, name), dict):
                raise InputError(name, getattr(self, name), "a table")
        for key in self.edge:
            check_choice("edge field", key, EDGE)
        check_choice("edge.transport", self.edge_value("transport"), TRANSPORTS)
        for key in self.settings:
            if "." not in key:
                check_choice("settings", key, (*CHOICES, "SECTION.KEY"))

    def edge_value(self, name: str) -> Any:
        """Return a field of the table ``[edge]``, or its default."""
        return self.edge.get(name, EDGE[name])

    @cached_property
    def loaded_system(self) -> System:
        """The system, read once."""
        changes = {key: value for key, value in self.settings.items() if "." in key}
        return load_system(self.system, nodes=self.nodes, changes=changes)

    @cached_property
    def profile(self) -> Profile:
        """The network, read once."""
        return _profile_of(self.network, _content(self.network))

    @cached_property
    def chosen_reading(self) -> Reading:
        """The reading with its changes."""
        choices = {key: value for key, value in self.settings.items() if "." not in key}
        return chosen_reading(self.reading, choices)

    def make_setting(self, rate_hz: float, rng: np.random.Generator) -> SplitSystem:
        """Return the setting for a stream of `rate_hz` samples a second, with a master chosen."""
        system = self.loaded_system
        system = replace(system, tasks=replace(system.tasks, arrival_hz=rate_hz))
        return SplitSystem(
            profile=self.profile,
            system=system,
            reading=self.chosen_reading,
            master=choose_master(system.pool, self.edge_value("master"), rng),
            lan_bit_s=self.edge_value("lan_bit_s"),
            uplink=self.make_uplink(),
            accuracy_drop=self.edge_value("accuracy_drop"),
        )

    @cached_property
    def link_trace(self) -> LinkTrace | None:
        """The states of the link, read once."""
        return read_link(self.link, self.loaded_system.link)

    def make_dispatcher(self, scheme: dict[str, Any]) -> AnyDispatcher:
        """Return the dispatcher of a scheme: of its own ``dispatch``, or of the scenario's."""
        rule: DispatchRule = "fcfs" if self.make_uplink() == "shared" else "round-robin"
        return make_dispatcher(scheme.get("dispatch", self.dispatch), rule)

    def make_uplink(self) -> str:
        """Return whether the link is shared or each node has its own part, see `SplitSystem`."""
        if self.edge_value("uplink") is not None:
            return check_choice("uplink", self.edge_value("uplink"), UPLINKS)
        system = self.loaded_system
        slowest = system.pool.per_node("throughput_bit_s").min()
        whole = self.chosen_reading.shares_link and slowest >= system.link.bandwidth_bit_s
        return "shared" if whole else "own"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)

    def digest(self, stream: dict[str, Any], scheme: dict[str, Any]) -> str:
        """Return a hash of the content of all files that this scenario, stream and scheme name."""
        dispatch = scheme.get("dispatch", self.dispatch)
        content = hashlib.sha256(solver_code(dispatch.get("solver", "")).encode())
        for name in (self.network, self.system, self.link.get("path"), stream.get("path")):
            content.update(_content(name))
        return content.hexdigest()


def _content(name: Any) -> bytes:
    """Return the content of a file, nothing if there is no such file."""
    return Path(name).read_bytes() if isinstance(name, str) and Path(name).is_file() else b""


@lru_cache(maxsize=8)
def _profile_of(network: str, content: bytes) -> Profile:
    """Return a network, read once for each content of its file."""
    return load_network(network)


@lru_cache(maxsize=64)
def scenario_of(text: str, digest: str) -> Scenario:
    """Return the scenario of JSON fields, made once in each process for a content of its files.

    Parameters
    ----------
    text : str
        JSON of `Scenario.as_dict`.
    digest : str
        Hash of the content of its files.
    """
    return Scenario(**json.loads(text))
