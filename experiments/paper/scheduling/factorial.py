"""All combinations of kinds of pools and readings of the colony, as one sweep."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from experiments.paper.scheduling.pools import Pools, read_pools
from experiments.sweep.config import SweepConfig
from experiments.toml_file import check_fields, check_strings, read_toml

FIELDS = (
    *("tasks", "nodes", "seeds", "quick_seeds", "seed", "budget", "rivals"),
    *("pools", "colony"),
)
Levels = tuple[str, ...]


@dataclass(frozen=True)
class Factorial:
    """A full factorial study of ATSA against rivals.

    Attributes
    ----------
    pools : Pools
        Sizes and seeds.
    budget : dict
        Of every run.
    rivals : tuple of str
        Names of solvers.
    pool_factors : dict
        By factor and level: an option of the pool's name.
    colony_factors : dict
        By factor and level: parameters of ATSA. The first level of each is the paper's letter.
    """

    pools: Pools
    budget: dict[str, Any]
    rivals: tuple[str, ...]
    pool_factors: dict[str, dict[str, str]]
    colony_factors: dict[str, dict[str, dict[str, Any]]]

    @property
    def printed(self) -> Levels:
        """The levels of the colony that are the paper's letter."""
        return tuple(next(iter(levels)) for levels in self.colony_factors.values())

    def kinds(self) -> dict[Levels, tuple[str, ...]]:
        """Return the options of each kind of pool."""
        factors = [levels.items() for levels in self.pool_factors.values()]
        return {
            tuple(level for level, _ in chosen): tuple(option for _, option in chosen)
            for chosen in product(*factors)
        }

    def colonies(self) -> dict[Levels, dict[str, Any]]:
        """Return the parameters of each colony."""
        factors = [levels.items() for levels in self.colony_factors.values()]
        return {
            tuple(level for level, _ in chosen): {
                name: value for _, table in chosen for name, value in table.items()
            }
            for chosen in product(*factors)
        }

    def sweep(self) -> SweepConfig:
        """Return the sweep of all colonies and rivals on all pools."""
        solvers: dict[str, dict[str, Any]] = {name: {} for name in self.rivals}
        for levels, table in self.colonies().items():
            solvers[label(levels)] = {"solver": "atsa", **table}
        problems = [
            name
            for nodes in self.pools.nodes
            for options in self.kinds().values()
            for name in self.pools.names(nodes, options)
        ]
        return self.pools.sweep(problems, self.budget, solvers)


def label(levels: Levels) -> str:
    """Return the name of a colony in the sweep."""
    return ", ".join(levels)


def read_factorial(path: Path, quick: bool) -> Factorial:
    """Read the study of a configuration file.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.
    """
    table = read_toml(path)
    check_fields(path, table, FIELDS, FIELDS)
    return Factorial(
        pools=read_pools(table, quick),
        budget=table["budget"],
        rivals=tuple(check_strings("rivals", table["rivals"])),
        pool_factors=table["pools"],
        colony_factors=table["colony"],
    )
