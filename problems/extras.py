"""Import the packages of edgeopt's extras."""

from __future__ import annotations

import importlib
from types import ModuleType

from edgeopt.problems.errors import InputError


def import_extra(module: str, extra: str) -> ModuleType:
    """Import `module`, which comes with the extra of edgeopt named `extra`.

    Raises
    ------
    InputError
        If the module is not installed; the message has the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        rule = f"installed: pip install 'edgeopt[{extra}]'"
        raise InputError(f"package {module}", "no such package", rule) from None
