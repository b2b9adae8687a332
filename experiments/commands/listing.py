"""`edgeopt solvers` and `edgeopt problems`: the built-in solvers and problem generators."""

from __future__ import annotations

import inspect
from dataclasses import Field, fields, is_dataclass
from typing import Any, get_type_hints

from rich.console import Console
from rich.padding import Padding

from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.problems.parameters import choices
from edgeopt.problems.scheduling.spec import EXAMPLES, GENERATORS


def solvers_command() -> None:
    """List the solvers with their parameters, defaults and meanings."""
    console = Console(highlight=False)
    for name, solver in SOLVERS.items():
        console.print(f"[bold]{name}[/bold]: {_first_sentence(solver)}")
        if is_dataclass(solver):
            hints = get_type_hints(type(solver))
            for declared in fields(solver):
                value = getattr(solver, declared.name)
                console.print(Padding(_parameter(declared, value, hints), (0, 0, 0, 4)))


def problems_command() -> None:
    """List the problem generators, with an example of each, and the file formats."""
    console = Console(highlight=False)
    for name, generator in GENERATORS.items():
        console.print(f"[bold]{EXAMPLES[name]}[/bold]", soft_wrap=True)
        console.print(Padding(_first_sentence(generator), (0, 0, 0, 4)))
    console.print("[bold]path/to/u_c_hihi.0[/bold]")
    console.print("    A file: HCSP or Fanjul-Ruiz text (also .gz), .npy, .npz, .csv.")


def _parameter(declared: Field[Any], value: Any, hints: dict[str, Any]) -> str:
    """Return a parameter's name, default, meaning and legal values."""
    hint = hints[declared.name]
    signs = {"at_least": ">=", "above": ">", "at_most": "<="}
    limits = [f"{signs[key]} {limit}" for key, limit in declared.metadata["limits"].items()]
    legal = " | ".join(choices(hint)) or ", ".join([hint.__name__, *limits])
    return f"{declared.name} = {value}: {declared.metadata['meaning']} ({legal})"


def _first_sentence(thing: Any) -> str:
    """Return the first line of the docstring."""
    return (inspect.getdoc(thing) or "").split("\n", 1)[0]
