"""`edgeopt run`: a scenario for real, compared with its simulation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.signals import termination_as_interrupt


def run_command(
    file: Annotated[
        Path, typer.Argument(help="TOML file of a simulation, with a table [live] if needed")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results")],
    listen: Annotated[
        str, typer.Option(help="HOST:PORT at which roles join; port 0: any that is free")
    ] = "127.0.0.1:0",
    remote: Annotated[
        bool, typer.Option("--remote", help="Start no roles here; wait until they have joined")
    ] = False,
) -> None:
    """Run every scheme for real: terminal, edge nodes and cloud as processes, this one the master.

    Roles need the same token, which is taken from the environment variable EDGEOPT_TOKEN; without
    it, a run that starts its own roles makes one.
    """
    from edgeopt.experiments.live.processes import TOKEN_VARIABLE
    from edgeopt.experiments.live.run import run_live
    from edgeopt.problems.errors import InputError

    token = os.environ.get(TOKEN_VARIABLE)
    if remote and not token:
        raise InputError(TOKEN_VARIABLE, token, "set: the secret that all roles share")
    with termination_as_interrupt():
        run_live(file, out, listen=listen, token=token or None, local=not remote)
