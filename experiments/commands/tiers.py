"""`edgeopt tiers`: which of several tiers in a row runs which layers of a network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.offload.tier_report import placement_text
from edgeopt.experiments.terminal import make_console
from edgeopt.optim.offloading.tiers import PLACEMENT_OBJECTIVES, best_placement, placement_front
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.reading import QUEUED, with_element_type
from edgeopt.problems.systems.tiers import load_tiers


def tiers_command(
    tiers: Annotated[Path, typer.Argument(help="TOML file of tiers, links, codecs and exits")],
    network: Annotated[
        str, typer.Option(help="Built-in name (resnet34, resnet34:input=32), .onnx or .csv file")
    ] = "resnet34",
    objective: Annotated[str, typer.Option(help=" | ".join(PLACEMENT_OBJECTIVES))] = "delay",
    least_accuracy: Annotated[float, typer.Option(help="Accuracy that is required")] = 0.0,
    element_type: Annotated[str, typer.Option(help="Type of parameters and maps")] = "float32",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Place a network on tiers in a row, with early exits and compressed transfers."""
    profile, chain = load_network(network), load_tiers(tiers)
    reading = with_element_type(QUEUED, element_type)
    best = best_placement(
        profile, chain, objective=objective, least_accuracy=least_accuracy, reading=reading
    )
    front = placement_front(profile, chain, least_accuracy=least_accuracy, reading=reading)
    if as_json:
        report = {
            "network": profile.name,
            "tiers": chain.name,
            "objective": objective,
            "placement": best and asdict(best),
            "front": [asdict(one) for one in front],
        }
        print(json.dumps(report, indent=2, allow_nan=False))
    else:
        make_console().print(placement_text(profile, chain, best, front), soft_wrap=True)
