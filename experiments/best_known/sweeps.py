"""The runs of several sweeps together, and the best of them on each problem."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.best_known.published import published
from experiments.best_known.record import Record
from experiments.sweep.cell import problem_of
from experiments.sweep.store import read_cells, read_description
from optim import CheckError
from problems.errors import InputError
from problems.scheduling import SchedulingProblem

if TYPE_CHECKING:
    import pandas as pd


def read_sweeps(folders: Iterable[Path]) -> pd.DataFrame:
    """Return the rows of all sweeps.

    Beside the columns of a sweep: ``digest`` and ``instance`` of the problem, ``version`` of
    edgeopt, and ``folder``. Rows of runs that failed have ``tasks`` and ``nodes`` too.

    Raises
    ------
    InputError
        If a folder is no finished sweep, none of its runs has a schedule, or a problem is gone.
    """
    import pandas as pd

    return pd.concat([_read(folder) for folder in folders], ignore_index=True)


def _read(folder: Path) -> pd.DataFrame:
    """Return the rows of one sweep."""
    import pandas as pd

    version = str(read_description(folder)["provenance"].get("edgeopt", "unknown"))
    cells = read_cells(folder)
    if cells["assignment"].isna().all():
        raise InputError("folder", str(folder), "a sweep in which a run has found a schedule")
    facts = pd.DataFrame.from_dict(
        {spec: _facts(problem_of(spec)) for spec in cells["problem"].unique()}, orient="index"
    )
    cells = cells.drop(columns=["tasks", "nodes"]).join(facts, on="problem")
    return cells.assign(version=version, folder=str(folder))


def _facts(problem: SchedulingProblem) -> dict[str, Any]:
    """Return what the rows say of a problem; its name is the published one where there is one."""
    fact = published().get(problem.digest)
    return {
        "digest": problem.digest,
        "instance": problem.name if fact is None else fact.instance,
        "tasks": problem.tasks,
        "nodes": problem.nodes,
    }


def best_runs(cells: pd.DataFrame) -> dict[str, Record]:
    """Return the best schedule of each problem by digest, each checked anew.

    Parameters
    ----------
    cells : DataFrame
        From `read_sweeps`.

    Raises
    ------
    InputError
        If a schedule is not what its row says: the problem's file has changed since.
    """
    solved = cells[cells["assignment"].notna()].sort_values("makespan", kind="stable")
    bounds = cells.groupby("digest")["lower_bound"].max()
    best = solved.drop_duplicates("digest").to_dict("records")
    return {row["digest"]: _record(row, float(bounds[row["digest"]])) for row in best}


def _record(row: dict[Any, Any], bound: float) -> Record:
    """Return a row as a record, once the checker has seen it."""
    record = Record(
        instance=row["instance"],
        digest=row["digest"],
        makespan=float(row["makespan"]),
        lower_bound=bound,
        solver=row["solver"],
        seed=int(row["seed"]),
        repetition=int(row["repetition"]),
        seconds=float(row["seconds"]),
        version=row["version"],
        code=row["code"],
        assignment=np.asarray(row["assignment"], dtype=np.int64),
    )
    _check(record, row["problem"], "folder", row["folder"])
    return record


def check_records(records: dict[str, Record], cells: pd.DataFrame, source: Path) -> None:
    """Check what a register holds on the problems of sweeps.

    Parameters
    ----------
    records : dict of Record
        By digest.
    cells : DataFrame
        From `read_sweeps`.
    source : Path
        The register.

    Raises
    ------
    InputError
        If a record does not hold for its problem.
    """
    specs = cells.drop_duplicates("digest").set_index("digest")["problem"]
    for digest in specs.index.intersection(list(records)):
        _check(records[digest], specs[digest], "register", str(source))


def _check(record: Record, spec: str, field: str, value: str) -> None:
    """Check a record that came from `value` on its problem as it can be loaded now."""
    try:
        record.check(problem_of(spec))
    except (CheckError, InputError) as error:
        raise InputError(field, value, f"true of {spec} as it is now ({error})") from None
