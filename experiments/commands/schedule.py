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

from edgeopt.experiments.commands.listing import OWN_SOLVER
from edgeopt.experiments.csv_text import csv_rows
from edgeopt.experiments.signals import termination_as_interrupt
from edgeopt.experiments.statistics.spending import is_over
from edgeopt.experiments.terminal import make_console, say, table_console, terminal_table
from edgeopt.experiments.text import percent
from edgeopt.optim.scheduling.bounds.rounding import next_makespan
from edgeopt.optim.scheduling.branch_and_price.proof import completed
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice
from edgeopt.optim.scheduling.catalog import SOLVERS, make_solver
from edgeopt.optim.scheduling.certificate import write_certificate
from edgeopt.optim.scheduling.checker import CheckError
from edgeopt.optim.scheduling.interrupt import Interrupts
from edgeopt.optim.scheduling.measures import Measures
from edgeopt.optim.scheduling.seeds import read_stream
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import DEFAULT, Progress, Status, make_criteria
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.optim.user_code import user_code
from edgeopt.problems.errors import InputError
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
    *Measures._fields,
    "assignment",
)

_PROOF_KEYS = ("certificate", "certified_bound")

_NOTHING_FOUND = _NOT_EQUAL = 1

EPILOG = OWN_SOLVER

_FAILED = 1

_SIGNALLED = 128  # plus the number of the signal: the exit code of what a signal has ended


def schedule_command(
    problem: Annotated[
        str | None, typer.Argument(help="File, or name such as paper:200x30:seed=1")
    ] = None,
    solver: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join(SOLVERS)}, file.py:Name or file.toml (default: atsa)",
            autocompletion=lambda: list(SOLVERS),
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("--set", help="Parameter as key=value; repeatable")
    ] = None,
    iterations: Annotated[int | None, typer.Option(help="Stop after this many iterations")] = None,
    evaluations: Annotated[
        int | None, typer.Option(help="Stop after this many evaluated schedules")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after this many seconds")] = None,
    target_gap: Annotated[float | None, typer.Option(help="Stop at this gap (0.01 is 1 %)")] = None,
    seed: Annotated[
        str | None,
        typer.Option(help="Random seed, or stream of a row such as 1/16045/3 (default: a new one)"),
    ] = None,
    replay: Annotated[
        tuple[Path, str] | None,
        typer.Option(
            metavar="DIR KEY",
            help="Run a row of a sweep again; --solver names its file if it has one",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="File for the assignment: the index of a node per line, names in a .csv"),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="File for the proof, of branch-and-price or frontier, for edgeopt check"),
    ] = None,
) -> None:
    """Schedule the tasks of a problem; the default budget is 100 iterations.

    Ctrl-C and SIGTERM end the run: the best schedule so far is printed and written.
    """
    given = {
        "iterations": iterations,
        "evaluations": evaluations,
        "seconds": seconds,
        "target_gap": target_gap,
    }
    budget = {name: value for name, value in given.items() if value is not None}
    _check_files(out, certificate)
    if replay is not None:
        if budget or parameters or seed is not None or certificate is not None:
            rule = "given without budget, --set, --seed and --certificate"
            raise InputError("--replay", replay[1], rule)
        values, notes, code = _replayed(*replay, problem, solver)
    else:
        if problem is None:
            raise InputError("PROBLEM", None, "given, unless --replay DIR KEY is")
        pairs = parse_pairs(parameters or [])
        rng, name = _rng(seed), solver or "atsa"
        values = _solved(problem, name, pairs, budget or DEFAULT, rng, certificate)
        notes, code = [], values.get("code", 0)
    if out is not None and values["assignment"] is not None:
        write_atomically(out, _assignment_text(out, values))
    _print_json(values) if as_json else _print_table(values)
    for note in notes:
        say(note, error=as_json)
    unproved = certificate is not None and values["certified_bound"] is None
    if unproved:
        say("edgeopt: no certificate: no proof was found within the budget", error=True)
    if values["assignment"] is None or unproved or code:
        raise typer.Exit(code or _NOTHING_FOUND)


def _check_files(out: Path | None, certificate: Path | None) -> None:
    """Raise `InputError` if a file cannot be written, or both are the same."""
    for name, path in (("--out", out), ("--certificate", certificate)):
        if path is not None and (not path.parent.is_dir() or path.is_dir()):
            raise InputError(name, str(path), "a file in an existing folder")
    if out is not None and certificate is not None and out.resolve() == certificate.resolve():
        raise InputError("--certificate", str(certificate), "another file than --out")


def _solved(
    problem: str,
    solver: str,
    parameters: dict[str, str],
    budget: dict[str, Any],
    rng: Any,
    certificate: Path | None,
) -> dict[str, Any]:
    """Return the result of a solver, with the names as given; write its proof if asked for."""
    criteria, chosen = make_criteria(budget), make_solver(solver, parameters)
    if certificate is not None and not isinstance(chosen, BranchAndPrice | Frontier):
        rule = f"given with --solver branch-and-price or frontier: {solver} makes no proofs"
        raise InputError("--certificate", str(certificate), rule)
    instance = load_problem(problem)
    warm_up(instance, chosen)
    with (
        _own_errors(solver),
        termination_as_interrupt(),
        make_console(error=True).status("starting") as status,
    ):
        result = solve(
            instance, chosen, stop=criteria, rng=rng, callback=lambda p: _show(p, status)
        )
    seed = rng if isinstance(rng, str) else result.seed
    values = _values(result, problem, instance, solver) | {"seed": seed, "budget": budget}
    if certificate is not None:
        values |= _certified(result, instance, certificate)
    if result.status is Status.INTERRUPTED:
        values["code"] = _SIGNALLED + Interrupts.number
    return values


def _certified(result: Result, problem: Problem, path: Path) -> dict[str, Any]:
    """Write the proof of a result, if there is one; return the bound in s that it claims."""
    proof = result.certificate
    if result.status is Status.OPTIMAL:
        proof = completed(problem, proof, result.makespan)
    if proof is None:
        return {"certified_bound": None}
    write_certificate(path, proof)
    bound = next_makespan(problem, proof.deadline)
    return {"certificate": str(path), "certified_bound": min(bound, result.makespan)}


def _replayed(
    folder: Path, key: str, problem: str | None, solver: str | None
) -> tuple[dict[str, Any], list[str], int]:
    """Return the result of a row that is run again, what is to be said of it, and an exit code."""
    from edgeopt.experiments.sweep.cell import problem_of
    from edgeopt.experiments.sweep.replay import CHANGED, find_stored, foreign_code

    # a folder that comes from elsewhere does not choose what runs here
    if solver is None and (file := foreign_code(folder, key)) is not None:
        raise InputError("--solver", None, f"given, to run the code of a file: --solver {file}")
    stored = find_stored(folder, key, problem=problem, solver=solver)
    name = json.loads(stored.cell.solver)["solver"]
    say(f"running {name} on {stored.cell.problem}", error=True)
    with _own_errors(name):
        result = stored.cell.run()
    values = _values(result, stored.cell.problem, problem_of(stored.cell.problem), name)
    is_equal = stored.is_equal(result)
    agreement = "agree to the bit" if is_equal else "do not agree"
    notes = [f"row {stored.label}: makespan and assignment {agreement}"]
    if stored.is_changed:
        notes.append(f"the row was {CHANGED}")
    if stored.is_timed and not is_equal:
        notes.append("a run that ends by the clock need not agree")
    code = 0 if is_equal or stored.is_timed else _NOT_EQUAL
    budget = json.loads(stored.cell.budget)
    return values | {"seed": stored.row["stream"], "budget": budget}, notes, code


def _values(result: Result, problem: str, instance: Problem, solver: str) -> dict[str, Any]:
    """Return what is printed of a result."""
    names = {"solver": solver, "problem": problem}
    labels = {"task_names": instance.task_names, "node_names": instance.node_names}
    size = {"tasks": instance.tasks, "nodes": instance.nodes}
    claimed = {"claimed_bound": result.claimed_bound}
    return {**result.as_dict(), **names, **size, **claimed, "labels": labels}


def _rng(seed: str | None) -> int | str | None:
    """Return a seed, or the text of a stream."""
    if seed is None:
        return None
    try:
        read_stream(seed)
    except InputError as error:
        raise InputError("--seed", seed, error.rule) from None
    return seed if "/" in seed else int(seed)


def _assignment_text(out: Path, values: dict[str, Any]) -> bytes:
    """Return an assignment as text: names of tasks and nodes if there are some and it is CSV."""
    assignment, labels = values["assignment"], values["labels"]
    if not any(labels.values()) or out.suffix.lower() != ".csv":
        return "".join(f"{node}\n" for node in assignment).encode()
    tasks = labels["task_names"] or range(values["tasks"])
    nodes = labels["node_names"] or range(values["nodes"])
    pairs = zip(tasks, (nodes[node] for node in assignment), strict=True)
    return csv_rows([("task", "node"), *pairs])


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
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        say("Traceback (most recent call last):", *"".join(frames).splitlines(), error=True)
        say(f"edgeopt: solver {solver} failed: {' '.join(reason.split())}", error=True)
        raise typer.Exit(_FAILED) from None


def _own_frames(error: Exception) -> list[str]:
    """Return the frames of an exception in a user's files as text."""
    frames = traceback.walk_tb(error.__traceback__)
    modules = [str(frame.f_globals.get("__name__")) for frame, _ in frames]
    summary = traceback.extract_tb(error.__traceback__)
    own = [each for each, module in zip(summary, modules, strict=True) if user_code(module)]
    return traceback.format_list(own)


def parse_pairs(texts: list[str]) -> dict[str, str]:
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
    """Print the result as one JSON object, names if there are some; infinity becomes null."""
    finite = {
        key: None if isinstance(values[key], float) and not math.isfinite(values[key]) else
        values[key] for key in _JSON_KEYS
    }  # fmt: skip
    finite |= {key: values[key] for key in _PROOF_KEYS if key in values}
    labels = values["labels"]
    finite |= {key: list(names) for key, names in labels.items() if names is not None}
    print(json.dumps(finite, allow_nan=False))


def _print_table(values: dict[str, Any]) -> None:
    """Print the result as a table."""
    budget = values["budget"]
    evaluations = f"{values['evaluations']}{_allowed('evaluations', values, budget)}"
    seconds = f"{values['seconds']:.3f} s{_allowed('seconds', values, budget)}"
    claimed = values["claimed_bound"]
    rows = [
        ("problem", f"{values['problem']} ({values['tasks']} x {values['nodes']})"),
        ("solver", f"{values['solver']}, seed {values['seed']}"),
        ("makespan", f"{values['makespan']:.10g} s"),
        ("lower bound", f"{values['lower_bound']:.10g} s"),
        *[("claimed", f"{claimed:.10g} s by the solver, not verified")] * bool(claimed),
        ("gap", f"{percent(values['gap'], 4)} %"),
        *_measured(values),
        ("evaluations", f"{evaluations} in {seconds}"),
        ("status", values["status"]),
    ]
    if "certificate" in values:
        proved = f"{values['certificate']} proves {values['certified_bound']:.10g} s"
        rows.append(("certificate", proved))
    table_console().print(terminal_table(("", ""), rows, align="l"))


def _measured(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows of energy, cost and deadline misses, where the problem has the data."""
    known = {name: values[name] for name in Measures._fields if values[name] is not None}
    rows = []
    if "energy" in known:
        rows.append(("energy", f"{known['energy']:.10g} J"))
    if "cost" in known:
        rows.append(("cost", f"{known['cost']:.10g}"))
    if "deadline_misses" in known:
        rows.append(("late tasks", f"{known['deadline_misses']} of {values['tasks']}"))
    return rows


def _allowed(axis: str, values: dict[str, Any], budget: dict[str, Any]) -> str:
    """Return what was allowed, where the run has used more."""
    if axis in budget and is_over(values[axis], axis, budget[axis]):
        return f" of {budget[axis]:g} allowed"
    return ""
