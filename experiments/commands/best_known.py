"""`edgeopt best-known`: the best schedules against what is published."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeopt.experiments.best_known.register import REGISTER
from edgeopt.experiments.terminal import say, table_console, terminal_table
from edgeopt.experiments.text import NOTHING, markdown_table
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    from edgeopt.experiments.best_known.register import KnownSchedule
    from edgeopt.experiments.best_known.standing import Standing


_COLUMNS = ("instance", "published", "by", "ours", "over it", "over bound", "new", "found by")

_ALIGN = "lrlrrrll"


def best_known_command(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Output folders of sweeps; without: show the register"),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Store better schedules in the register")
    ] = False,
    register: Annotated[Path, typer.Option(help="Folder of the register")] = REGISTER,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, including assignments")
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, with all solvers side by side")
    ] = False,
) -> None:
    """Compare the best schedules of sweeps and of the register with published makespans."""
    from edgeopt.experiments.best_known.register import read_register
    from edgeopt.experiments.best_known.standing import standing_of

    if folders and markdown:
        _print_solvers(folders)
        return
    records = read_register(register)
    if folders:
        records = _with_sweeps(records, folders, register, update)
    elif update or not records:
        rule = "given, the output of a sweep, as the register is empty or is to be updated"
        raise InputError("SWEEP_DIR", None, rule)
    standings = sorted(map(standing_of, records.values()), key=lambda s: s.record.instance)
    if as_json:
        print(json.dumps([standing.as_dict() for standing in standings], allow_nan=False))
    else:
        _print_standings(standings, markdown)


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


def _print_solvers(folders: list[Path]) -> None:
    """Print all solvers of sweeps side by side."""
    from edgeopt.experiments.best_known.sweeps import read_sweeps, solver_tables

    say(*solver_tables(read_sweeps(folders)).split("\n"))


def _print_standings(standings: Iterable[Standing], markdown: bool) -> None:
    """Print a line for each instance: for 80 columns, or as Markdown with all finders."""
    if markdown:
        rows = [(*_texts(standing), standing.record.finder) for standing in standings]
        say(*markdown_table(_COLUMNS, rows, _ALIGN))
        return
    rows = [(*_texts(standing), standing.record.solver) for standing in standings]
    table_console().print(terminal_table(_COLUMNS, rows, align=_ALIGN, gap=1))


def _texts(standing: Standing) -> tuple[str, ...]:
    """Return all entries of a line but the last."""
    published, gap = standing.published, standing.gap_published
    return (
        standing.record.instance,
        NOTHING if published is None else f"{published:.8g}",
        standing.source,
        f"{standing.record.makespan:.8g}",
        NOTHING if gap is None else f"{gap:.3%}",
        f"{standing.gap_bound:.3%}",
        "yes" if standing.is_new_best else "",
    )
