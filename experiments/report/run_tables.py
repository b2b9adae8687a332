"""What was run: solvers with their parameters, failures, provenance."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING, Any

from experiments.report.table import Entry, Table
from experiments.statistics.anytime import has_failed
from experiments.version import version
from optim.scheduling import SOLVERS
from problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Failure:
    """Runs of one solver on one problem that ended with the same error.

    Attributes
    ----------
    problem, solver : str
        Where.
    repetitions : tuple of int
        Which runs.
    reason : str
        Last line of the traceback.
    traceback : str
        All of it, of the first run.
    """

    problem: str
    solver: str
    repetitions: tuple[int, ...]
    reason: str
    traceback: str


def failures(cells: pd.DataFrame, names: dict[str, str]) -> list[Failure]:
    """Return the failed runs, those alike together."""
    failed = cells[has_failed(cells)]
    errors = failed["error"].fillna("no traceback kept").astype(str).str.strip()
    reasons = errors.str.rsplit("\n", n=1).str[-1]
    groups = failed.assign(error=errors).groupby(["problem", "solver", reasons], sort=False)
    return [
        Failure(
            names[str(problem)],
            str(solver),
            tuple(int(number) for number in runs["repetition"]),
            str(reason),
            runs["error"].iloc[0],
        )
        for (problem, solver, reason), runs in groups
    ]


def parameter_table(solvers: dict[str, dict[str, Any]], made_with: str) -> Table:
    """Return what each label stands for.

    Parameters
    ----------
    solvers : dict
        By label: ``{"solver": name, parameter: value, ...}``.
    made_with : str
        Version of edgeopt that ran the sweep. Defaults are told where it is the one installed; a
        solver of the user's own is not loaded, as a report runs no code of others.
    """
    rows = []
    for label, table in solvers.items():
        given = {name: value for name, value in table.items() if name != "solver"}
        defaults = _defaults(table["solver"]) if made_with == version() else {}
        rest = {name: value for name, value in defaults.items() if name not in given}
        entries = (label, str(table["solver"]), _listed(given), _listed(rest))
        rows.append(tuple(Entry(text) for text in entries))
    columns = ("label", "solver", "set", "left at default")
    return Table("parameters", "Solvers and their parameters", columns, tuple(rows))


def _defaults(name: str) -> dict[str, Any]:
    """Return the parameters of a solver of this package."""
    solver = SOLVERS.get(name)
    return asdict(solver) if is_dataclass(solver) else {}  # type: ignore[arg-type]


def _listed(values: dict[str, Any]) -> str:
    """Return parameters as one line."""
    return ", ".join(f"{name} = {value}" for name, value in values.items()) or "–"


def provenance_table(description: dict[str, Any]) -> Table:
    """Return what the sweep says of its making, a row a fact."""
    facts = description.get("provenance", {})
    if not isinstance(facts, dict):
        raise InputError("provenance", facts, "a table, as edgeopt sweep writes it")
    rows = tuple((Entry(str(name)), Entry(_plain(value))) for name, value in facts.items())
    return Table("provenance", "Where the numbers come from", ("what", "value"), rows)


def _plain(value: Any) -> str:
    """Return a value of a JSON file as text."""
    return value if isinstance(value, str) else json.dumps(value)
