"""`edgeopt tiers`: which of several tiers in a row runs which layers of a network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from edgeopt.experiments.offload.tier_report import placement_text
from edgeopt.experiments.terminal import make_console, say
from edgeopt.optim.offloading.tier_graph import GraphPlacement
from edgeopt.optim.offloading.tier_milp import best_graph_placement
from edgeopt.optim.offloading.tiers import (
    PLACEMENT_OBJECTIVES,
    Placement,
    best_placement,
    placement_front,
)
from edgeopt.problems.errors import check_choice
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.reading import QUEUED, with_element_type
from edgeopt.problems.systems.tiers import load_tiers

METHODS = ("cuts", "graph")

_METHOD_HELP = "cuts: all cuts, exits, codecs | graph: any split of the layer graph (no exits)"


def tiers_command(
    tiers: Annotated[Path, typer.Argument(help="TOML file of tiers, links, codecs and exits")],
    network: Annotated[
        str, typer.Option(help="Built-in name (resnet34, resnet34:input=32), .onnx or .csv file")
    ] = "resnet34",
    objective: Annotated[str, typer.Option(help=" | ".join(PLACEMENT_OBJECTIVES))] = "delay",
    method: Annotated[str, typer.Option(help=_METHOD_HELP)] = "cuts",
    least_accuracy: Annotated[float, typer.Option(help="Accuracy that is required")] = 0.0,
    element_type: Annotated[str, typer.Option(help="Type of parameters and maps")] = "float32",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    plot: Annotated[Path | None, typer.Option(help="Folder for the figures")] = None,
) -> None:
    """Place a network on tiers in a row, with early exits and compressed transfers."""
    check_choice("method", method, METHODS)
    profile, chain = load_network(network), load_tiers(tiers)
    options: dict[str, Any] = {
        "least_accuracy": least_accuracy,
        "reading": with_element_type(QUEUED, element_type),
    }
    front: tuple[Placement, ...] = ()
    best: Placement | GraphPlacement | None
    if method == "graph":
        best = best_graph_placement(profile, chain, objective=objective, **options)
    else:
        best = best_placement(profile, chain, objective=objective, **options)
        front = placement_front(profile, chain, **options)
    files: list[Path] = []
    if plot is not None:
        from edgeopt.experiments.offload.tier_figure import plot_placement

        files = plot_placement(chain, best, front, plot)
    if as_json:
        report = {
            "network": profile.name,
            "tiers": chain.name,
            "method": method,
            "objective": objective,
            "placement": best and asdict(best),
            "front": [asdict(one) for one in front],
            "figures": [str(path) for path in files],
        }
        print(json.dumps(report, indent=2, allow_nan=False))
        return
    text = placement_text(profile, chain, best, front)
    make_console().print(text, soft_wrap=True)
    if files:
        say(f"figures: {', '.join(map(str, files))}")
