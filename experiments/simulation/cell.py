"""One cell of a simulation: a scheme on a stream and a pool, once."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.runs.cell import FINISHED, Row, RunKind, Shape, declare
from edgeopt.experiments.runs.provenance import code_of
from edgeopt.experiments.simulation.scenario import Scenario, scenario_of
from edgeopt.optim.framework.conditions import draw_conditions
from edgeopt.optim.framework.dispatcher import WindowDispatcher
from edgeopt.optim.framework.measures import (
    MEASURES,
    QUANTILES,
    SimulatedRun,
    delay_quantiles_s,
    measure,
    node_energy_j,
    node_utilisation,
)
from edgeopt.optim.framework.schemes.catalog import make_scheme
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.scheduling.catalog import build_solver, is_foreign
from edgeopt.problems.arrivals.spec import draw_stream

_FIELDS = {
    **dict.fromkeys(("scenario", "streams", "schemes"), dict),
    **dict.fromkeys(("repetitions", "seed"), int),
    "nodes": list,
    "time_limit": float | int | None,
}


def _is_config(config: dict[str, Any]) -> bool:
    """Whether the configuration of a simulation has its fields, each of its type."""
    return config.keys() == _FIELDS.keys() and all(
        isinstance(config[name], of) for name, of in _FIELDS.items()
    )


_LISTS = ("delay_quantiles_s", "node_energy_j", "node_utilisation")

SIMULATION = declare(
    RunKind(
        name="simulation",
        names={"stream": "text", "nodes": "integer", "scheme": "text"},
        columns={
            "tasks": "integer",
            **dict.fromkeys(MEASURES, "float"),
            **dict.fromkeys(_LISTS, "floats"),
            "warnings": "texts",
        },
        shape=Shape(
            full=(*MEASURES, *_LISTS, "warnings"),
            finite=(*MEASURES, *_LISTS),
            equal=(("nodes", "node_energy_j", "node_utilisation"),),
            lengths={"delay_quantiles_s": len(QUANTILES)},
            config=_is_config,
        ),
    )
)


@dataclass(frozen=True)
class SimulationCell:
    """A scheme on a stream and a pool, once.

    Attributes
    ----------
    stream, label : str
        Names of stream and scheme in the file.
    nodes : int
        Size of the pool.
    digest : str
        Hash of the content of all files that the tables name.
    stream_table, scheme, scenario : str
        JSON of the stream's and the scheme's table, and of `Scenario.as_dict`.
    repetition, seed : int
        Which run, and the root seed.
    """

    stream: str
    nodes: int
    label: str
    digest: str
    stream_table: str
    scheme: str
    scenario: str
    repetition: int
    seed: int

    @property
    def is_foreign(self) -> bool:
        """Whether the solver that assigns tasks to nodes is of a file, or of another package."""
        dispatch = json.loads(self.scheme).get("dispatch", json.loads(self.scenario)["dispatch"])
        return "solver" in dispatch and is_foreign(dispatch["solver"])

    @property
    def names(self) -> dict[str, str | int]:
        """Values of the columns that name the cell."""
        return {"stream": self.stream, "nodes": self.nodes, "scheme": self.label}

    @property
    def contents(self) -> dict[str, str]:
        """Nothing: streams and schemes are known by their names."""
        return {}

    @property
    def facts(self) -> dict[str, str]:
        """Nothing: all columns are results."""
        return {}

    @property
    def code(self) -> str:
        """Hash of the code that makes the row."""
        return _code(self.scheme, self.scenario, self.digest)

    @cached_property
    def key(self) -> str:
        """Hash of everything that names the cell or that its outcome depends on, code too."""
        content = json.dumps([*astuple(self), self.code])
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    def prepare(self) -> None:
        """Do nothing: the modules of the cell are all that is needed."""

    def warm_up(self) -> None:
        """Do nothing: times are simulated, and compiling does not change them."""

    def run(self) -> SimulatedRun:
        """Run the scheme.

        Stream, links and master depend only on the root seed, the stream and the repetition: they
        are the same for all schemes and pool sizes.
        """
        scenario, table = self._scenario, json.loads(self.stream_table)
        seeds = seeds_of(self.seed, self.stream, table, self.repetition)
        arrivals, links, masters, choices = (np.random.default_rng(seed) for seed in seeds)
        default_hz = scenario.loaded_system.tasks.arrival_hz
        stream, rate_hz = draw_stream(self.stream, table, scenario.tasks, default_hz, arrivals)
        setting = scenario.make_setting(rate_hz, masters)
        conditions = draw_conditions(setting, stream, scenario.link_trace, links)
        table = json.loads(self.scheme)
        scheme, dispatcher = make_scheme(self.label, table), scenario.make_dispatcher(table)
        return simulate(setting, stream, conditions, scheme, dispatcher, choices)

    def outcome(self, folder: Path | None = None) -> dict[str, Any]:
        """Run the scheme and return the columns of its result; no files are kept in `folder`."""
        return outcome_with_warnings(self.run, self._scenario)

    @property
    def _scenario(self) -> Scenario:
        """The scenario, made once in each process."""
        return scenario_of(self.scenario, self.digest)


def outcome_with_warnings(simulated: Callable[[], SimulatedRun], scenario: Scenario) -> Row:
    """Simulate, and return the columns of the result with the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = simulated()
    return outcome_of(run, scenario, [str(warning.message) for warning in caught])


def outcome_of(run: SimulatedRun, scenario: Scenario, warned: list[str]) -> dict[str, Any]:
    """Return the columns of the result of a run that finished with some warnings."""
    return {
        "tasks": run.stream.tasks,
        **measure(run, scenario.warm_up, scenario.edge_value("transport")),
        "delay_quantiles_s": delay_quantiles_s(run, scenario.warm_up).tolist(),
        "node_energy_j": node_energy_j(run).tolist(),
        "node_utilisation": node_utilisation(run).tolist(),
        "warnings": warned,
        "status": FINISHED,
        "error": None,
    }


def seeds_of(
    seed: int, stream: str, table: dict[str, Any], repetition: int
) -> list[np.random.SeedSequence]:
    """Return the seeds of arrivals, links, master and of the scheme's choices in a run."""
    # the content of the stream, not its place: other streams in the file change nothing
    text = json.dumps([stream, table], sort_keys=True)
    return np.random.SeedSequence(seed, spawn_key=(_number(text), repetition)).spawn(4)


@cache
def _code(scheme: str, scenario: str, digest: str) -> str:
    """Return the hash of the code that runs a scheme in a scenario."""
    table = json.loads(scheme)
    dispatcher = scenario_of(scenario, digest).make_dispatcher(table)
    made = [make_scheme("", table)]
    if isinstance(dispatcher, WindowDispatcher):
        made.append(build_solver(dispatcher.solver))
    return code_of(draw_stream, draw_conditions, Scenario, simulate, measure, *made)


def problem_name(stream: str, nodes: int) -> str:
    """Return the name of a stream on a pool in tables."""
    return f"{stream} x {nodes}"


def _number(text: str) -> int:
    """Return an integer hash of a text."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16)
