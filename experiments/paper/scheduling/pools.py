"""Many pools of the paper, each with a seed of its own, and sweeps over them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands.sweep import run_with_bar
from experiments.sweep.config import SweepConfig
from problems.errors import InputError, check_integer

if TYPE_CHECKING:
    import pandas as pd


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
        self, problems: Iterable[str], budget: dict[str, Any], solvers: dict[str, dict[str, Any]]
    ) -> SweepConfig:
        """Return the sweep that runs each solver once on each problem."""
        tables = {label: {"solver": label, **table} for label, table in solvers.items()}
        return SweepConfig(tuple(problems), 1, self.seed, budget, tables)


def read_pools(table: dict[str, Any], quick: bool) -> Pools:
    """Return the pools that the table of a configuration file says.

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
    """Run a sweep, or what is left of it, in a folder of its own in `work`; return its cells.

    The makespan of a cell that failed is infinite.
    """
    identity = json.dumps(config.identity, sort_keys=True).encode()
    folder = work / f"{name}-{hashlib.sha256(identity).hexdigest()[:8]}"
    cells = run_with_bar(config, folder, jobs=jobs)
    return cells.fillna({"makespan": float("inf"), "gap": float("inf")})
