"""`edgeopt paper` and `edgeopt study`: the paper's results regenerated, and two studies."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from edgeopt.experiments.commands.running import SOME_FAILED
from edgeopt.experiments.paper.outcome import PARTS
from edgeopt.experiments.terminal import say
from edgeopt.optim.online.resources import OverloadWarning
from edgeopt.problems.errors import check_choice, check_integer
from edgeopt.problems.files import make_folder


def paper_command(
    out: Annotated[Path, typer.Option(help="Folder for the results; unfinished runs resume")],
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter runs")] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"Repeatable. {' | '.join(PARTS)}")] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes")] = 1,
) -> None:
    """Regenerate the paper's tables and figures, with a verdict on each of its claims."""
    from edgeopt.experiments.paper.regenerate import regenerate

    for name in only or ():
        check_choice("--only", name, PARTS)
    check_integer("--jobs", jobs, at_least=1)
    parts = [name for name in PARTS if not only or name in only]
    failures = regenerate(parts, out, quick=quick, jobs=jobs)
    say(f"written: {out / 'README.md'}")
    if failures:
        say(f"not made, for the reasons above: {', '.join(failures)}")
        raise typer.Exit(SOME_FAILED)


# `edgeopt study`: the size of the window, and the number of masters.

_STUDIES = ("windows", "scale")


def study_command(
    name: Annotated[str, typer.Argument(help=" | ".join(_STUDIES))],
    out: Annotated[Path, typer.Option(help="Folder for tables and figures")],
    seeds: Annotated[int, typer.Option(help="Number of pools and streams (windows only)")] = 5,
    tasks: Annotated[int, typer.Option(help="Tasks per simulated stream")] = 2000,
) -> None:
    """Study the size of the scheduling window, or the number of masters."""
    check_choice("study", name, _STUDIES)
    check_integer("--seeds", seeds, at_least=1)
    check_integer("--tasks", tasks, at_least=100)
    make_folder("--out", out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OverloadWarning)  # a load of 0.95 may come out above 1
        paths = _windows(out, seeds, tasks) if name == "windows" else _scale(out, tasks)
    for path in paths:
        say(path)


def _windows(out: Path, seeds: int, tasks: int) -> list[Path]:
    """Run the study of the window size."""
    from edgeopt.experiments.paper.scale import write_rows
    from edgeopt.experiments.paper.windows import window_figure, window_study
    from edgeopt.experiments.style import paper_style, save_figure

    rows = window_study(range(seeds), tasks=tasks)
    write_rows(out / "windows.csv", rows)
    with paper_style():
        return [out / "windows.csv", *save_figure(window_figure(rows), out, "windows")]


def _scale(out: Path, tasks: int) -> list[Path]:
    """Run the study of the masters."""
    from edgeopt.experiments.paper.scale import (
        scale_costs,
        scale_figure,
        scale_rows,
        simulated_rows,
        write_rows,
    )
    from edgeopt.experiments.style import paper_style, save_figure

    costs, measured = scale_costs()
    rows, simulated = scale_rows(costs), simulated_rows(costs["mct"], tasks, 0)
    tables: dict[str, Sequence[Any]] = {"cost": measured, "masters": rows, "simulated": simulated}
    for table, lines in tables.items():
        write_rows(out / f"{table}.csv", lines)
    with paper_style():
        figure = scale_figure(costs, measured, simulated)
        return [*(out / f"{table}.csv" for table in tables), *save_figure(figure, out, "scale")]
