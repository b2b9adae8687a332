"""The configuration of a simulation, and the file from which it is read."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from edgeopt.experiments.runs.cell import RunKind
from edgeopt.experiments.runs.config import check_json, check_runs, check_seed, toml_text
from edgeopt.experiments.simulation.cell import SIMULATION, SimulationCell
from edgeopt.experiments.simulation.scenario import Scenario
from edgeopt.optim.framework.conditions import draw_conditions
from edgeopt.optim.framework.schemes.catalog import make_scheme
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.scheduling.catalog import locate_solver
from edgeopt.problems.arrivals.spec import draw_stream
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.files import check_fields, locate, printable, read_toml

_OWN = ("repetitions", "seed", "streams", "schemes", "time_limit")

_SCENARIO = (
    *("network", "system", "nodes", "reading", "settings", "link", "dispatch", "edge"),
    *("tasks", "warm_up"),
)


@dataclass(frozen=True)
class SimulationConfig:
    """A simulation: every scheme on every stream and pool.

    The constructor validates the fields, `check` tries the schemes.

    Attributes
    ----------
    scenario : dict
        Fields of `Scenario` but ``nodes``.
    nodes : tuple of int
        Pool sizes; empty: the system's own.
    repetitions : int
        Runs of each combination, with different random numbers.
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
    >>> from edgeopt.experiments.simulation import summarize_simulation
    >>> config = SimulationConfig(
    ...     scenario={"network": "resnet34", "system": "table1", "tasks": 100},
    ...     nodes=(10,),
    ...     repetitions=1,
    ...     seed=1,
    ...     streams={"poisson": {"rate_hz": 2.0}},
    ...     schemes={"cloud": {"scheme": "cloud-only"}, "edge": {"scheme": "edge-only"}},
    ... )
    >>> rows = [run_cell(cell) for cell in config.cells()]
    >>> [row["scheme"] for row in summarize_simulation(rows)]
    ['cloud', 'edge']
    """

    kind: ClassVar[RunKind] = SIMULATION

    scenario: dict[str, Any]
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
            named = {printable(label): table for label, table in getattr(self, name).items()}
            object.__setattr__(self, name, named)
        for name in ("scenario", "streams", "schemes"):
            check_json(name, getattr(self, name))
        runs = len(self.streams) * len(self.schemes) * max(len(self.nodes), 1)
        check_runs(self.repetitions, runs, self.time_limit)
        for nodes in self.nodes:
            check_integer("nodes", nodes, at_least=1)
        if len(set(self.nodes)) < len(self.nodes):
            raise InputError("nodes", list(self.nodes), "all different")
        Scenario(**self.scenario)

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenario of each pool size."""
        return tuple(Scenario(**self.scenario, nodes=nodes) for nodes in self.nodes or (None,))

    def check(self) -> None:
        """Run every scheme on every stream and pool for one task.

        Raises
        ------
        InputError
            If a file, a stream or a scheme is illegal.
        """
        for scenario in self.scenarios:
            self._try(scenario)

    def cells(self) -> Iterator[SimulationCell]:
        """Yield the cells, repetition by repetition, so that an early look sees all schemes."""
        # files are read and hashed once, not in each repetition
        first = [
            SimulationCell(
                stream=stream,
                nodes=scenario.loaded_system.pool.nodes,
                label=label,
                digest=scenario.digest(stream_table, table),
                stream_table=json.dumps(stream_table, sort_keys=True),
                scheme=json.dumps({"scheme": label, **table}, sort_keys=True),
                scenario=json.dumps(scenario.as_dict(), sort_keys=True),
                repetition=0,
                seed=self.seed,
            )
            for stream, stream_table in self.streams.items()
            for scenario in self.scenarios
            for label, table in self.schemes.items()
        ]
        for repetition in range(self.repetitions):
            for cell in first:
                yield replace(cell, repetition=repetition)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**asdict(self), "nodes": list(self.nodes)}

    def to_toml(self, folder: Path | None = None) -> str:
        """Return the text of a file from which `read_simulation` reads this simulation.

        Parameters
        ----------
        folder : Path, optional
            Where the file will be: paths of other files are written relative to it, without it
            absolute.
        """
        fields = self.as_dict()
        return toml_text(fields.pop("scenario") | fields, folder)

    def _try(self, scenario: Scenario) -> None:
        """Run every scheme on every stream in a scenario for one task."""
        rng = np.random.default_rng(0)
        default_hz = scenario.loaded_system.tasks.arrival_hz
        link = scenario.link_trace
        for label, table in self.streams.items():
            recorded = isinstance(table, dict) and table.get("kind", label) == "trace"
            tasks = scenario.tasks if recorded else 1
            stream, rate_hz = draw_stream(label, table, tasks, default_hz, rng)
            stream = Stream(stream.time[:1], stream.size[:1])  # of a trace, read as a whole
            setting = scenario.make_setting(rate_hz, rng)
            conditions = draw_conditions(setting, stream, link, rng)
            for name, scheme in self.schemes.items():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the runs warn again
                    made = make_scheme(name, scheme)  # whether it is a table at all
                    dispatcher = scenario.make_dispatcher(scheme)
                    simulate(setting, stream, conditions, made, dispatcher, rng)


def restore_simulation(table: dict[str, Any]) -> SimulationConfig:
    """Return the simulation whose `SimulationConfig.as_dict` is `table`."""
    return SimulationConfig(**{**table, "nodes": tuple(table["nodes"])})


def read_simulation(path: str | Path) -> SimulationConfig:
    """Read a simulation file.

    Parameters
    ----------
    path : str or Path
        TOML with a table ``[streams.NAME]`` for each stream and ``[schemes.NAME]`` for each
        scheme, whose ``kind`` and ``scheme`` are NAME unless they say otherwise, and the fields
        of `Scenario` and `SimulationConfig`; ``nodes`` is a number or a list. Paths in it are
        relative to the file. A table ``[live]`` is left to `run_live`.

    Raises
    ------
    InputError
        If a field of the simulation, its scenario, a stream or a scheme is missing, unknown or
        illegal.

    Examples
    --------
    See `SimulationConfig`; the files in ``experiments/simulations`` show all fields.
    """
    path = Path(path)
    tables = read_toml(path)
    tables.pop("live", None)  # what only a live run needs
    check_fields(path, tables, (*_SCENARIO, *_OWN), ("network", "system", "streams", "schemes"))
    nodes = tables.pop("nodes", [])
    scenario = {key: tables[key] for key in _SCENARIO if key in tables}
    for key in ("network", "system"):
        if not isinstance(scenario[key], str):
            raise InputError(key, scenario[key], "a text")
        scenario[key] = locate(scenario[key], path.parent)
    if isinstance(scenario.get("link"), dict):
        scenario["link"] = _located(scenario["link"], path.parent)
    if isinstance(scenario.get("dispatch"), dict):
        scenario["dispatch"] = _located(scenario["dispatch"], path.parent)
    return SimulationConfig(
        scenario=scenario,
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
