"""Designs of the sweeps: pools with seeds of their own, and a full factorial of readings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.run import run_with_bar
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.files import check_fields, check_strings, read_toml

if TYPE_CHECKING:
    import pandas as pd


_FIELDS = (
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
    check_fields(path, table, _FIELDS, _FIELDS)
    return Factorial(
        pools=read_pools(table, quick),
        budget=table["budget"],
        rivals=tuple(check_strings("rivals", table["rivals"])),
        pool_factors=table["pools"],
        colony_factors=table["colony"],
    )


# Pools of the paper, each with a seed of its own, and sweeps over them.


@dataclass(frozen=True)
class Pools:
    """The pools of a study.

    Attributes
    ----------
    tasks : int
        Tasks k on each.
    nodes : tuple of int
        Sizes x.
    seeds : int
        Pools of each size and kind, of seeds 0, 1, ...
    seed : int
        Root of the solvers' randomness.
    """

    tasks: int
    nodes: tuple[int, ...]
    seeds: int
    seed: int

    def names(self, nodes: int, options: Iterable[str] = ()) -> list[str]:
        """Return the names of the pools of one size and kind, see `load_problem`."""
        parts = ("paper", f"{self.tasks}x{nodes}", *options)
        return [":".join((*parts, f"seed={seed}")) for seed in range(self.seeds)]

    def sweep(
        self,
        problems: Iterable[str],
        budget: dict[str, Any],
        solvers: dict[str, dict[str, Any]],
        start: str | None = None,
    ) -> SweepConfig:
        """Return the sweep that runs each solver once on each problem, from a start if given."""
        tables = {label: {"solver": label, **table} for label, table in solvers.items()}
        return SweepConfig(tuple(problems), 1, self.seed, budget, tables, start=start)


def read_pools(table: dict[str, Any], quick: bool) -> Pools:
    """Return the pools of a configuration file's table.

    Raises
    ------
    InputError
        If a field is illegal.
    """
    sizes = table["nodes"]
    if not isinstance(sizes, list) or not sizes:
        raise InputError("nodes", sizes, "a list of sizes")
    return Pools(
        check_integer("tasks", table["tasks"], at_least=1),
        tuple(check_integer("nodes", size, at_least=1) for size in sizes),
        check_integer("seeds", table["quick_seeds" if quick else "seeds"], at_least=2),
        check_integer("seed", table["seed"], at_least=0),
    )


def run_in(work: Path, name: str, config: SweepConfig, jobs: int) -> pd.DataFrame:
    """Run or resume a sweep in a folder of its own in `work`; return its cells.

    The makespan of a cell that failed is infinite.
    """
    # Cells of another configuration must not mix with these.
    identity = json.dumps(config.as_dict(), sort_keys=True).encode()
    folder = work / f"{name}-{hashlib.sha256(identity).hexdigest()[:8]}"
    cells = run_with_bar(config, folder, jobs=jobs)
    return cells.fillna({"makespan": float("inf"), "gap": float("inf")})
