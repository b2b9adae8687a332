"""`edgeopt front`: the makespan traded for energy or cost."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from edgeopt.experiments.commands.schedule import parse_pairs
from edgeopt.experiments.csv_text import csv_rows
from edgeopt.experiments.signals import termination_as_interrupt
from edgeopt.experiments.style import FORMATS, paper_style, save_figure
from edgeopt.experiments.sweep.figures.canvas import SIZE
from edgeopt.experiments.terminal import make_console, table_console, terminal_table
from edgeopt.experiments.text import percent
from edgeopt.optim.scheduling.configurable import configure
from edgeopt.optim.scheduling.fronts.archive import Front
from edgeopt.optim.scheduling.fronts.goal import goal_of
from edgeopt.optim.scheduling.fronts.solve_front import DEFAULT, METHODS, front, warm_up_front
from edgeopt.optim.scheduling.interrupt import Interrupts
from edgeopt.optim.scheduling.stop import Status, make_criteria
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.files import write_atomically
from edgeopt.problems.scheduling.spec import load_problem

_PEER = "nsga2"

_NOTHING_FOUND = 1

_SIGNALLED = 128  # plus the number of the signal: the exit code of what a signal has ended


def front_command(
    problem: Annotated[
        str, typer.Argument(help="File, or name such as braun:u_i_hihi:200x30:power=2:seed=1")
    ],
    objectives: Annotated[
        str, typer.Option(help="makespan,energy or makespan,cost")
    ] = "makespan,energy",
    method: Annotated[
        str, typer.Option(help=f"{' | '.join(METHODS)} | {_PEER}, of pymoo (extra bench)")
    ] = "frontier",
    parameters: Annotated[
        list[str] | None, typer.Option("--set", help="Parameter as key=value; repeatable")
    ] = None,
    iterations: Annotated[int | None, typer.Option(help="Stop after this many steps")] = None,
    evaluations: Annotated[
        int | None, typer.Option(help="Stop after this many evaluated schedules")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(help=f"Stop after this many seconds (default: {DEFAULT.limit:g})"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed (default: a new one)")] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="MAKESPAN,VALUE",
            help="Corner of the hypervolume (default: a tenth beyond the front)",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    out: Annotated[
        Path | None, typer.Option(help="CSV file: a row for each schedule, with its nodes")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help=f"File for the figure ({', '.join(FORMATS)})")
    ] = None,
) -> None:
    """Trade the makespan for energy or cost: schedules of which none is better in both."""
    given = {"iterations": iterations, "evaluations": evaluations, "seconds": seconds}
    budget = {name: value for name, value in given.items() if value is not None}
    corner = None if reference is None else _corner(reference)
    for name, path in (("--out", out), ("--plot", plot)):
        if path is not None and (not path.parent.is_dir() or path.is_dir()):
            raise InputError(name, str(path), "a file in an existing folder")
    kind = None if plot is None else check_choice("--plot", plot.suffix.removeprefix("."), FORMATS)
    chosen = _method(method, parse_pairs(parameters or []))
    criteria = make_criteria(budget) if budget else DEFAULT
    instance = load_problem(problem)
    names = tuple(name.strip() for name in objectives.split(","))
    goal_of(instance, names)  # refuses before kernels are compiled
    warm_up_front(chosen)
    with termination_as_interrupt(), make_console(error=True).status("searching"):
        found = front(instance, chosen, objectives=names, stop=criteria, rng=seed)
    values = _values(found, problem, method, corner)
    if len(found) and out is not None:
        write_atomically(out, csv_rows(_rows(found)))
    if len(found) and plot is not None and kind is not None:
        _draw(found, plot, kind)
    if as_json:
        print(json.dumps(values | _whole(found), allow_nan=False))
    else:
        _print_table(values, found)
    if found.status is Status.INTERRUPTED:
        raise typer.Exit(_SIGNALLED + Interrupts.number)
    if not len(found):
        raise typer.Exit(_NOTHING_FOUND)


def _draw(found: Front, path: Path, kind: str) -> None:
    """Write the figure."""
    with paper_style():
        from matplotlib.figure import Figure  # takes long to import

        figure = Figure(figsize=SIZE)
        found.plot(figure.subplots())
        save_figure(figure, path.parent, path.stem, [kind])


def _corner(text: str) -> list[float]:
    """Return the reference point."""
    try:
        first, second = map(float, text.split(","))
    except ValueError:
        raise InputError("--reference", text, "two numbers: MAKESPAN,VALUE") from None
    return [first, second]


def _method(name: str, parameters: dict[str, str]) -> Any:
    """Return the method with its parameters."""
    check_choice("--method", name, (*METHODS, _PEER))
    if name == _PEER:
        from edgeopt.experiments.peers.nsga2 import Nsga2

        return configure(Nsga2, parameters)[0]
    return configure(METHODS[name], parameters)[0]


def _values(found: Front, problem: str, method: str, corner: list[float] | None) -> dict[str, Any]:
    """Return what is printed of a front."""
    values: dict[str, Any] = {
        "problem": problem,
        "method": method,
        "objectives": list(found.objectives),
        "seed": found.seed,
        "status": found.status.value,
        "iterations": found.iterations,
        "evaluations": found.evaluations,
        "seconds": found.seconds,
        "schedules": len(found),
        "least_makespan": found.least,
    }
    if not len(found):
        return values
    area, most = found.hypervolume(corner), found.hypervolume_bound(corner)
    reference = found.reference.tolist() if corner is None else corner
    share = area / most if most > 0.0 else None
    return values | {
        "reference": reference,
        "hypervolume": area,
        "hypervolume_bound": most,
        "share": share,
    }


def _whole(found: Front) -> dict[str, Any]:
    """Return schedules and bounds; a bound on all schedules has no end."""
    return {
        "points": found.points.tolist(),
        "assignments": found.assignments.tolist(),
        "lines": [[*line, end if end < inf else None] for *line, end in found.lines.tolist()],
    }


def _rows(found: Front) -> list[tuple[Any, ...]]:
    """Return the rows of the file, the headings first."""
    nodes = (" ".join(map(str, row)) for row in found.assignments.tolist())
    points = zip(found.points.tolist(), nodes, strict=True)
    return [(*found.objectives, "assignment"), *((*point, row) for point, row in points)]


def _print_table(values: dict[str, Any], found: Front) -> None:
    """Print the ends of the front and its hypervolume."""
    rows = [
        ("problem", f"{values['problem']} ({found.problem.tasks} x {found.problem.nodes})"),
        ("method", f"{values['method']}, seed {values['seed']}"),
        ("schedules", str(len(found))),
    ]
    if len(found):
        unit = " J" if found.objectives[1] == "energy" else ""
        for name, (makespan, value) in (
            ("shortest", found.points[0]),
            ("cheapest", found.points[-1]),
        ):
            rows.append((name, f"{makespan:.10g} s, {found.objectives[1]} {value:.10g}{unit}"))
        corner = ", ".join(f"{each:.6g}" for each in values["reference"])
        share = values["share"]
        proved = "" if share is None else f", {percent(share)} % of what is possible at most"
        rows.append(("hypervolume", f"{values['hypervolume']:.6g} up to ({corner}){proved}"))
    effort = f"{values['evaluations']} in {values['seconds']:.3f} s"
    rows += [("evaluations", effort), ("status", values["status"])]
    table_console().print(terminal_table(("", ""), rows, align="l"))
