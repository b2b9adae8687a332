"""What a simulation runs in, as plain values of its file."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.framework.conditions import LinkTrace
from experiments.framework.deployment import MASTERS, TRANSPORTS, choose_master
from experiments.framework.dispatcher import AnyDispatcher, make_dispatcher
from experiments.framework.link_trace import read_link
from experiments.framework.setting import UPLINKS, Setting
from experiments.offload_settings import CHOICES, chosen_reading
from experiments.sweep.cell import solver_source
from optim.online.dispatch import Rule
from problems.errors import InputError, check_choice, check_integer, check_number
from problems.offloading.networks import load_network
from problems.offloading.reading import Reading
from problems.offloading.system import System
from problems.offloading.system_file import load_system

EDGE: dict[str, Any] = {
    "master": MASTERS[0],
    "transport": TRANSPORTS[0],
    "lan_bit_s": 1e9,
    "uplink": None,
    "accuracy_drop": 0.3,
}
"""Fields of the table ``[edge]`` and their defaults; see `Setting` and `deployment`.

Without ``uplink`` the nodes share the link, unless one of them is too slow to use all of it or the
reading gives each the whole.
"""


@dataclass(frozen=True)
class World:
    """Everything but stream and scheme.

    Attributes
    ----------
    network, system : str
        As for `load_network` and `load_system`; paths are absolute.
    nodes : int or None
        Number of nodes instead of the system's own.
    reading : str
        Name of the reading.
    settings : dict
        Changes of reading (``dynamic``) and system (``tasks.deadline_s``) by key.
    link : dict
        See `read_link`.
    dispatch : dict
        See `make_dispatcher`. Without a rule tasks go to the node that is free first where the
        link is shared. Where each node has its own share they go to the nodes in turn, since the
        equal shares of (15) are made for nodes that send alike.
    edge : dict
        See `EDGE`.
    tasks : int
        Number of tasks of a run.
    warm_up : float
        Share of the tasks, the first ones, that are left out of delays.

    Raises
    ------
    InputError
        If a field breaks its rule; files are read only when they are needed.
    """

    network: str
    system: str
    nodes: int | None = None
    reading: str = "corrected"
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

    def make_system(self) -> System:
        """Return the system."""
        changes = {key: value for key, value in self.settings.items() if "." in key}
        return load_system(self.system, nodes=self.nodes, changes=changes)

    def make_reading(self) -> Reading:
        """Return the reading."""
        choices = {key: value for key, value in self.settings.items() if "." not in key}
        return chosen_reading(self.reading, choices)

    def make_setting(self, rate_hz: float, rng: np.random.Generator) -> Setting:
        """Return the setting for a stream of `rate_hz` samples a second, with a master chosen."""
        system = self.make_system()
        system = replace(system, tasks=replace(system.tasks, arrival_hz=rate_hz))
        return Setting(
            profile=load_network(self.network),
            system=system,
            reading=self.make_reading(),
            master=choose_master(system.pool, self.edge_value("master"), rng),
            lan_bit_s=self.edge_value("lan_bit_s"),
            uplink=self.make_uplink(),
            accuracy_drop=self.edge_value("accuracy_drop"),
        )

    def make_link(self) -> LinkTrace | None:
        """Return the states of the link."""
        return read_link(self.link, self.make_system().link)

    def make_dispatcher(self, scheme: dict[str, Any]) -> AnyDispatcher:
        """Return who gives tasks to nodes: the scheme's own ``dispatch``, or that of all."""
        rule: Rule = "fcfs" if self.make_uplink() == "shared" else "round-robin"
        return make_dispatcher(scheme.get("dispatch", self.dispatch), rule)

    def make_uplink(self) -> str:
        """Return whether the link is shared or each node has its own part, see `Setting`."""
        if self.edge_value("uplink") is not None:
            return check_choice("uplink", self.edge_value("uplink"), UPLINKS)
        system = self.make_system()
        slowest = system.pool.per_node("throughput_bit_s").min()
        whole = self.make_reading().shares_link and slowest >= system.link.bandwidth_bit_s
        return "shared" if whole else "own"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)

    def digest(self, stream: dict[str, Any], scheme: dict[str, Any]) -> str:
        """Return a hash of the content of all files that this world, stream and scheme name."""
        dispatch = scheme.get("dispatch", self.dispatch)
        content = hashlib.sha256(solver_source(dispatch.get("solver", "")).encode())
        for name in (self.network, self.system, self.link.get("path"), stream.get("path")):
            if isinstance(name, str) and Path(name).is_file():
                content.update(Path(name).read_bytes())
        return content.hexdigest()
