"""`edgeopt best-known`: the best schedules against what is published."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeopt.experiments.best_known.register import REGISTER
from edgeopt.experiments.terminal import say, table_console, terminal_table
from edgeopt.experiments.text import NOTHING, markdown_table
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import file_exists

if TYPE_CHECKING:
    from edgeopt.experiments.best_known.register import KnownSchedule
    from edgeopt.experiments.best_known.standing import Standing


_RUNS = ("instance", "published", "by", "ours", "over it", "over bound", "new", "found by")
_PROBLEMS = ("instance", "published", "by", "bound", "ours", "over it", "over bound")

_SEED = 1  # of runs that this command makes

_ALIGN_RUNS, _ALIGN_PROBLEMS = "lrlrrrll", "lrlrrrr"


def best_known_command(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SWEEP_DIR|PROBLEM]...",
            help="Output folders of sweeps, or problems: files, folders, patterns, short names, "
            "edgeopt-60; without: show the register",
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Store better schedules in the register")
    ] = False,
    seconds: Annotated[
        float | None,
        typer.Option(help="First run a solver on each problem for so long, in the folder --out"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of these runs; resumes there")] = None,
    solver: Annotated[str, typer.Option(help="Solver of these runs")] = "frontier",
    jobs: Annotated[int, typer.Option(help="Worker processes of these runs")] = 1,
    register: Annotated[Path, typer.Option(help="Folder of the register")] = REGISTER,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, including assignments")
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, with all solvers side by side")
    ] = False,
) -> None:
    """Compare our best schedules, of sweeps or of single problems, with published makespans."""
    from edgeopt.experiments.best_known.register import read_register
    from edgeopt.experiments.best_known.standing import standing_of

    if seconds is not None or out is not None:
        places = [_run(places, seconds, out, solver, jobs)]
    folders = [Path(place) for place in places or () if _is_sweep(place)]
    problems = [place for place in places or () if not _is_sweep(place)]
    if folders and problems:
        raise InputError("PROBLEM", problems[0], "given without sweeps, or itself a sweep's folder")
    if folders and markdown:
        _print_solvers(folders, read_register(register), register)
        return
    records = read_register(register)
    if problems and not update:
        standings = _of_problems(problems, records)
    else:
        if folders:
            records = _with_sweeps(records, folders, register, update)
        elif update or not records:
            rule = "given, the output of a sweep, as the register is empty or is to be updated"
            raise InputError("SWEEP_DIR", None, rule)
        standings = [standing_of(record) for record in records.values()]
    standings.sort(key=lambda standing: standing.instance)
    if as_json:
        print(json.dumps([standing.as_dict() for standing in standings], allow_nan=False))
    else:
        _print_standings(standings, bool(problems), markdown)


def _is_sweep(place: str) -> bool:
    """Whether a place is the folder of a sweep."""
    from edgeopt.experiments.runs.store import CONFIG

    return file_exists(Path(place) / CONFIG)


def _run(
    entries: list[str] | None, seconds: float | None, out: Path | None, solver: str, jobs: int
) -> str:
    """Run a solver on problems, as a sweep of one run each, and return its folder."""
    from edgeopt.experiments.commands.running import RunOptions, run_to_end, tell_rest
    from edgeopt.experiments.sweep.config import SweepConfig, find_problems
    from edgeopt.optim.scheduling.catalog import locate_solver

    for name, value in (("PROBLEM", entries), ("--seconds", seconds), ("--out", out)):
        if not value:
            raise InputError(name, value, "given: PROBLEM..., --seconds and --out go together")
    if jobs < 1:
        raise InputError("--jobs", jobs, "an integer >= 1")
    specs, left_out = find_problems(entries or [], Path())
    for text in left_out:
        say(f"left out: {text}", error=True)
    table = {"solver": locate_solver(solver, Path())}
    config = SweepConfig(specs, 1, _SEED, {"seconds": seconds}, {solver: table})
    cells = run_to_end(config, RunOptions(out=out, jobs=jobs))
    if cells["assignment"].isna().all():
        tell_rest(cells, config.kind, out)
    return str(out)


def _of_problems(entries: list[str], records: dict[str, KnownSchedule]) -> list[Standing]:
    """Return what is known of problems, and say what was left out or known by its path."""
    from edgeopt.experiments.best_known.standing import standing_of_problem
    from edgeopt.experiments.sweep.config import find_problems

    specs, left_out = find_problems(entries, Path())
    standings = [standing_of_problem(spec, records) for spec in specs]
    by_path = sum(each.fact is not None and each.fact.by_path for each in standings)
    if by_path:
        say(f"{by_path} of {len(specs)} known by path, size and range, not by content", error=True)
    for text in left_out:
        say(f"left out: {text}", error=True)
    return standings


def _with_sweeps(
    records: dict[str, KnownSchedule], folders: list[Path], register: Path, update: bool
) -> dict[str, KnownSchedule]:
    """Return the best records of the problems in sweeps, and keep them if asked for."""
    from edgeopt.experiments.best_known.register import keep_better
    from edgeopt.experiments.best_known.standing import better_of
    from edgeopt.experiments.best_known.sweeps import best_runs, check_records, read_sweeps

    cells = read_sweeps(folders)
    found = best_runs(cells)
    check_records(records, cells, register)
    if update:
        better = keep_better(register, found.values())
        better_found = f"{len(better)} of {len(found)} schedules are better than the register's"
        say(better_found, error=True)
    return better_of({d: record for d, record in records.items() if d in found}, found)


def _print_solvers(folders: list[Path], records: dict[str, KnownSchedule], register: Path) -> None:
    """Print all solvers of sweeps side by side, and beside them what the register has."""
    from edgeopt.experiments.best_known.sweeps import (
        check_records,
        read_sweeps,
        solver_tables,
        with_records,
    )

    cells = read_sweeps(folders)
    check_records(records, cells, register)
    say(*solver_tables(with_records(cells, records)).split("\n"))


def _print_standings(standings: Iterable[Standing], problems: bool, markdown: bool) -> None:
    """Print a line for each instance: for 80 columns, or as Markdown with all finders."""
    columns, align = (_PROBLEMS, _ALIGN_PROBLEMS) if problems else (_RUNS, _ALIGN_RUNS)
    texts = _problem_texts if problems else _run_texts
    rows = [texts(standing, markdown) for standing in standings]
    if markdown:
        say(*markdown_table(columns, rows, align))
    else:
        table_console().print(terminal_table(columns, rows, align=align, gap=1))


def _run_texts(standing: Standing, markdown: bool) -> tuple[str, ...]:
    """Return the entries of a line on runs."""
    instance, published, source, _, *ours = _problem_texts(standing)
    record = standing.record
    finder = "" if record is None else record.finder if markdown else record.solver
    new = "yes" if standing.is_new_best else ""
    return (instance, published, source, *ours, new, finder)


def _problem_texts(standing: Standing, _: bool = False) -> tuple[str, ...]:
    """Return the entries of a line on problems."""
    ours = None if standing.record is None else standing.record.makespan
    over_bound = standing.gap_bound if math.isfinite(standing.gap_bound) else None
    return (
        standing.instance,
        _seconds(standing.published),
        standing.source,
        _seconds(standing.bound or None),
        _seconds(ours),
        _percent(standing.gap_published),
        _percent(over_bound),
    )


def _seconds(value: float | None) -> str:
    """Return a makespan or a bound."""
    return NOTHING if value is None else f"{value:.8g}"


def _percent(gap: float | None) -> str:
    """Return a gap."""
    return NOTHING if gap is None else f"{gap:.3%}"
