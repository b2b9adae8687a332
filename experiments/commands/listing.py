"""`edgeopt solvers` and `edgeopt problems`: what there is, and one of them in detail."""

from __future__ import annotations

import csv
import inspect
import re
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from edgeopt.experiments.sweep.sets import InstanceSet, checked_specs, instance_set, set_names
from edgeopt.experiments.terminal import make_console, say, table_console, terminal_table
from edgeopt.experiments.tuning.declared import Declared, declared_parameters
from edgeopt.optim.scheduling.catalog import SOLVERS, identify_solver
from edgeopt.optim.scheduling.solver import OneShot, as_solver
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import file_exists, write_atomically
from edgeopt.problems.parameters import choices
from edgeopt.problems.scheduling.problem import CONSUMPTION, Problem, UniformTimes
from edgeopt.problems.scheduling.spec import EXAMPLES, GENERATORS, load_problem

OWN_SOLVER = (
    "Your own scheduler: write a function f(problem, rng) that returns the node of each task, or a "
    "class, into any Python file, and name it as --solver file.py:f."
)

_SIGNS = {"at_least": ">=", "above": ">", "at_most": "<="}


def solvers_command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One solver in detail, also file.py:Name", autocompletion=lambda: list(SOLVERS)
        ),
    ] = None,
) -> None:
    """List the solvers, or show the parameters of one, also of your own."""
    console = make_console()
    if name is not None:
        _show_solver(name)
        return
    for label, solver in SOLVERS.items():
        console.print(Text.assemble((label, "bold"), f": {_first_sentence(solver)}"))
        for entry in declared_parameters({"solver": label}).values():
            text = f"{entry.name} = {entry.value}: {entry.meaning} ({_legal(entry)})"
            console.print(Padding(text, (0, 0, 0, 4)))
    console.print(OWN_SOLVER, soft_wrap=True)


def _show_solver(name: str) -> None:
    """Print one solver: what it is, its parameters, source and code."""
    found = identify_solver(name)
    thing = found.solver if hasattr(found.solver, "__qualname__") else type(found.solver)
    doc = inspect.getdoc(thing) or ""
    console = make_console()
    console.print(f"{name}: {_first_sentence(thing)}" if doc else name)
    meanings = _described(doc, "Parameters")
    declared = declared_parameters({"solver": name})
    for entry in declared.values():
        meaning = entry.meaning or meanings.get(entry.name, "")
        console.print(f"{entry.name} = {entry.value}{': ' * bool(meaning)}{meaning}")
        searched = _searched(entry)
        legal = f"{_legal(entry)}{'; tuned in ' * bool(searched)}{searched}"
        console.print(Padding(legal, (0, 0, 0, 4)))
    first = next(iter(declared), None)
    console.print("No parameters." if first is None else f"Set them by --set {first}=VALUE ...")
    references = _section(doc, "References")
    if references:
        console.print(f"From: {' '.join(references.split())}")
    console.print(f"Code: {_code_file(thing)}", soft_wrap=True)


def _code_file(thing: Any) -> str:
    """Return where a function or class is defined."""
    function = getattr(thing, "function", thing)
    inner = getattr(function, "py_func", function)
    file = getattr(inspect.getmodule(inner), "__file__", None)
    return f"{file or inner.__module__} ({inner.__qualname__})"


def _legal(entry: Declared) -> str:
    """Return the legal values of a parameter: its choices, or its type and limits."""
    limits = [f"{_SIGNS[key]} {limit}" for key, limit in entry.limits.items()]
    kind = getattr(entry.hint, "__name__", str(entry.hint))
    return " | ".join(choices(entry.hint)) or ", ".join([kind, *limits])


def _searched(entry: Declared) -> str:
    """Return what is searched unless a tuning says otherwise."""
    if entry.search is not None:
        return f"{entry.search[0]:g} to {entry.search[1]:g}"
    return "all" if entry.hint is bool or choices(entry.hint) else ""


# Problems.


def problems_command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One generator in detail, a set such as edgeopt-60, or a problem: a file, "
            "paper:20x4:seed=1",
            autocompletion=lambda: [*GENERATORS, *set_names()],
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--separation", help="Folder of a sweep: say what its families separate"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV file for what --separation says")] = None,
) -> None:
    """List the problem generators and file formats, or show one generator or problem."""
    if folder is not None or out is not None:
        _show_separation(folder, out, name)
        return
    console = make_console()
    if name in GENERATORS:
        _show_generator(name)
        return
    if name is not None:
        named = None if file_exists(Path(name)) else instance_set(name)
        if named is not None:
            _show_set(named)
        else:
            _show_problem(load_problem(name), name)
        return
    measured = _measured()
    for label, generator in GENERATORS.items():
        console.print(Text(EXAMPLES[label], style="bold"), soft_wrap=True)
        console.print(Padding(_first_sentence(generator), (0, 0, 0, 4)))
        if label in measured:
            console.print(Padding(_separated(measured[label]), (0, 0, 0, 4)))
    for label in set_names():
        if (named := instance_set(label)) is not None:
            console.print(Text(label, style="bold"), soft_wrap=True)
            text = f"A set of {len(named.instances)} fixed instances: {named.about}."
            console.print(Padding(text, (0, 0, 0, 4)))
    console.print(Text("path/to/u_c_hihi.0", style="bold"))
    files = "A file: HCSP or Fanjul-Ruiz text, .csv, .tsv, .xlsx, .parquet, .npy, .npz, .swf."
    console.print(Padding(files, (0, 0, 0, 4)))
    console.print(_SPREAD)


def _show_generator(name: str) -> None:
    """Print the options of a generator."""
    generator: Callable[..., Problem] = GENERATORS[name]
    doc = inspect.getdoc(generator) or ""
    console = make_console()
    console.print(f"{EXAMPLES[name]}: {_first_sentence(generator)}", soft_wrap=True)
    meanings = _described(doc, "Parameters")
    for argument in inspect.signature(generator).parameters.values():
        seed = argument.name == "rng"
        option, default = ("seed", 0) if seed else (argument.name, argument.default)
        value = "" if default is argument.empty else f" = {default}"
        console.print(f"{option}{value}: {meanings.get(argument.name, '')}")
    text = _section(doc, "References") or _section(doc, "Notes")
    console.print(" ".join(text.split()))
    if (row := _measured().get(name)) is not None:
        console.print(_separated(row))


# What the families separate, as measured.

_SPREAD = (
    "Spread: variance of the average ranks of the default solvers, 1 if all instances rank them "
    "alike and 0 if no solver is better; gaps are over the lower bound. Measured by edgeopt sweep "
    "experiments/sweeps/families.toml."
)


def _measured() -> dict[str, dict[str, str]]:
    """Return the measured numbers of each family."""
    file = resources.files("edgeopt.experiments") / "sweeps" / "families.csv"
    return {row["family"]: row for row in csv.DictReader(file.read_text("utf-8").splitlines())}


def _separated(row: Mapping[Any, Any]) -> str:
    """Return what a family separates, in words."""
    kinds = {"best": "best", "rule": "best rule", "worst": "worst"}
    if row["rule"] in ("", row["best"]):
        del kinds["rule"]
    if row["rule"] == row["best"]:
        kinds["best"] = "best is a rule:"
    texts = [
        f"{words} {row[kind]}, {100 * float(row[f'{kind}_gap']):.1f} %"
        for kind, words in kinds.items()
    ]
    return f"Spread {float(row['spread']):.2f}; {'; '.join(texts)}."


def _show_separation(folder: Path | None, out: Path | None, name: str | None) -> None:
    """Print what the families of a sweep separate, and write it as a table."""
    from edgeopt.experiments.csv_text import csv_table
    from edgeopt.experiments.statistics.separation import separation
    from edgeopt.experiments.sweep.summary import read_solver_cells

    if folder is None or name is not None:
        rule = "given, the folder of a sweep, without the name of a problem"
        raise InputError("--separation", str(folder or name), rule)
    rules = [label for label, one in SOLVERS.items() if isinstance(as_solver(one), OneShot)]
    table = separation(read_solver_cells(folder), rules)
    if out is not None:
        write_atomically(out, csv_table(table, "%.6g"))
    for row in table.to_dict("records"):
        say(f"{row['family']}: {_separated(row)}")


def _show_set(named: InstanceSet) -> None:
    """Print the instances of a set, each made anew and compared with its digest."""
    checked_specs(named)
    rows = [(each.problem, each.provenance) for each in named.instances]
    table_console().print(terminal_table(("instance", "what is drawn"), rows, align="l"))
    say(f"{named.name}: {len(rows)} instances, {named.about}; all digests are right")


def _show_problem(problem: Problem, name: str) -> None:
    """Print what a file or name holds."""
    times = problem.et
    if isinstance(times, UniformTimes):
        kind = "work and speed"
        ranges = (f"{each.min():.6g} to {each.max():.6g}" for each in times)
        spread = " and ".join(ranges)
        forbidden = 0
    else:
        known = times[problem.allowed] if problem.allowed is not None else times
        kind, spread = "a time for each pair", f"{known.min():.6g} to {known.max():.6g} s"
        forbidden = 0 if problem.allowed is None else int((~problem.allowed).sum())
    rows = [
        ("problem", name),
        ("size", f"{problem.tasks} tasks x {problem.nodes} nodes"),
        ("times", f"{kind}, {spread}"),
        ("forbidden pairs", str(forbidden)),
        ("memory", "limited" if problem.task_memory is not None else "unlimited"),
        ("ready times", "some" if problem.ready is not None else "0"),
        ("stated", _stated(problem)),
        ("tasks", _names(problem.task_names)),
        ("nodes", _names(problem.node_names)),
    ]
    table_console().print(terminal_table(("", ""), rows, align="l"))


def _stated(problem: Problem) -> str:
    """Return which of energy, cost, power and deadlines a problem states."""
    stated = (name.replace("_", " ") for name in CONSUMPTION if getattr(problem, name) is not None)
    return ", ".join(stated) or "no energy, cost or deadlines"


def _names(names: tuple[str, ...] | None) -> str:
    """Return the first of some names."""
    if names is None:
        return "without names"
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


# Docstrings in numpydoc form.


def _first_sentence(thing: Any) -> str:
    """Return the first line of the docstring."""
    return (inspect.getdoc(thing) or "").split("\n", 1)[0]


def _section(doc: str, title: str) -> str:
    """Return the text of a section, empty without one."""
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", doc, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def _described(doc: str, title: str) -> dict[str, str]:
    """Return the descriptions in a section of parameters, by name."""
    entries = re.findall(
        r"^(\w[\w, ]*?) *:[^\n]*\n((?:[ \t]+[^\n]*\n?|\n)*)", _section(doc, title), re.MULTILINE
    )
    return {
        name: " ".join(text.split()) for names, text in entries for name in re.split(", *", names)
    }
