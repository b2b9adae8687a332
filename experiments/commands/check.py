"""`edgeopt check`: a proof read back and checked, without the solver that made it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.terminal import table_console, terminal_table
from edgeopt.optim.scheduling.branch_and_price.checker import check_certificate
from edgeopt.optim.scheduling.certificate import read_certificate
from edgeopt.problems.scheduling.spec import load_problem


def check_command(
    problem: Annotated[str, typer.Argument(help="File, or name such as rcmax:jobs:40x8:seed=1")],
    certificate: Annotated[
        Path, typer.Argument(help="File that edgeopt schedule --certificate has written")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Check the proof in a certificate, and print the bound that it proves."""
    instance, proof = load_problem(problem), read_certificate(certificate)
    bound = check_certificate(instance, proof)
    values = {
        "problem": problem,
        "digest": instance.digest,
        "certificate": str(certificate),
        "nodes": len(proof.tree),
        "proved_bound": bound,
    }
    if as_json:
        print(json.dumps(values, allow_nan=False))
        return
    rows = [
        ("problem", f"{problem} ({instance.tasks} x {instance.nodes})"),
        ("certificate", f"{certificate}, {values['nodes']} nodes"),
        ("proved", f"no makespan is below {bound:.10g} s"),
    ]
    table_console().print(terminal_table(("", ""), rows, align="l"))
