"""What a simulation file says."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.framework.arrivals import draw_stream
from experiments.framework.catalog import make_scheme
from experiments.framework.conditions import draw_conditions
from experiments.framework.simulate import simulate
from experiments.framework.world import World
from experiments.sweep.fields import check_json, check_runs, check_seed
from experiments.toml_file import check_fields, read_toml
from optim.scheduling.catalog import locate_solver
from problems.arrivals.stream import Stream
from problems.errors import InputError, check_integer
from problems.files import locate

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
        Fields of `World` but ``nodes``.
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

    def worlds(self) -> Iterator[World]:
        """Yield the world of each pool size."""
        for nodes in self.nodes or (None,):
            yield World(**self.world, nodes=nodes)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**asdict(self), "nodes": list(self.nodes)}

    @property
    def identity(self) -> dict[str, Any]:
        """The fields on which the rows depend."""
        return {key: value for key, value in self.as_dict().items() if key != "time_limit"}

    def _try(self, world: World) -> None:
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
        of `World` and `SimulationConfig`; ``nodes`` is a number or a list. Paths in it are
        relative to the file.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.
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
