"""Scheduling problems by a short name, such as ``braun:u_c_hihi:512x16:seed=0``, or a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np

from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.files import file_exists
from edgeopt.problems.parameters import parse_value
from edgeopt.problems.scheduling.devices import devices
from edgeopt.problems.scheduling.formats import load_file
from edgeopt.problems.scheduling.generators import braun, coefficient_of_variation
from edgeopt.problems.scheduling.gocj import gocj
from edgeopt.problems.scheduling.hcsp import hcsp
from edgeopt.problems.scheduling.instructions import from_instructions
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.power import IDLE_SHARE, with_power
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.rcmax import rcmax
from edgeopt.problems.scheduling.side_tables import SIDE_TABLES, read_side_tables
from edgeopt.problems.scheduling.swf import SWF_SUFFIXES, load_swf
from edgeopt.problems.scheduling.table_options import TableOptions, table_options

GENERATORS: dict[str, Callable[..., Problem]] = {
    "braun": braun,
    "cov": coefficient_of_variation,
    "devices": devices,
    "gocj": gocj,
    "hcsp": hcsp,
    "paper": paper_pool,
    "rcmax": rcmax,
}

EXAMPLES = {
    "braun": "braun:u_c_hihi:512x16:seed=0",
    "cov": "cov:512x16:v_task=0.6:v_node=0.1:consistency=s:seed=0",
    "devices": "devices:all:200x12:seed=1",
    "gocj": "gocj:200x20:seed=1",
    "hcsp": "hcsp:B.u_c_hihi:2048x64",
    "paper": "paper:200x30:slack=2:memory=correlated:seed=1",
    "rcmax": "rcmax:u_1_100:100x10:seed=0",
}

_OF_KINDS = (
    "braun",
    "devices",
    "hcsp",
    "rcmax",
)  # a spec may name their kind


def load_problem(
    spec: str | Path,
    *,
    header: bool | str | None = None,
    index: bool | str | None = None,
    decimal: str | None = None,
    separator: str | None = None,
    sheet: str | None = None,
    unit: str | None = None,
) -> Problem:
    """Return the problem that `spec` names.

    Parameters
    ----------
    spec : str or Path
        ``GENERATOR:SIZE:key=value...`` with SIZE as 512x16 (tasks x nodes), e.g.
        ``braun:u_c_hihi:512x16:seed=0``, ``cov:512x16:v_task=0.6:seed=0`` or
        ``paper:200x30:seed=1`` (the default seed is 0, for ``hcsp`` the published one); with
        ``power=2`` and perhaps ``idle=0`` also the nodes' power, see `with_power`. Else the path
        of a file, see `load_file`. That of a table may have options:
        ``times.csv:header=yes:index=no:decimal=comma``; ``jobs.csv:nodes=vms.csv`` are the two
        tables of `from_instructions`, ``log.swf:speeds=16+32:jobs=200`` is that of `load_swf`.
        Tables beside that of the times state what a schedule uses:
        ``times.csv:energy=joule.csv:cost=euro.csv``, both of its form, ``:power=nodes.csv``, with
        columns ``active_power_w`` and ``idle_power_w``, and ``:deadlines=due.csv``, with
        ``deadline_s``.
    header, index : bool, optional
        Whether the first row of a table names the nodes, and its first column the tasks; also
        "yes" or "no". By default as the table shows; what it does not show is asked about.
    decimal : str, optional
        Decimal sign of a table: "point" or "comma".
    separator : str, optional
        Separator of a table: "comma", "semicolon", "tab" or "space".
    sheet : str, optional
        Sheet of an Excel file, needed only if several have cells.
    unit : str, optional
        Unit of the times in a table: "ns", "us", "ms", "s", "min" or "h"; by default s, unless a
        name of a node ends with another, such as ``pi (ms)``, which is asked about.

    Returns
    -------
    Problem
        Its name is the spec, or the file's name.

    Raises
    ------
    InputError
        If the generator, an option or a value is unknown, or the file is missing, broken or can
        be read in two ways.

    Notes
    -----
    A table has a row for each task and a column for each node, perhaps with names. An empty cell,
    ``NA`` or ``inf`` means that the node cannot run the task.

    Examples
    --------
    >>> from edgeopt import load_problem
    >>> problem = load_problem("paper:200x30:seed=1")
    >>> problem.name, problem.tasks, problem.nodes
    ('paper:200x30:seed=1', 200, 30)
    >>> from pathlib import Path
    >>> rows = ["task;pi;tx2", "resize;1,5;", "detect;3;2,5"]
    >>> _ = Path("two.csv").write_text(chr(10).join(rows))
    >>> load_problem("two.csv").matrix
    array([[1.5, inf],
           [3. , 2.5]])
    """
    given: dict[str, Any] = {"header": header, "index": index, "decimal": decimal}
    given |= {"separator": separator, "sheet": sheet, "unit": unit}
    options = {name: value for name, value in given.items() if value is not None}
    generator, *parts = str(spec).split(":")
    # First the file: a colon is legal in its name, and the user can see that it exists.
    path, texts = split_options(spec)
    if file_exists(Path(path)):
        if any(text.startswith(_SECOND_TABLE) for text in texts):
            return _load_two_tables(Path(path), texts, options)
        if path.lower().endswith(SWF_SUFFIXES):
            return _load_log(path, texts, options)
        beside = [text for text in texts if text.partition("=")[0] in SIDE_TABLES]
        own = _table_options(path, [text for text in texts if text not in beside])
        problem = load_file(path, table_options({**own, **options}))
        return read_side_tables(problem, Path(path).parent, beside) if beside else problem
    if options:
        raise InputError("problem", str(spec), f"a table, to have the options {', '.join(options)}")
    if generator not in GENERATORS:
        known = ", ".join(EXAMPLES.values())
        raise InputError("problem", str(spec), f"an existing file or like one of: {known}")
    return replace(_generate(generator, parts), name=str(spec))


_SECOND_TABLE = "nodes="

_POWER_STREAM = 1  # of random numbers, beside the generator's


def _load_two_tables(path: Path, texts: list[str], options: dict[str, Any]) -> Problem:
    """Return the problem of a table of tasks in MI and one of nodes, relative to the first."""
    if len(texts) > 1 or options:
        given = ", ".join([*texts, *options])
        raise InputError(f"{path} options", given, "nodes=TABLE alone")
    nodes = path.parent / texts[0].removeprefix(_SECOND_TABLE)
    return from_instructions(path, nodes, name=path.stem)


def _load_log(path: str, texts: list[str], options: dict[str, Any]) -> Problem:
    """Return the problem of a log with its options."""
    pairs = [text.partition("=") for text in texts]
    given = {key: text for key, _, text in pairs}
    unknown = {*options, *given} - {"speeds", "first", "jobs"}
    if unknown or "speeds" not in given or len(given) < len(texts):
        rule = f"speeds of the nodes, as in {path}:speeds=16+32, and perhaps first= and jobs="
        raise InputError(f"{path} options", ", ".join([*texts, *options]), rule)
    speeds = [parse_value("speeds", text, float) for text in given.pop("speeds").split("+")]
    counts = {key: parse_value(key, text, int) for key, text in given.items()}
    return load_swf(path, speeds, **counts)


def split_options(spec: str | Path) -> tuple[str, list[str]]:
    """Return the path of a file and its options ``key=value``; another spec is returned whole."""
    path = str(spec)
    texts: list[str] = []
    while not file_exists(Path(path)):
        path, colon, text = path.rpartition(":")
        if not colon or "=" not in text:
            return str(spec), []
        texts.insert(0, text)
    return path, texts


def files_of(spec: str) -> list[Path]:
    """Return the files that a spec reads, whether they exist or not."""
    path, texts = split_options(spec)
    pairs = (text.partition("=") for text in texts)
    others = [name for key, _, name in pairs if f"{key}=" == _SECOND_TABLE or key in SIDE_TABLES]
    return [Path(path), *(Path(path).parent / name for name in others)]


def locate_problem(spec: str, folder: Path) -> str:
    """Return a spec with the absolute path of a file relative to `folder`, options included."""
    path, texts = split_options(folder / spec)
    return ":".join([str(Path(path).resolve()), *texts]) if file_exists(Path(path)) else spec


def _table_options(path: str, texts: list[str]) -> dict[str, str]:
    """Return the options in texts ``key=value``."""
    options: dict[str, str] = {}
    known = [field.name for field in fields(TableOptions)]
    for text in texts:
        key, _, value = text.partition("=")
        if key not in known or key in options:
            raise InputError(f"{path} option", text, f"one of {', '.join(known)}, given once")
        options[key] = value
    return options


def _generate(generator: str, parts: list[str]) -> Problem:
    """Call the generator with the arguments in the parts of the spec."""
    arguments: dict[str, Any] = {}
    for part in parts:
        parsed = _parse_part(generator, part)
        if parsed.keys() & arguments.keys():
            raise InputError(f"{generator} option", part, "given once")
        arguments |= parsed
    exponent, idle = arguments.pop("power", None), arguments.pop("idle", None)
    if exponent is None and idle is not None:
        raise InputError(f"{generator} idle", idle, "left out, or given with power=")
    if "tasks" not in arguments:
        raise InputError(f"{generator} spec", ":".join(parts), f"like {EXAMPLES[generator]}")
    if "rng" in signature(GENERATORS[generator]).parameters:
        arguments["rng"] = arguments.pop("seed", 0)
    problem = GENERATORS[generator](**arguments)
    if exponent is None:
        return problem
    # A stream of its own: the times are those of the same name without power.
    seed = arguments.get("rng", arguments.get("seed")) or 0
    rng = np.random.default_rng([_POWER_STREAM, seed])
    return with_power(problem, exponent, rng, IDLE_SHARE if idle is None else idle)


def _parse_part(generator: str, part: str) -> dict[str, Any]:
    """Return the arguments in one part: a size, a kind of instance, or key=value."""
    if size := re.fullmatch(r"(\d+)x(\d+)", part):
        return {"tasks": int(size[1]), "nodes": int(size[2])}
    if generator in _OF_KINDS and "=" not in part:
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
    return {**types, "power": float, "idle": float, "seed": int}
