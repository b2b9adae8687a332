"""The kinds of runs: how files of each are recognised, and its command."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edgeopt.experiments.runs.store import read_description
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import read_toml


class KindEntry(NamedTuple):
    """What the commands know of a kind.

    Attributes
    ----------
    command : str
        The command that runs it.
    field : str
        Name of a field that only files of this kind have.
    """

    command: str
    field: str


RUN_KINDS = {
    "sweep": KindEntry("sweep", "problems"),
    "simulation": KindEntry("simulate", "streams"),
    "learning": KindEntry("learn", "data"),
    "adversary": KindEntry("adversary", "space"),
}


def check_file_kind(path: Path, kind: str) -> None:
    """Raise `InputError` if a file is of another kind, with the command that runs it."""
    tables = read_toml(path)
    for other, entry in RUN_KINDS.items():
        if entry.field in tables and RUN_KINDS[kind].field not in tables:
            raise InputError(str(path), f"a {other} file", f"run by edgeopt {entry.command}")


def check_folder_kind(folder: Path, kind: str) -> None:
    """Raise `InputError` if a folder is of another kind, with the command for it."""
    found = read_description(folder)["kind"]
    if found != kind:
        command = RUN_KINDS[found].command if found in RUN_KINDS else found
        raise InputError(str(folder), f"the output of a {found}", f"given to edgeopt {command}")
