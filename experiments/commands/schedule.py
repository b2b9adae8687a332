"""`edgeopt schedule`: one solver on one problem."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from edgeopt.experiments.statistics.spending import is_over
from edgeopt.experiments.text import percent, table_console, terminal_table
from edgeopt.optim.scheduling.catalog import SOLVERS, make_solver
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import DEFAULT, Progress, make_criteria
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.files import write_atomically
from edgeopt.problems.scheduling.problem import Problem
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

_NOTHING_FOUND = 1


def schedule_command(
    problem: Annotated[str, typer.Argument(help="File, or name such as paper:200x30:seed=1")],
    solver: Annotated[
        str, typer.Option(help=f"{', '.join(SOLVERS)}, file.py:Name or file.toml")
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
        Path | None,
        typer.Option(help="File for the assignment: the index of a node per line, names in a .csv"),
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
    with Console(stderr=True).status("starting") as status:
        result = solve(
            instance, chosen, stop=criteria, rng=seed, callback=lambda p: _show(p, status)
        )
    values = {**result.as_dict(), "solver": solver, "problem": problem, "budget": budget}
    values |= {"tasks": instance.tasks, "nodes": instance.nodes}
    if out is not None and result.assignment is not None:
        write_atomically(out, _assignment_text(out, instance, result.assignment).encode())
    names = {"task_names": instance.task_names, "node_names": instance.node_names}
    _print_json(values, names) if as_json else _print_table(values)
    if result.assignment is None:
        raise typer.Exit(_NOTHING_FOUND)


def _assignment_text(out: Path, problem: Problem, assignment: IntArray) -> str:
    """Return an assignment as text: names of tasks and nodes if there are some and it is CSV."""
    named = problem.task_names or problem.node_names
    if not named or out.suffix.lower() != ".csv":
        return "".join(f"{node}\n" for node in assignment)
    tasks = problem.task_names or range(problem.tasks)
    nodes = problem.node_names or range(problem.nodes)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["task", "node"])
    rows.writerows(zip(tasks, (nodes[node] for node in assignment), strict=True))
    return text.getvalue()


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


def _print_json(values: dict[str, Any], names: dict[str, tuple[str, ...] | None]) -> None:
    """Print the result as one JSON object, names if there are some; infinity becomes null."""
    finite = {
        key: None if isinstance(values[key], float) and not math.isfinite(values[key]) else
        values[key] for key in _JSON_KEYS
    }  # fmt: skip
    finite |= {key: list(value) for key, value in names.items() if value is not None}
    print(json.dumps(finite, allow_nan=False))


def _print_table(values: dict[str, Any]) -> None:
    """Print the result as a table."""
    budget = values["budget"]
    evaluations = f"{values['evaluations']}{_allowed('evaluations', values, budget)}"
    seconds = f"{values['seconds']:.3f} s{_allowed('seconds', values, budget)}"
    rows = [
        ("problem", f"{values['problem']} ({values['tasks']} x {values['nodes']})"),
        ("solver", f"{values['solver']}, seed {values['seed']}"),
        ("makespan", f"{values['makespan']:.10g} s"),
        ("lower bound", f"{values['lower_bound']:.10g} s"),
        ("gap", f"{percent(values['gap'], 4)} %"),
        ("evaluations", f"{evaluations} in {seconds}"),
        ("status", values["status"]),
    ]
    table_console().print(terminal_table(("", ""), rows, align="l"))


def _allowed(axis: str, values: dict[str, Any], budget: dict[str, Any]) -> str:
    """Return what was allowed, where the run has used more."""
    if axis in budget and is_over(values[axis], axis, budget[axis]):
        return f" of {budget[axis]:g} allowed"
    return ""
