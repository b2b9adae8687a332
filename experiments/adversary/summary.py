"""The worst instance of each pair: rows, files that other commands take, and the printed table."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.adversary.cell import problem_in
from edgeopt.experiments.adversary.config import AdversaryConfig
from edgeopt.experiments.csv_text import csv_rows
from edgeopt.experiments.runs.cell import FAILED, Row
from edgeopt.experiments.runs.config import toml_text
from edgeopt.experiments.terminal import terminal_table
from edgeopt.experiments.text import decimal, file_names, significant
from edgeopt.problems.files import write_atomically
from edgeopt.problems.scheduling.formats import write_npz
from edgeopt.problems.scheduling.problem import Problem

if TYPE_CHECKING:
    from rich.table import Table

INSTANCES = "instances"

SWEEP_FILE = "again.toml"

_COLUMNS = (
    *("solver", "rival", "ratio", "search_ratio", "makespan", "rival_makespan", "lower_bound"),
    *("tried", "evaluations", "searches", "failed", "instance"),
)


@dataclass(frozen=True, eq=False)
class WorstCase:
    """The worst instance that was found for a pair of solvers.

    Attributes
    ----------
    solver, rival : str
        Their labels.
    ratio : float
        Median makespan of the solver over that of the rival, with fresh seeds.
    search_ratio : float
        The same with the seeds of the search, which favour the instance that it has chosen.
    problem : Problem
        The instance.
    makespans, rival_makespans : tuple of float
        Of the runs with fresh seeds in s; infinite where there was no schedule.
    seeds : tuple of int
        Of these runs: ``solve(problem, solver, stop=..., rng=seed)`` repeats them.
    lower_bound : float
        On the makespan of any schedule in s.
    tried, evaluations : int
        Instances tried and schedules evaluated by all searches of the pair.

    Examples
    --------
    See `adversary`.
    """

    solver: str
    rival: str
    ratio: float
    search_ratio: float
    problem: Problem
    makespans: tuple[float, ...]
    rival_makespans: tuple[float, ...]
    seeds: tuple[int, ...]
    lower_bound: float
    tried: int
    evaluations: int


def summarize_adversary(rows: Iterable[Row]) -> list[Row]:
    """Return a row for each pair, in the order of their first cells.

    Parameters
    ----------
    rows : iterable of dict
        Rows of cells.

    Returns
    -------
    list of dict
        ``solver``, ``rival``; of the search with the largest confirmed ratio: ``ratio`` (with
        fresh seeds), ``search_ratio``, ``makespan``, ``rival_makespan``, ``lower_bound`` (s), and
        its whole row as ``best``; of all searches: ``tried`` instances, ``evaluations`` of both
        solvers in them, and how many ``searches`` finished and ``failed``. Where all failed,
        ``best`` and the first ones are None.

    Examples
    --------
    See `AdversaryConfig`.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["solver"], row["rival"]), []).append(row)
    return [_summary(*pair, group) for pair, group in groups.items()]


def _summary(solver: str, rival: str, group: list[Row]) -> Row:
    """Return the row of one pair; of equal ratios, the first search counts."""
    done = [row for row in group if row["status"] != FAILED]
    best = max(done, key=lambda row: row["ratio"], default=None)
    of_best = {name: None if best is None else best[name] for name in _COLUMNS[2:7]}
    sums = {name: int(sum(row[name] for row in done)) for name in ("tried", "evaluations")}
    counts = {"searches": len(done), "failed": len(group) - len(done)}
    return {"solver": solver, "rival": rival, **of_best, **sums, **counts, "best": best}


def worst_cases(rows: Iterable[Row]) -> list[WorstCase]:
    """Return the worst instance of each pair with a finished search.

    Parameters
    ----------
    rows : iterable of dict
        Rows of cells.

    Examples
    --------
    >>> from edgeopt.experiments.adversary import AdversaryConfig, worst_cases
    >>> from edgeopt.experiments.runs import run_cell
    >>> solvers = {"met": {"solver": "met"}, "mct": {"solver": "mct"}}
    >>> config = AdversaryConfig(space={}, solvers=solvers, pairs=(("met", "mct"),), instances=99)
    >>> (case,) = worst_cases(run_cell(cell) for cell in config.cells())
    >>> case.problem.makespan(case.problem.matrix.argmin(axis=1)) == case.makespans[0]
    True
    """
    return [_case(row) for row in summarize_adversary(rows) if row["best"] is not None]


def _case(summary: Row) -> WorstCase:
    """Return the instance of a row of the summary."""
    best, solver, rival = summary["best"], summary["solver"], summary["rival"]
    return WorstCase(
        solver=solver,
        rival=rival,
        ratio=float(best["ratio"]),
        search_ratio=float(best["search_ratio"]),
        lower_bound=float(best["lower_bound"]),
        tried=summary["tried"],
        evaluations=summary["evaluations"],
        problem=problem_in(best, case_name(solver, rival)),
        makespans=tuple(map(float, best["makespans"])),
        rival_makespans=tuple(map(float, best["rival_makespans"])),
        seeds=tuple(map(int, best["seeds"])),
    )


def case_name(solver: str, rival: str) -> str:
    """Return the name of an instance in tables."""
    return f"{solver} against {rival}"


# Files.


def write_cases(config: AdversaryConfig, rows: Iterable[Row], folder: Path) -> list[Row]:
    """Write summary, instances, their records and a sweep file; return the summary.

    The folder has ``summary.csv``; for each pair ``instances/NAME.npz`` (exact, with memory),
    ``NAME.csv`` (its times) and ``NAME.json`` (numbers, seeds and the commands that repeat them);
    and ``again.toml``, a sweep of all solvers on all instances.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    rows = list(rows)
    summary, cases = summarize_adversary(rows), worst_cases(rows)
    (folder / INSTANCES).mkdir(exist_ok=True)
    files = dict(zip(map(_pair, cases), _file_names(cases), strict=True))
    for case in cases:
        path = folder / INSTANCES / files[_pair(case)]
        write_npz(path.with_name(f"{path.name}.npz"), case.problem)
        write_atomically(path.with_name(f"{path.name}.csv"), _times_csv(case.problem))
        record = json.dumps(_record(config, case, f"{path.name}.npz"), indent=1).encode()
        write_atomically(path.with_name(f"{path.name}.json"), record)
    for row in summary:
        name = files.get((row["solver"], row["rival"]))
        row["instance"] = None if name is None else f"{INSTANCES}/{name}.npz"
    texts = [[_text(row[name]) for name in _COLUMNS] for row in summary]
    write_atomically(folder / "summary.csv", csv_rows([_COLUMNS, *texts]))
    if cases:
        write_atomically(folder / SWEEP_FILE, _sweep_text(config, cases, files, folder))
    return summary


def _pair(case: WorstCase) -> tuple[str, str]:
    """Return solver and rival of a case."""
    return case.solver, case.rival


def _file_names(cases: list[WorstCase]) -> list[str]:
    """Return the names of the cases' files without a suffix, all different."""
    return file_names(f"{case.solver}-against-{case.rival}" for case in cases)


def _times_csv(problem: Problem) -> bytes:
    """Return the times as a table that can be read again, a row a task."""
    nodes = problem.node_names or tuple(f"node {j + 1}" for j in range(problem.nodes))
    tasks = problem.task_names or tuple(f"task {i + 1}" for i in range(problem.tasks))
    rows = zip(tasks, problem.matrix.tolist(), strict=True)
    return csv_rows([("task", *nodes), *([name, *map(repr, row)] for name, row in rows)])


def _record(config: AdversaryConfig, case: WorstCase, file: str) -> dict[str, Any]:
    """Return what is known of a case as plain values; infinity becomes null."""
    tables = {"solver": config.solvers[case.solver], "rival": config.solvers[case.rival]}
    numbers = {name: _finite(getattr(case, name)) for name in ("ratio", "search_ratio")}
    commands = [
        _command(file, table, config.budget or {}, case.seeds[0]) for table in tables.values()
    ]
    return {
        "instance": file,
        "digest": case.problem.digest,
        "names": {"solver": case.solver, "rival": case.rival},
        **tables,
        **numbers,
        "lower_bound": case.lower_bound,
        "makespans": [_finite(each) for each in case.makespans],
        "rival_makespans": [_finite(each) for each in case.rival_makespans],
        "seeds": list(case.seeds),
        "budget": config.budget,
        "space": config.space,
        "tried": case.tried,
        "evaluations": case.evaluations,
        "first_run_again": commands,
    }


def _finite(value: float) -> float | None:
    """Return a number as JSON can hold it."""
    return value if value < float("inf") else None


def _command(file: str, table: dict[str, Any], budget: dict[str, Any], seed: int) -> str:
    """Return the command that repeats the run with a seed."""
    words = ["edgeopt", "schedule", file, "--solver", table["solver"], "--seed", str(seed)]
    for name, value in table.items():
        if name != "solver":
            words += ["--set", f"{name}={value}"]
    for name, limit in budget.items():
        words += [f"--{name}", str(limit)]
    return shlex.join(words)


def _sweep_text(
    config: AdversaryConfig,
    cases: list[WorstCase],
    files: dict[tuple[str, str], str],
    folder: Path,
) -> bytes:
    """Return a sweep file of the solvers on the instances found, relative to the folder."""
    paths = {case.problem.name: f"{INSTANCES}/{files[_pair(case)]}.npz" for case in cases}
    tables = {
        "problems": paths,
        "repetitions": config.confirm,
        "seed": config.seed,
        "budget": config.budget,
        "solvers": config.solvers,
    }
    return toml_text(tables, folder).encode()


def _text(value: Any) -> str:
    """Return a value of a CSV table."""
    if value is None:
        return ""
    return f"{value:.8g}" if isinstance(value, float) else str(value)


def summary_json(summary: list[Row]) -> list[Row]:
    """Return the summary as JSON can hold it: infinity becomes null."""
    shown = [{name: row[name] for name in _COLUMNS} for row in summary]
    return [{k: _finite(v) if isinstance(v, float) else v for k, v in row.items()} for row in shown]


# The table on the terminal.


def case_table(summary: list[Row]) -> Table:
    """Return the table of all pairs for a terminal, the largest ratio first."""
    columns = ("solver", "rival", "ratio", "in search", "makespan", "rival's", "bound", "tried")
    ordered = sorted(summary, key=lambda row: -1.0 if row["ratio"] is None else -row["ratio"])
    rows = [
        (
            row["solver"],
            row["rival"],
            *(decimal(_number(row[name]), 3) for name in ("ratio", "search_ratio")),
            *(
                significant(_number(row[name]), 5)
                for name in ("makespan", "rival_makespan", "lower_bound")
            ),
            str(row["tried"]),
        )
        for row in ordered
    ]
    title = "worst instance found: makespan of the solver over the rival's, with fresh seeds"
    return terminal_table(columns, rows, title=title, align="llr")


def _number(value: float | None) -> float:
    """Return a number, NaN where there is none."""
    return float("nan") if value is None else value
