"""`edgeopt schedule`: one solver on one problem."""

from __future__ import annotations

import json
import math
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from edgeopt.experiments.commands.listing import OWN_SOLVER
from edgeopt.experiments.text import percent, table_console, terminal_table
from edgeopt.optim.scheduling.catalog import SOLVERS, make_solver
from edgeopt.optim.scheduling.solve import CheckError, solve, warm_up
from edgeopt.optim.scheduling.stop import DEFAULT, Progress, make_criteria
from edgeopt.optim.user_code import user_code
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically
from edgeopt.problems.scheduling.spec import load_problem

_JSON_KEYS = (
    "solver",
    "problem",
    "tasks",
    "nodes",
    "makespan",
    "lower_bound",
    "gap",
    "iterations",
    "evaluations",
    "seconds",
    "seed",
    "status",
    "assignment",
)

EPILOG = OWN_SOLVER

_NOTHING_FOUND = 1

_FAILED = 1


def schedule_command(
    problem: Annotated[str, typer.Argument(help="File, or name such as paper:200x30:seed=1")],
    solver: Annotated[
        str,
        typer.Option(
            help=f"{', '.join(SOLVERS)}, file.py:Name or file.toml",
            autocompletion=lambda: list(SOLVERS),
        ),
    ] = "atsa",
    parameters: Annotated[
        list[str] | None, typer.Option("--set", help="Parameter as key=value; repeatable")
    ] = None,
    iterations: Annotated[int | None, typer.Option(help="Stop after this many iterations")] = None,
    evaluations: Annotated[
        int | None, typer.Option(help="Stop after this many evaluated schedules")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after this many seconds")] = None,
    target_gap: Annotated[float | None, typer.Option(help="Stop at this gap (0.01 is 1 %)")] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed (default: a new one)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    out: Annotated[
        Path | None, typer.Option(help="File for the assignment, one node per line")
    ] = None,
) -> None:
    """Schedule the tasks of a problem; the default budget is 100 iterations."""
    given = {
        "iterations": iterations,
        "evaluations": evaluations,
        "seconds": seconds,
        "target_gap": target_gap,
    }
    budget = {name: value for name, value in given.items() if value is not None} or DEFAULT
    criteria = make_criteria(budget)
    if seed is not None and seed < 0:
        raise InputError("--seed", seed, "an integer >= 0")
    if out is not None and (not out.parent.is_dir() or out.is_dir()):
        raise InputError("--out", str(out), "a file in an existing folder")
    chosen = make_solver(solver, _pairs(parameters or []))
    instance = load_problem(problem)
    warm_up(instance, chosen)
    with _own_errors(solver), Console(stderr=True).status("starting") as status:
        result = solve(
            instance, chosen, stop=criteria, rng=seed, callback=lambda p: _show(p, status)
        )
    values = {**result.as_dict(), "solver": solver, "problem": problem}
    values |= {"tasks": instance.tasks, "nodes": instance.nodes}
    if out is not None and result.assignment is not None:
        lines = "".join(f"{node}\n" for node in result.assignment)
        write_atomically(out, lines.encode())
    _print_json(values) if as_json else _print_table(values)
    if result.assignment is None:
        raise typer.Exit(_NOTHING_FOUND)


@contextmanager
def _own_errors(solver: str) -> Iterator[None]:
    """Report an exception from a user's solver: the frames of the user's files, and one line."""
    try:
        yield
    except (InputError, CheckError):
        raise
    except Exception as error:
        frames = _own_frames(error)
        if not frames:
            raise  # a fault of ours
        text = "".join(["Traceback (most recent call last):\n", *frames])
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        typer.echo(f"{text}edgeopt: solver {solver} failed: {' '.join(reason.split())}", err=True)
        raise typer.Exit(_FAILED) from None


def _own_frames(error: Exception) -> list[str]:
    """Return the frames of an exception in a user's files as text."""
    frames = traceback.walk_tb(error.__traceback__)
    modules = [str(frame.f_globals.get("__name__")) for frame, _ in frames]
    summary = traceback.extract_tb(error.__traceback__)
    own = [each for each, module in zip(summary, modules, strict=True) if user_code(module)]
    return traceback.format_list(own)


def _pairs(texts: list[str]) -> dict[str, str]:
    """Return ``key=value`` texts as a dict."""
    pairs = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator:
            raise InputError("--set", text, "of the form KEY=VALUE")
        pairs[key] = value
    return pairs


def _show(progress: Progress, status: Any) -> None:
    """Show the progress on standard error, at most every 64 iterations."""
    if progress.iterations % 64 == 1:
        status.update(
            f"iteration {progress.iterations}, {progress.seconds:.1f} s, "
            f"makespan {progress.makespan:.6g} s, gap {100 * progress.gap:.3f} %"
        )


def _print_json(values: dict[str, Any]) -> None:
    """Print the result as one JSON object; what is infinite becomes null."""
    finite = {
        key: None if isinstance(values[key], float) and not math.isfinite(values[key]) else
        values[key] for key in _JSON_KEYS
    }  # fmt: skip
    print(json.dumps(finite, allow_nan=False))


def _print_table(values: dict[str, Any]) -> None:
    """Print the result as a table."""
    seconds = f"{values['seconds']:.3f} s"
    rows = [
        ("problem", f"{values['problem']} ({values['tasks']} x {values['nodes']})"),
        ("solver", f"{values['solver']}, seed {values['seed']}"),
        ("makespan", f"{values['makespan']:.10g} s"),
        ("lower bound", f"{values['lower_bound']:.10g} s"),
        ("gap", f"{percent(values['gap'], 4)} %"),
        ("evaluations", f"{values['evaluations']} in {seconds}"),
        ("status", values["status"]),
    ]
    table_console().print(terminal_table(("", ""), rows, align="l"))
