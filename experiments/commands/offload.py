"""`edgeopt offload`: where to cut a network between the edge and the cloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.commands.networks import AllowUncounted, InputSizes
from edgeopt.experiments.csv_text import csv_table
from edgeopt.experiments.offload.choice import METHODS, offload
from edgeopt.experiments.offload.cuts import cut_rows, cuts_text
from edgeopt.experiments.offload.report import parse_settings, print_report
from edgeopt.experiments.terminal import table_console
from edgeopt.problems.files import write_atomically
from edgeopt.problems.networks.load import parse_input
from edgeopt.problems.offloading.program import OBJECTIVES
from edgeopt.problems.offloading.reading import (
    DYNAMIC,
    ELEMENT_BYTES,
    MEMORY,
    PARAMETERS,
    READINGS,
    UPLINK,
    WAITING,
)
from edgeopt.problems.systems.load import system_presets

_SETTINGS = "; ".join(
    [
        f"element_type={'|'.join(ELEMENT_BYTES)}",
        f"memory={'|'.join(MEMORY)}",
        f"parameters={'|'.join(PARAMETERS)}",
        f"waiting={'|'.join(WAITING)}",
        f"uplink={'|'.join(UPLINK)}",
        f"dynamic={'|'.join(DYNAMIC)}",
        "roofline, radio, idle_power, own_types, whole_trip=true|false",
        "shares_link, uplink_counts, cloud_counts=true|false",
        "or a value of the system file, such as tasks.deadline_s=0.1",
    ]
)


def offload_command(
    network: Annotated[
        str, typer.Option(help="Built-in name (resnet34, resnet34:input=32), .onnx or .csv file")
    ] = "resnet34",
    inputs: InputSizes = None,
    allow_uncounted: AllowUncounted = False,
    system: Annotated[
        str, typer.Option(help=f"TOML file or preset: {', '.join(system_presets())}")
    ] = "table1",
    nodes: Annotated[int | None, typer.Option(help="Number of nodes, if all are equal")] = None,
    method: Annotated[str, typer.Option(help=" | ".join(METHODS))] = "scan",
    objective: Annotated[
        str | None, typer.Option(help=f"{' | '.join(OBJECTIVES)}; default deepest, mincut: delay")
    ] = None,
    weight: Annotated[float, typer.Option(help="Weight of energy in s/J, for weighted")] = 0.0,
    reading: Annotated[str, typer.Option(help=" | ".join(READINGS))] = "queued",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help=f"Repeatable. {_SETTINGS}"),
    ] = None,
    cut: Annotated[int | None, typer.Option(help="Evaluate this cut, 0 to N")] = None,
    table: Annotated[bool, typer.Option("--table", help="Also print a table of all cuts")] = False,
    csv: Annotated[Path | None, typer.Option(help="CSV file for the table of all cuts")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    plot: Annotated[Path | None, typer.Option(help="Folder for the figures")] = None,
) -> None:
    """Choose where to cut a network between edge nodes and cloud."""
    choices, changes = parse_settings(settings or ())
    choice = offload(
        network,
        system,
        nodes=nodes,
        objective=objective,
        method=method,
        weight=weight,
        reading=reading,
        settings={**choices, **changes},
        inputs=dict(map(parse_input, inputs or ())),
        allow_uncounted=allow_uncounted,
        cut=cut,
    )
    report = choice.report
    if csv is not None:
        write_atomically(csv, csv_table(choice.table().reset_index(), "%.6g"))
    if table and as_json:
        report["cuts"] = cut_rows(choice.table())
    if plot is not None:
        from edgeopt.experiments.offload.figures import plot_offload

        report["figures"] = [str(path) for path in plot_offload(choice.answer, plot, choice.split)]
    if as_json:
        print(json.dumps(report, indent=2, allow_nan=False))
        return
    print_report(report)
    if table:
        table_console().print(cuts_text(choice.table()))
