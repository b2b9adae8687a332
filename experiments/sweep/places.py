"""Problems and solvers that the folder of a sweep holds, wherever the folder is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.store import read_description
from edgeopt.experiments.sweep.cell import problem_of
from edgeopt.experiments.sweep.config import SweepConfig, restore_sweep
from edgeopt.problems.files import file_exists
from edgeopt.problems.scheduling.problem import Problem

if TYPE_CHECKING:
    import pandas as pd


PROBLEMS, SOURCES = "problems", "solvers"
"""Folders, in that of a sweep, of problems and of sources that were given as objects."""


def problem_specs(problems: Iterable[str] | Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the specs of a sweep's problems by name.

    Parameters
    ----------
    problems : iterable of str or mapping of str to str
        See `SweepConfig`.
    folder : Path
        Of the sweep; it may have been moved since its configuration was written.
    """
    named = problems if isinstance(problems, Mapping) else {spec: spec for spec in problems}
    return {name: moved(spec, folder / PROBLEMS) for name, spec in named.items()}


def spec_named(cells: pd.DataFrame, name: str) -> str:
    """Return the spec of a problem by its name in a table of runs, see `read_runs`."""
    return str(cells.attrs.get("problems", {}).get(name, name))


def problem_named(cells: pd.DataFrame, name: str) -> Problem:
    """Return the problem of a name in a table of runs, see `read_runs`."""
    return problem_of(spec_named(cells, name))


def config_in(folder: Path) -> SweepConfig:
    """Return the configuration that a folder was last run with.

    Raises
    ------
    InputError
        If the folder holds no sweep, or a solver is gone.
    """
    table = read_description(folder)["config"]
    fields: dict[str, Any] = {
        "problems": problem_specs(table["problems"], folder)
        if isinstance(table["problems"], dict)
        else table["problems"],
        "solvers": {
            label: {**each, "solver": _moved_solver(each["solver"], folder)}
            for label, each in table["solvers"].items()
        },
    }
    return restore_sweep({**table, **fields})


def _moved_solver(name: str, folder: Path) -> str:
    """Return a solver's name, with the place where its source is now."""
    path, colon, attribute = name.rpartition(":")
    return f"{moved(path, folder / SOURCES)}{colon}{attribute}" if colon else name


def moved(path: str, folder: Path) -> str:
    """Return the file of this name in a folder, the path itself if there is none."""
    beside = folder / Path(path).name
    return str(beside.resolve()) if path and file_exists(beside) else path
