"""Several sweeps together: the best run on each problem, and tables of solvers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.best_known.facts import fact_of, published_of
from edgeopt.experiments.best_known.register import KnownSchedule
from edgeopt.experiments.best_known.standing import checked_bound
from edgeopt.experiments.runs.store import read_cells, read_description
from edgeopt.experiments.sweep.cell import problem_of
from edgeopt.experiments.sweep.places import problem_specs
from edgeopt.experiments.text import NOTHING, decimal, markdown_table, scaled
from edgeopt.optim.scheduling.checker import CheckError
from edgeopt.optim.scheduling.stop import settled_bound
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import printable

if TYPE_CHECKING:
    import pandas as pd


_REGISTERED = "best known"  # in place of a solver's name

_FACTS, _NUMBERS = ("instance", "tasks", "nodes"), ("makespan", "lower_bound", "seconds")


def read_sweeps(folders: Iterable[Path]) -> pd.DataFrame:
    """Return the rows of all sweeps.

    They have the columns of a sweep and ``spec``, ``digest`` and ``instance`` of the problem,
    ``version`` of edgeopt, and ``folder``. ``tasks`` and ``nodes`` are given for runs that failed,
    too.

    Raises
    ------
    InputError
        If a folder is no finished sweep, none of its runs has a schedule, or a problem cannot be
        loaded any more.
    """
    import pandas as pd

    return pd.concat([_read(folder) for folder in folders], ignore_index=True)


def _read(folder: Path) -> pd.DataFrame:
    """Return the rows of one sweep."""
    import pandas as pd

    description = read_description(folder)
    version = str(description["provenance"].get("edgeopt", "unknown"))
    specs = problem_specs(description["config"].get("problems", []), folder)
    cells = read_cells(folder)
    if cells["assignment"].isna().all():
        raise InputError("folder", str(folder), "a sweep in which a run has found a schedule")
    facts = pd.DataFrame.from_dict(
        {name: _facts(specs.get(name, name)) for name in cells["problem"].unique()},
        orient="index",
    )
    # rows of failed runs lack the size, which the tables group by
    cells = cells.drop(columns=["tasks", "nodes"]).join(facts, on="problem")
    named = [specs.get(name, name) for name in cells["problem"]]
    spec = pd.Series(named, cells.index, object)  # files' names need not be UTF-8
    return cells.assign(spec=spec, version=version, folder=printable(str(folder)))


def _facts(spec: str) -> dict[str, Any]:
    """Return a problem's columns; its name is the published one if there is one."""
    problem = problem_of(spec)
    fact = published_of(problem, spec)
    return {
        "digest": problem.digest,
        "instance": problem.name if fact is None else fact.instance,
        "tasks": problem.tasks,
        "nodes": problem.nodes,
    }


def best_runs(cells: pd.DataFrame) -> dict[str, KnownSchedule]:
    """Return the best schedule of each problem by digest, checked again.

    Parameters
    ----------
    cells : DataFrame
        From `read_sweeps`.

    Raises
    ------
    InputError
        If a schedule contradicts its row: the problem's file has changed since.
    """
    # stable: of equally good runs the first one is kept
    solved = cells[cells["assignment"].notna()].sort_values("makespan", kind="stable")
    bounds = cells.groupby("digest")["lower_bound"].max()
    best = solved.drop_duplicates("digest").to_dict("records")
    return {row["digest"]: _record(row, float(bounds[row["digest"]])) for row in best}


def _record(row: dict[Any, Any], bound: float) -> KnownSchedule:
    """Return a row as a record that has been checked."""
    record = KnownSchedule(
        instance=row["instance"],
        digest=row["digest"],
        makespan=float(row["makespan"]),
        lower_bound=settled_bound(bound, float(row["makespan"])),
        solver=row["solver"],
        seed=int(row["seed"]),
        repetition=int(row["repetition"]),
        seconds=float(row["seconds"]),
        version=row["version"],
        code=row["code"],
        assignment=np.asarray(row["assignment"], dtype=np.int64),
    )
    _check(record, row["spec"], "folder", row["folder"])
    return record


def check_records(records: dict[str, KnownSchedule], cells: pd.DataFrame, source: Path) -> None:
    """Check the records of a register on the problems of sweeps.

    Parameters
    ----------
    records : dict of KnownSchedule
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
    specs = cells.drop_duplicates("digest").set_index("digest")["spec"]
    for digest in specs.index.intersection(list(records)):
        _check(records[digest], specs[digest], "register", str(source))


def _check(record: KnownSchedule, spec: str, field: str, value: str) -> None:
    """Check a record, found in `value`, on its problem as it is loaded now."""
    try:
        record.check(problem_of(spec))
    except (CheckError, InputError) as error:
        raise InputError(field, value, f"true of {spec} as it is now ({error})") from None


# Solvers side by side on families of instances, as Markdown.


def with_records(cells: pd.DataFrame, records: dict[str, KnownSchedule]) -> pd.DataFrame:
    """Return what tables take from the rows and, like one more solver, from records.

    Parameters
    ----------
    cells : DataFrame
        From `read_sweeps`.
    records : dict of KnownSchedule
        By digest, see `check_records`; those of other problems are left out.
    """
    import pandas as pd

    problems = cells.drop_duplicates("digest").set_index("digest")
    rows = [
        {
            "digest": digest,
            **{name: problems.at[digest, name] for name in _FACTS},
            "solver": _REGISTERED,
            **{name: getattr(record, name) for name in _NUMBERS},
        }
        for digest, record in records.items()
        if digest in problems.index
    ]
    columns = ["digest", *_FACTS, "solver", *_NUMBERS]
    return pd.concat([cells[columns], pd.DataFrame(rows)], ignore_index=True) if rows else cells


def solver_tables(cells: pd.DataFrame) -> str:
    """Return two tables for each family: gaps over the lower bound and over the best published.

    A family is all problems of one size. A gap is that of the median run, a run without a schedule
    being infinite; the last rows are the median of the family and the mean time of a run. The
    second table is omitted if nothing is published.

    Parameters
    ----------
    cells : DataFrame
        From `read_sweeps`; a label must stand for the same solver in all sweeps.

    Raises
    ------
    InputError
        If a bound is above the makespan of a schedule.
    """
    families = cells.groupby(["tasks", "nodes"])
    lines = (_family(family, "{} x {}".format(*size)) for size, family in families)
    return "\n".join(chain.from_iterable(lines)).strip()


def _family(cells: pd.DataFrame, name: str) -> Iterator[str]:
    """Yield the lines of one family."""
    import pandas as pd

    makespans = (
        cells.assign(makespan=cells["makespan"].fillna(np.inf))
        .groupby(["digest", "solver"], sort=False)["makespan"]
        .median()
        .unstack("solver")
    )
    names = cells.drop_duplicates("digest").set_index("digest")["instance"]
    bounds = cells.groupby("digest")["lower_bound"].max()
    least = cells.groupby("digest")["makespan"].min()
    for digest in bounds.index:
        checked_bound(float(bounds[digest]), float(least[digest]), str(names[digest]))
    facts = {digest: fact_of(digest, str(names[digest])) for digest in bounds.index}
    published = pd.Series(
        {d: fact.makespan for d, fact in facts.items() if fact is not None}, dtype=float
    )
    seconds = cells.groupby("solver")["seconds"].mean()
    for title, reference in (("the lower bound", bounds), ("the best published", published)):
        if len(reference):
            gaps = 100 * (makespans.loc[reference.index].div(reference, axis=0) - 1)
            yield from ("", f"Gap over {title} in %, {name}:", "")
            yield from _markdown(gaps.rename(index=names.to_dict()).sort_index(), seconds)


def _markdown(gaps: pd.DataFrame, seconds: pd.Series[float]) -> list[str]:
    """Return a table of gaps: solvers from left to right by their medians, the least in bold."""
    middle = gaps.median()
    order = middle.sort_values(kind="stable").index
    rows = [(str(name), *_texts(row)) for name, row in gaps[order].iterrows()]
    rows.append(("**median**", *_texts(middle[order])))
    rows.append(("seconds a run", *(scaled(seconds[solver], form=".3g") for solver in order)))
    return markdown_table(["instance", *map(str, order)], rows, "lr")


def _texts(gaps: pd.Series[float]) -> list[str]:
    """Return the gaps of a row as texts, a dash for a solver without any schedule."""
    texts = [decimal(gap, 3) for gap in gaps.replace(np.inf, np.nan)]
    best = decimal(gaps.min(), 3)
    return [f"**{text}**" if text == best != NOTHING else text for text in texts]
