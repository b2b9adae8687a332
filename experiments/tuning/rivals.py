"""Several solvers tuned on several families of problems, each with the same budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt.experiments.tuning.config import TuneConfig, problem_set, solver_table
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import check_fields, check_strings, read_toml
from edgeopt.problems.parameters import check_keys, check_table

FAMILIES = "families"

_REQUIRED = (FAMILIES, "solvers", "trials", "budget")

_SHARED = ("trials", "budget", "seed", "sampler", "racing")

_SETS = ("training", "held_out")


@dataclass(frozen=True)
class RivalTunings:
    """Tunings of solvers on families that differ in nothing else.

    Attributes
    ----------
    families, solvers : tuple of str
        Their names.
    tunings : dict
        The tuning of each pair (family, solver).

    Examples
    --------
    See `read_rivals`.
    """

    families: tuple[str, ...]
    solvers: tuple[str, ...]
    tunings: dict[tuple[str, str], TuneConfig]

    def folders(self) -> Iterator[tuple[str, TuneConfig]]:
        """Yield the folder of each tuning, ``SOLVER-FAMILY``, and the tuning."""
        for (family, solver), config in self.tunings.items():
            yield f"{solver}-{family}", config


def is_of_rivals(path: str | Path) -> bool:
    """Whether a file tunes several solvers, and not one."""
    return FAMILIES in read_toml(Path(path))


def read_rivals(path: str | Path) -> RivalTunings:
    r"""Read a file that tunes several solvers with the same budget.

    Parameters
    ----------
    path : str or Path
        TOML with ``trials``, ``budget`` and, optionally, ``seed``, ``sampler`` and ``racing``,
        which hold for all; for each family the tables ``[families.NAME.training]`` and
        ``[families.NAME.held_out]`` of a tuning file; and for each solver a table
        ``[solvers.NAME]`` with ``parameters``, ``search`` and ``solver`` (a table as there;
        ``{solver = NAME}`` unless given), all optional. Paths are relative to the file.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt.experiments.tuning import read_rivals
    >>> sets = '[families.pools]\ntraining = {problems = ["paper:8x2:seed=1"]}\n'
    >>> sets += 'held_out = {problems = ["paper:8x2:seed=2", "paper:8x2:seed=3"]}\n'
    >>> head = "trials = 4\nbudget = {evaluations = 50}\n"
    >>> _ = Path("rivals.toml").write_text(f"{head}{sets}[solvers]\npso = {{}}\natsa = {{}}\n")
    >>> sorted(read_rivals("rivals.toml").tunings)
    [('pools', 'atsa'), ('pools', 'pso')]
    """
    path = Path(path)
    tables = read_toml(path)
    check_fields(path, tables, (*_REQUIRED, *_SHARED), _REQUIRED)
    for name in (FAMILIES, "solvers"):
        check_table(name, tables[name])
    if len(tables["solvers"]) < 2 or not tables[FAMILIES]:
        rule = "at least two solvers and one family: ranks are of several"
        raise InputError("solvers, families", [*tables["solvers"], *tables[FAMILIES]], rule)
    shared = {name: tables[name] for name in _SHARED if name in tables}
    # read once: all solvers of a family share its problems, which keep their bounds
    sets = {name: _sets(name, table, path.parent) for name, table in tables[FAMILIES].items()}
    own = {name: _solver(name, table, path.parent) for name, table in tables["solvers"].items()}
    tunings = {
        (family, solver): _config(f"{solver} on {family}", {**shared, **fields, **problems})
        for family, problems in sets.items()
        for solver, fields in own.items()
    }
    return RivalTunings(tuple(sets), tuple(own), tunings)


def _sets(name: str, table: Any, folder: Path) -> dict[str, Any]:
    """Return training and held-out problems of a family."""
    check_keys(f"{FAMILIES}.{name}", table, _SETS, required=_SETS)
    for each in _SETS:
        check_table(f"{FAMILIES}.{name}.{each}", table[each])
    return {each: problem_set(each, table[each], folder) for each in _SETS}


def _solver(name: str, table: Any, folder: Path) -> dict[str, Any]:
    """Return the fields of a tuning that belong to a solver."""
    check_keys(f"solvers.{name}", table, ("solver", "parameters", "search"))
    given = table.get("solver", {"solver": name})
    check_table(f"solvers.{name}.solver", given)
    fields: dict[str, Any] = {"solver": solver_table(given, folder)}
    if "parameters" in table:
        fields["parameters"] = tuple(check_strings("parameters", table["parameters"]))
    if "search" in table:
        check_table(f"solvers.{name}.search", table["search"])
        fields["search"] = table["search"]
    return fields


def _config(place: str, fields: dict[str, Any]) -> TuneConfig:
    """Return a tuning; an error names solver and family."""
    try:
        return TuneConfig(**fields)
    except InputError as error:
        raise InputError(f"{place}: {error.field}", error.value, error.rule) from None
