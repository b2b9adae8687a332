"""One cell of a simulation: a scheme on a stream and a pool, once."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

import edgeopt.optim.framework
from edgeopt.experiments.runs.cell import CellName
from edgeopt.experiments.runs.provenance import code_version
from edgeopt.experiments.simulation.config import Scenario, SimulationConfig
from edgeopt.optim.framework.conditions import draw_conditions
from edgeopt.optim.framework.measures import (
    SimulatedRun,
    delay_quantiles_s,
    measure,
    node_energy_j,
    node_utilisation,
)
from edgeopt.optim.framework.schemes.catalog import make_scheme
from edgeopt.optim.framework.simulate import simulate
from edgeopt.problems.arrivals.spec import draw_stream

FINISHED = "finished"


@dataclass(frozen=True)
class SimulationCell(CellName):
    """A scheme on a stream and a pool, once."""

    @property
    def code(self) -> str:
        """Which code a row is made with."""
        return code_version(edgeopt.optim.framework)

    @cached_property
    def key(self) -> str:
        """Hash of everything that names the cell or that its outcome depends on, code too."""
        content = [getattr(self, name) for name in self.__dataclass_fields__]
        return hashlib.sha256(json.dumps([*content, self.code]).encode()).hexdigest()[:32]

    def warm_up(self) -> None:
        """Compile what the cell needs, once in each process: runs are not timed."""

    def run(self) -> SimulatedRun:
        """Run the scheme.

        Stream, links and master depend on the root seed, the stream and the repetition alone: all
        schemes and pool sizes meet the same.
        """
        table = json.loads(self.budget)
        world, label = Scenario(**table["world"]), table["label"]
        stream_text = json.dumps([label, table["stream"]], sort_keys=True)
        spawn_key = (_number(stream_text), self.repetition)
        seeds = np.random.SeedSequence(self.seed, spawn_key=spawn_key).spawn(4)
        arrivals, links, masters, choices = (np.random.default_rng(seed) for seed in seeds)
        default_hz = world.make_system().tasks.arrival_hz
        stream, rate_hz = draw_stream(label, table["stream"], world.tasks, default_hz, arrivals)
        setting = world.make_setting(rate_hz, masters)
        conditions = draw_conditions(setting, stream, world.make_link(), links)
        table = json.loads(self.solver)
        scheme, dispatcher = make_scheme(self.label, table), world.make_dispatcher(table)
        return simulate(setting, stream, conditions, scheme, dispatcher, choices)

    def outcome(self) -> dict[str, Any]:
        """Run the scheme and return the columns of its result."""
        world = Scenario(**json.loads(self.budget)["world"])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run = self.run()
        measures = {
            **measure(run, world.warm_up, world.edge_value("transport")),
            "delay_quantiles_s": delay_quantiles_s(run, world.warm_up).tolist(),
            "node_energy_j": node_energy_j(run).tolist(),
            "node_utilisation": node_utilisation(run).tolist(),
            "warnings": [str(warning.message) for warning in caught],
        }
        size = {"tasks": run.stream.tasks, "nodes": run.setting.nodes}
        return {**size, "measures": json.dumps(measures), "status": FINISHED, "error": None}


def simulation_cells(config: SimulationConfig) -> Iterator[SimulationCell]:
    """Yield the cells, repetition by repetition, so that an early look sees all schemes.

    Examples
    --------
    See `SimulationConfig`.
    """
    worlds = [(world, world.make_system().pool.nodes) for world in config.worlds()]
    choices = product(
        range(config.repetitions), config.streams.items(), worlds, config.schemes.items()
    )
    for repetition, (label, stream), (world, nodes), (scheme, table) in choices:
        budget = {"label": label, "stream": stream, "world": world.as_dict()}
        yield SimulationCell(
            problem=problem_name(label, nodes),
            digest=world.digest(stream, table),
            label=scheme,
            solver=json.dumps({"scheme": scheme, **table}, sort_keys=True),
            repetition=repetition,
            seed=config.seed,
            budget=json.dumps(budget, sort_keys=True),
        )


def problem_name(stream: str, nodes: int) -> str:
    """Return the name of a stream on a pool."""
    return f"{stream} x {nodes}"


def _number(text: str) -> int:
    """Return a number that stands for a text."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16)
