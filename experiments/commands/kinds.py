"""The two kinds of sweeps: solvers on scheduling problems, and schemes on streams of tasks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeopt.experiments.simulation.cell import SimulationCell, simulation_cells
from edgeopt.experiments.simulation.config import (
    SimulationConfig,
    read_simulation,
    restore_simulation,
)
from edgeopt.experiments.sweep.cell import Cell, cells_of
from edgeopt.experiments.sweep.config import SweepConfig, read_config
from edgeopt.problems.files import read_toml

AnyConfig = SweepConfig | SimulationConfig

AnyCell = Cell | SimulationCell


def read_any(path: Path) -> AnyConfig:
    """Return what a file says: a simulation if it has ``schemes``, else a sweep of solvers.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.
    """
    return read_simulation(path) if "schemes" in read_toml(path) else read_config(path)


def restore_any(table: dict[str, Any]) -> AnyConfig:
    """Return the configuration whose ``as_dict`` is `table`."""
    if "schemes" in table:
        return restore_simulation(table)
    return SweepConfig(**{**table, "problems": tuple(table["problems"])})


def any_cells(config: AnyConfig) -> Iterator[AnyCell]:
    """Yield the cells of a sweep."""
    return simulation_cells(config) if isinstance(config, SimulationConfig) else cells_of(config)
