"""`edgeopt offload`: where to cut a network between the edge and the cloud."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.offload.report import offload_report, parse_settings, print_report
from edgeopt.optim.offloading.mincut import NetworkSplit, split_network
from edgeopt.optim.offloading.relaxation import relax
from edgeopt.optim.offloading.solvers import Answer, scan, tmoa_printed, tmoa_repaired
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import OBJECTIVES, CutProgram, build_program
from edgeopt.problems.offloading.reading import (
    DYNAMIC,
    ELEMENT_BYTES,
    MEMORY,
    PARAMETERS,
    READINGS,
    UPLINK,
    WAITING,
    chosen_reading,
)
from edgeopt.problems.systems.load import load_system, system_presets

METHODS = ("scan", "tmoa", "tmoa-printed", "kkt", "mincut")

_SETTINGS = "; ".join(
    [
        f"element_type={'|'.join(ELEMENT_BYTES)}",
        f"memory={'|'.join(MEMORY)}",
        f"parameters={'|'.join(PARAMETERS)}",
        f"waiting={'|'.join(WAITING)}",
        f"uplink={'|'.join(UPLINK)}",
        f"dynamic={'|'.join(DYNAMIC)}",
        "roofline, radio, idle_power, shares_link, uplink_counts, cloud_counts=true|false",
        "or a value of the system file, such as tasks.deadline_s=0.1",
    ]
)


def offload_command(
    network: Annotated[
        str, typer.Option(help="Built-in name (resnet34, resnet34:input=32), .onnx or .csv file")
    ] = "resnet34",
    system: Annotated[
        str, typer.Option(help=f"TOML file or preset: {', '.join(system_presets())}")
    ] = "table1",
    nodes: Annotated[int | None, typer.Option(help="Number of nodes, if all are equal")] = None,
    method: Annotated[str, typer.Option(help=" | ".join(METHODS))] = "scan",
    objective: Annotated[
        str | None, typer.Option(help=f"{' | '.join(OBJECTIVES)}; default deepest, mincut: delay")
    ] = None,
    weight: Annotated[float, typer.Option(help="Weight of energy in s/J, for weighted")] = 0.0,
    reading: Annotated[str, typer.Option(help=" | ".join(READINGS))] = "corrected",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help=f"Repeatable. {_SETTINGS}"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    plot: Annotated[Path | None, typer.Option(help="Folder for the figures")] = None,
) -> None:
    """Choose where to cut a network between edge nodes and cloud."""
    check_choice("method", method, METHODS)
    choices, changes = parse_settings(settings or ())
    chosen = chosen_reading(reading, choices)
    chosen_system = load_system(system, nodes=nodes, changes=changes)
    profile = _load_network(network)
    goal = _objective(objective, method)
    program = build_program(profile, chosen_system, reading=chosen, objective=goal, weight=weight)
    split = split_network(profile, chosen_system, reading=chosen) if method == "mincut" else None
    answer = _solve(program, method, split)
    report = offload_report(answer)
    report["split"] = None if split is None else asdict(split)
    if plot is not None:
        from edgeopt.experiments.offload.figures import plot_offload

        report["figures"] = [str(path) for path in plot_offload(answer, plot)]
    if as_json:
        print(json.dumps(report, indent=2, allow_nan=False))
    else:
        print_report(report)


def _load_network(spec: str) -> Profile:
    """Return the network; each warning of its importer is one line on standard error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        profile = load_network(spec)
    for warning in caught:
        typer.echo(f"edgeopt: warning: {warning.message}", err=True)
    return profile


def _objective(objective: str | None, method: str) -> str:
    """Return the objective; a minimum cut minimises only the delay."""
    if method == "mincut" and objective not in (None, "delay"):
        raise InputError("objective", objective, "delay, or left out, with the method mincut")
    return objective or ("delay" if method == "mincut" else "deepest")


def _solve(program: CutProgram, method: str, split: NetworkSplit | None) -> Answer:
    """Return the answer of the method."""
    if split is not None:
        return Answer(program, "mincut", split.cut, program.depth + 1)
    if method == "tmoa-printed" or (method, program.reading.name) == ("tmoa", "printed"):
        return tmoa_printed(program)
    if method == "tmoa":
        return tmoa_repaired(program)
    return relax(program).rounded if method == "kkt" else scan(program)
