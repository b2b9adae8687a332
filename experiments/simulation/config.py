"""What a simulation file says."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.runs.config import check_json, check_runs, check_seed
from edgeopt.optim.framework.conditions import LinkTrace, draw_conditions, read_link
from edgeopt.optim.framework.deployment import MASTERS, TRANSPORTS, choose_master
from edgeopt.optim.framework.dispatcher import AnyDispatcher, make_dispatcher
from edgeopt.optim.framework.schemes.catalog import make_scheme
from edgeopt.optim.framework.setting import UPLINKS, SplitSystem
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.online.dispatch import Rule
from edgeopt.optim.scheduling.catalog import locate_solver, solver_source
from edgeopt.problems.arrivals.spec import draw_stream
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.files import check_fields, locate, read_toml
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.reading import CHOICES, Reading, chosen_reading
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import System

_OWN = ("repetitions", "seed", "streams", "schemes", "time_limit")

_WORLD = (
    *("network", "system", "nodes", "reading", "settings", "link", "dispatch", "edge"),
    *("tasks", "warm_up"),
)


@dataclass(frozen=True)
class SimulationConfig:
    """A simulation, validated before anything runs: every scheme on every stream and pool.

    Attributes
    ----------
    world : dict
        Fields of `Scenario` but ``nodes``.
    nodes : tuple of int
        Pool sizes; empty: the system's own.
    repetitions : int
        Runs of each, with other random numbers.
    seed : int
        Root of all randomness.
    streams : dict
        By label: see `draw_stream`.
    schemes : dict
        By label: see `make_scheme`.
    time_limit : float, optional
        Wall time in s after which a run is ended from outside and counts as failed. Not part of
        what identifies a simulation.

    Examples
    --------
    >>> from edgeopt import SimulationConfig
    >>> from edgeopt.experiments.runs import run_cell
    >>> from edgeopt.experiments.simulation import simulation_cells, summarize_runs
    >>> config = SimulationConfig(
    ...     world={"network": "resnet34", "system": "table1", "tasks": 100},
    ...     nodes=(10,),
    ...     repetitions=1,
    ...     seed=1,
    ...     streams={"poisson": {"rate_hz": 2.0}},
    ...     schemes={"cloud": {"scheme": "cloud-only"}, "edge": {"scheme": "edge-only"}},
    ... )
    >>> rows = [run_cell(cell) for cell in simulation_cells(config)]
    >>> [row["scheme"] for row in summarize_runs(rows)]
    ['cloud', 'edge']
    """

    world: dict[str, Any]
    nodes: tuple[int, ...]
    repetitions: int
    seed: int
    streams: dict[str, dict[str, Any]]
    schemes: dict[str, dict[str, Any]]
    time_limit: float | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        for name in ("streams", "schemes"):
            if not isinstance(getattr(self, name), dict) or not getattr(self, name):
                raise InputError(name, getattr(self, name), f"at least one table [{name}.NAME]")
        for name in ("world", "streams", "schemes"):
            check_json(name, getattr(self, name))
        runs = len(self.streams) * len(self.schemes) * max(len(self.nodes), 1)
        check_runs(self.repetitions, runs, self.time_limit)
        for nodes in self.nodes:
            check_integer("nodes", nodes, at_least=1)
        if len(set(self.nodes)) < len(self.nodes):
            raise InputError("nodes", list(self.nodes), "all different")
        for world in self.worlds():
            self._try(world)

    def worlds(self) -> Iterator[Scenario]:
        """Yield the world of each pool size."""
        for nodes in self.nodes or (None,):
            yield Scenario(**self.world, nodes=nodes)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**asdict(self), "nodes": list(self.nodes)}

    @property
    def identity(self) -> dict[str, Any]:
        """The fields on which the rows depend."""
        return {key: value for key, value in self.as_dict().items() if key != "time_limit"}

    def _try(self, world: Scenario) -> None:
        """Run every scheme on every stream for one task: what is illegal is found out now."""
        rng = np.random.default_rng(0)
        default_hz = world.make_system().tasks.arrival_hz
        link = world.make_link()
        for label, table in self.streams.items():
            recorded = isinstance(table, dict) and table.get("kind", label) == "trace"
            tasks = world.tasks if recorded else 1
            stream, rate_hz = draw_stream(label, table, tasks, default_hz, rng)
            stream = Stream(stream.time[:1], stream.size[:1])  # of a trace, read as a whole
            setting = world.make_setting(rate_hz, rng)
            conditions = draw_conditions(setting, stream, link, rng)
            for name, scheme in self.schemes.items():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the runs warn again
                    dispatcher = world.make_dispatcher(scheme)
                    simulate(
                        setting, stream, conditions, make_scheme(name, scheme), dispatcher, rng
                    )


def restore_simulation(table: dict[str, Any]) -> SimulationConfig:
    """Return the simulation whose `SimulationConfig.as_dict` is `table`."""
    return SimulationConfig(**{**table, "nodes": tuple(table["nodes"])})


def read_simulation(path: Path) -> SimulationConfig:
    """Read a simulation file.

    Parameters
    ----------
    path : Path
        TOML with a table ``[streams.NAME]`` for each stream and ``[schemes.NAME]`` for each
        scheme, whose ``kind`` and ``scheme`` are NAME unless they say otherwise, and the fields
        of `Scenario` and `SimulationConfig`; ``nodes`` is a number or a list. Paths in it are
        relative to the file.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.

    Examples
    --------
    See `SimulationConfig`; the files in ``experiments/simulations`` show all fields.
    """
    tables = read_toml(path)
    check_fields(path, tables, (*_WORLD, *_OWN), ("network", "system", "streams", "schemes"))
    nodes = tables.pop("nodes", [])
    world = {key: tables[key] for key in _WORLD if key in tables}
    for key in ("network", "system"):
        if not isinstance(world[key], str):
            raise InputError(key, world[key], "a text")
        world[key] = locate(world[key], path.parent)
    if isinstance(world.get("link"), dict):
        world["link"] = _located(world["link"], path.parent)
    if isinstance(world.get("dispatch"), dict):
        world["dispatch"] = _located(world["dispatch"], path.parent)
    return SimulationConfig(
        world=world,
        nodes=tuple(nodes) if isinstance(nodes, list) else (nodes,),
        repetitions=tables.get("repetitions", 10),
        seed=tables.get("seed", 0),
        streams=_each(tables["streams"], path.parent),
        schemes=_each(tables["schemes"], path.parent),
        time_limit=tables.get("time_limit"),
    )


def _each(tables: Any, folder: Path) -> Any:
    """Return the tables of a table with their paths made absolute."""
    if not isinstance(tables, dict):
        return tables
    return {
        label: _located(table, folder) if isinstance(table, dict) else table
        for label, table in tables.items()
    }


def _located(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a table with ``path`` and ``solver``, also of its ``dispatch``, made absolute."""
    made = dict(table)
    if isinstance(table.get("path"), str):
        made["path"] = locate(table["path"], folder)
    if isinstance(table.get("solver"), str):
        made["solver"] = locate_solver(table["solver"], folder)
    if isinstance(table.get("dispatch"), dict):
        made["dispatch"] = _located(table["dispatch"], folder)
    return made


# What a simulation runs in, as plain values of its file.

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

    def make_setting(self, rate_hz: float, rng: np.random.Generator) -> SplitSystem:
        """Return the setting for a stream of `rate_hz` samples a second, with a master chosen."""
        system = self.make_system()
        system = replace(system, tasks=replace(system.tasks, arrival_hz=rate_hz))
        return SplitSystem(
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
        """Return whether the link is shared or each node has its own part, see `SplitSystem`."""
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
