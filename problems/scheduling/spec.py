"""Scheduling problems by a short name, such as ``braun:u_c_hihi:512x16:seed=0``, or a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, get_args, get_type_hints

from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.files import file_exists
from edgeopt.problems.parameters import parse_value
from edgeopt.problems.scheduling.formats import load_file
from edgeopt.problems.scheduling.generators import braun, coefficient_of_variation
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem

GENERATORS: dict[str, Callable[..., Problem]] = {
    "braun": braun,
    "cov": coefficient_of_variation,
    "paper": paper_pool,
}

EXAMPLES = {
    "braun": "braun:u_c_hihi:512x16:seed=0",
    "cov": "cov:512x16:v_task=0.6:v_node=0.1:consistency=s:seed=0",
    "paper": "paper:200x30:slack=2:memory=correlated:seed=1",
}


def load_problem(spec: str | Path) -> Problem:
    """Return the problem that `spec` names.

    Parameters
    ----------
    spec : str or Path
        ``GENERATOR:SIZE:key=value...`` with SIZE as 512x16 (tasks x nodes), e.g.
        ``braun:u_c_hihi:512x16:seed=0``, ``cov:512x16:v_task=0.6:seed=0`` or
        ``paper:200x30:seed=1`` (the default seed is 0); else the path of a file.

    Returns
    -------
    Problem
        Its name is the spec, or the file's name.

    Raises
    ------
    InputError
        If the generator, an option or a value is unknown, or the file is missing or broken.

    Examples
    --------
    >>> from edgeopt import load_problem
    >>> problem = load_problem("paper:200x30:seed=1")
    >>> problem.name, problem.tasks, problem.nodes
    ('paper:200x30:seed=1', 200, 30)
    """
    generator, *parts = str(spec).split(":")
    # First the file: a colon is legal in its name, and the user can see that it exists.
    if file_exists(Path(spec)):
        return load_file(spec)
    if generator not in GENERATORS:
        known = ", ".join(EXAMPLES.values())
        raise InputError("problem", str(spec), f"an existing file or like one of: {known}")
    return replace(_generate(generator, parts), name=str(spec))


def _generate(generator: str, parts: list[str]) -> Problem:
    """Call the generator with the arguments in the parts of the spec."""
    arguments: dict[str, Any] = {}
    for part in parts:
        parsed = _parse_part(generator, part)
        if parsed.keys() & arguments.keys():
            raise InputError(f"{generator} option", part, "given once")
        arguments |= parsed
    if "tasks" not in arguments:
        raise InputError(f"{generator} spec", ":".join(parts), f"like {EXAMPLES[generator]}")
    return GENERATORS[generator](rng=arguments.pop("seed", 0), **arguments)


def _parse_part(generator: str, part: str) -> dict[str, Any]:
    """Return the arguments in one part: a size, a class of Braun et al., or key=value."""
    if size := re.fullmatch(r"(\d+)x(\d+)", part):
        return {"tasks": int(size[1]), "nodes": int(size[2])}
    if generator == "braun" and "=" not in part:
        return {"kind": part}
    key, _, text = part.partition("=")
    options = _options(generator)
    if key not in options:
        raise InputError(f"{generator} option", part, f"a size or one of {', '.join(options)}")
    value = parse_value(f"{generator} {key}", text, options[key])
    if key == "seed":
        check_integer(f"{generator} seed", value, at_least=0)
    return {key: value}


def _options(generator: str) -> dict[str, type]:
    """Return the types of the options by name: the generator's keywords, with a seed for `rng`."""
    hints = get_type_hints(GENERATORS[generator])
    arguments = signature(GENERATORS[generator]).parameters.values()
    names = [each.name for each in arguments if each.kind is Parameter.KEYWORD_ONLY]
    # An optional number, float | None, is written as a number.
    types = {name: (get_args(hints[name]) or (hints[name],))[0] for name in names if name != "rng"}
    return {**types, "seed": int}
