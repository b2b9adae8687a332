"""`edgeopt plot`: the figures of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.terminal import say
from edgeopt.problems.errors import InputError

_KNOWN = "convergence, gaps, ecdf, profile, ranks, heatmap, loads"


def plot_command(
    folder: Annotated[Path, typer.Argument(help="Output folder of a sweep")],
    figures: Annotated[
        list[str] | None, typer.Argument(help=f"{_KNOWN}; default: convergence gaps")
    ] = None,
    solvers: Annotated[
        str | None, typer.Option(help="Names or patterns, in the figures' order: atsa*,lpt")
    ] = None,
    problems: Annotated[str | None, typer.Option(help="Names or patterns of problems")] = None,
    names: Annotated[
        str | None, typer.Option(help="Other names: OLD=NEW,... of solvers or problems")
    ] = None,
    x: Annotated[str | None, typer.Option(help="iterations | evaluations | seconds")] = None,
    y: Annotated[
        str | None, typer.Option(help="gap | makespan | ratio (to the best known)")
    ] = None,
    x_scale: Annotated[str | None, typer.Option(help="log | linear")] = None,
    y_scale: Annotated[str | None, typer.Option(help="log | linear")] = None,
    band: Annotated[str | None, typer.Option(help="iqr | range | ci | none")] = None,
    lines: Annotated[
        str | None, typer.Option(help="Reference lines: bound,best,target=5 in the unit of y")
    ] = None,
    target: Annotated[
        float | None, typer.Option(help="Gap in % that ecdf --x evaluations waits for")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Of ranks: problems | runs")] = None,
    width: Annotated[
        str | None, typer.Option(help="ieee | ieee2 | acm | acm2 | elsevier | 120mm")
    ] = None,
    font_size: Annotated[float, typer.Option(help="In points")] = 9,
    format_: Annotated[str, typer.Option("--format", help="png,pdf,svg,pgf")] = "png,pdf",
    csv: Annotated[bool, typer.Option("--csv", help="Also write what is drawn as CSV")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder to write to (default: DIR)")] = None,
) -> None:
    """Draw figures of a sweep for a paper: convergence, gaps, ranks and others."""
    from edgeopt.experiments.sweep.figures.folder import plot_sweep

    options: dict[str, Any] = {
        "solvers": _split(solvers),
        "problems": _split(problems),
        "names": None if names is None else dict(_renaming(part) for part in names.split(",")),
        "x": x,
        "y": y,
        "x_scale": x_scale,
        "y_scale": y_scale,
        "band": band,
        "lines": None if lines is None else [_line(part) for part in lines.split(",")],
        "target": target,
        "unit": unit,
    }
    given = {name: value for name, value in options.items() if value is not None}
    if y == "ratio" or "best" in given.get("lines", ()):
        given["best"] = _best_known(folder)
    paths = plot_sweep(
        folder,
        figures or ("convergence", "gaps"),
        out=out,
        width=width,
        font_size=font_size,
        formats=format_.split(","),
        csv=csv,
        **given,
    )
    for path in paths:
        say(path)
    running.tell_missing(folder)


def _split(text: str | None) -> list[str] | None:
    """Return the names between commas."""
    return None if text is None else [part.strip() for part in text.split(",")]


def _renaming(part: str) -> tuple[str, str]:
    """Return old and new name; problems have signs of equality in their names, new names none."""
    old, sign, new = part.strip().rpartition("=")
    if not (old and sign and new):
        raise InputError("names", part, "OLD=NEW")
    return old, new


def _line(part: str) -> str | float:
    """Return a reference line: a name, or the number of a target."""
    name, _, value = part.strip().partition("=")
    if name != "target":
        if part.strip() not in ("bound", "best"):
            raise InputError("lines", part, "bound, best or target=NUMBER")
        return name
    try:
        return float(value)
    except ValueError:
        raise InputError("lines", part, "bound, best or target=NUMBER") from None


def _best_known(folder: Path) -> dict[str, float]:
    """Return the makespans of the register."""
    from edgeopt.experiments.best_known.standing import best_known_makespans
    from edgeopt.experiments.runs.store import read_description
    from edgeopt.experiments.sweep.places import problem_specs

    problems = read_description(folder)["config"]["problems"]
    return best_known_makespans(problem_specs(problems, folder))
