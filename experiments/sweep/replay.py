"""A row of a sweep, run again."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.runs.store import (
    collect_rows,
    folder_index,
    in_index_order,
    kind_of,
    read_description,
)
from edgeopt.experiments.sweep.cell import SweepCell, problem_of, solver_identity
from edgeopt.experiments.sweep.config import split_spec
from edgeopt.experiments.sweep.places import PROBLEMS, SOURCES, moved
from edgeopt.optim.scheduling.seeds import write_stream
from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import file_exists


def replay(
    folder: str | Path, key: str, *, problem: str | None = None, solver: str | None = None
) -> Result:
    """Run the cell of a row again and return its result: that of the row, to the bit.

    Only a run that ends by the clock may differ. If the code has changed, a warning says so.

    Parameters
    ----------
    folder : str or Path
        Folder of a sweep.
    key : str
        Key of the row, or its first characters.
    problem, solver : str, optional
        Where the problem's or the solver's file is now, if it has been moved.

    Raises
    ------
    InputError
        If there is no such row, or several, a file is gone, or the problem or the solver's
        parameters are not those of the row.

    Examples
    --------
    >>> from edgeopt import SweepConfig, replay, run_sweep
    >>> solvers = {"ants": {"solver": "atsa"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 2, 1, {"evaluations": 100}, solvers)
    >>> row = run_sweep(config, "cells").loc[1]
    >>> bool(replay("cells", row["key"]).makespan == row["makespan"])
    True
    """
    stored = find_stored(folder, key, problem=problem, solver=solver)
    if stored.is_changed:
        warnings.warn(f"{stored.label}: {CHANGED}", stacklevel=2)
    return stored.cell.run()


CHANGED = "made by other code than is there now; the result may differ"


@dataclass(frozen=True)
class StoredRow:
    """A row, and the cell that runs it again.

    Attributes
    ----------
    row : dict
        The row.
    cell : SweepCell
        Its cell with the code that is there now.
    """

    row: Row
    cell: SweepCell

    @property
    def label(self) -> str:
        """Key and names of the row."""
        names = f"{self.row['solver']} on {self.row['problem']}"
        return f"{self.row['key'][:12]} ({names}, repetition {self.row['repetition']})"

    @property
    def is_changed(self) -> bool:
        """Whether the code is no longer that of the row."""
        return bool(self.row["code"] != self.cell.code)

    @property
    def is_timed(self) -> bool:
        """Whether the run may end by the clock."""
        return "seconds" in json.loads(self.cell.budget)

    def is_equal(self, result: Result) -> bool:
        """Whether makespan and assignment of a result are those of the row, to the bit."""
        stored = self.row["assignment"]
        if stored is None or result.assignment is None:
            return stored is None and result.assignment is None
        same = bool(self.row["makespan"] == result.makespan)
        return same and list(stored) == result.assignment.tolist()


def find_stored(
    folder: str | Path, key: str, *, problem: str | None = None, solver: str | None = None
) -> StoredRow:
    """Return a row with its cell; the arguments are those of `replay`.

    Raises
    ------
    InputError
        See `replay`.
    """
    folder = Path(folder)
    row = _find_row(folder, key)
    recipe = _recipe(row)
    table = recipe["solver"]
    table["solver"] = _place(folder, SOURCES, table["solver"], solver)
    spec = _place(folder, PROBLEMS, recipe["problem"], problem)
    text, start = json.dumps(table, sort_keys=True), recipe["start"]
    identity, code = solver_identity(text, start)
    # not the columns seed and repetition: folders that are merged may renumber repetitions
    root, _, repetition = row["stream"].split("/")
    cell = SweepCell(
        problem=spec,
        digest=problem_of(spec).digest,
        label=row["solver"],
        solver=text,
        repetition=int(repetition),
        seed=int(root),
        budget=json.dumps(recipe["budget"], sort_keys=True),
        start=start,
        identity=identity,
        code=code,
    )
    if write_stream(cell.stream) != row["stream"]:
        raise InputError("problem", spec, "that of the row: this one has another content")
    if cell.content != row["content"]:
        raise InputError("solver", table, "that of the row: this one has other parameters")
    return StoredRow(row, cell)


def foreign_code(folder: str | Path, key: str) -> str | None:
    """Return the file, and the name in it, of a row's solver; None for one that is installed.

    Raises
    ------
    InputError
        If the folder has no such row.
    """
    folder = Path(folder)
    name: str = _recipe(_find_row(folder, key))["solver"]["solver"]
    file, rest = _split(name)
    return f"{moved(file, folder / SOURCES)}{rest}" if file.endswith((".py", ".toml")) else None


def _recipe(row: Row) -> dict[str, Any]:
    """Return what a row says of how it was made."""
    try:
        recipe = json.loads(row["recipe"])
        texts = (recipe["problem"], recipe["start"], recipe["solver"]["solver"])
        is_whole = all(isinstance(text, str) for text in texts)
        make_criteria(recipe["budget"])
    except (ValueError, KeyError, TypeError, RecursionError):
        is_whole = False
    if not is_whole or not re.fullmatch(r"\d+/\d+/\d+", row["stream"] or ""):
        rule = "one that says how it was made: its recipe is damaged"
        raise InputError("KEY", row["key"], rule)
    return recipe  # type: ignore[no-any-return]


def _find_row(folder: Path, key: str) -> Row:
    """Return the row whose key begins with a text, also one that no table shows any more."""
    description = read_description(folder)
    kind = kind_of(description)
    if "recipe" not in kind.facts:
        rule = "the output of a sweep of this version of edgeopt"
        raise InputError("folder", str(folder), rule)
    keys = collect_rows(folder, kind, columns=("key", "status"))
    found = [known for known in keys if key and known.startswith(key)]
    if len(found) != 1:
        rule = f"the key of a row in {folder}, or enough of its first characters"
        raise InputError("KEY", key, f"{rule}: {len(found)} of {len(keys)} begin like this")
    rows = collect_rows(folder, kind, keys={*found})
    index = [entry for entry in folder_index(folder, description) if entry["key"] == found[0]]
    # the index knows where files are now
    return (in_index_order(index, rows, kind) or [*rows.values()])[0]


def _place(folder: Path, kind: str, known: str, given: str | None) -> str:
    """Return where a problem or a solver is now."""
    file, rest = _split(known)
    if given is not None:  # ``moved.py`` for ``own.py:Name``
        return f"{given}{rest}" if file_exists(Path(given)) else given
    place = moved(file, folder / kind)
    if Path(place).is_absolute() and not file_exists(Path(place)):
        option = "PROBLEM" if kind == PROBLEMS else "--solver"
        raise InputError(kind[:-1], file, f"an existing file: {option} says where it is now")
    return f"{place}{rest}"


def _split(name: str) -> tuple[str, str]:
    """Return the path in the name of a problem or a solver, and what follows it."""
    if ".py:" in name:
        file, colon, attribute = name.rpartition(":")
        return file, f"{colon}{attribute}"
    # the file may be gone: what looks like options is taken for them
    return split_spec(name)
