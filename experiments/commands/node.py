"""`edgeopt node`: a role of a live run."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from edgeopt.experiments.terminal import say
from edgeopt.problems.errors import InputError, check_choice, check_integer


def node_command(
    join: Annotated[str, typer.Option(help="HOST:PORT of the master")],
    role: Annotated[str, typer.Option(help="edge | cloud | terminal")],
    node: Annotated[int, typer.Option(help="Which edge node; -1: any that is missing")] = -1,
) -> None:
    """Take part in a live run as an edge node, the cloud or the terminal, until it is over.

    The environment variable EDGEOPT_TOKEN has the secret that all roles share.
    """
    from edgeopt.experiments.live.hub import split_address
    from edgeopt.experiments.live.members import ROLES
    from edgeopt.experiments.live.node import run_node
    from edgeopt.experiments.live.processes import TOKEN_VARIABLE
    from edgeopt.experiments.live.terminal import run_terminal

    check_choice("--role", role, ROLES)
    check_integer("--node", node, at_least=-1)
    split_address("--join", join)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not 1 <= len(token.encode()) <= 64:
        raise InputError(TOKEN_VARIABLE, "(hidden)", "set, 1 to 64 bytes: the shared secret")
    if role == "terminal":
        say(run_terminal(join, token.encode()))
    else:
        say(run_node(join, token.encode(), role, node=node))
