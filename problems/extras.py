"""Optional packages, which the extras of edgeopt install."""

from __future__ import annotations

import importlib
from types import ModuleType

from edgeopt.problems.errors import InputError


def import_extra(module: str, extra: str) -> ModuleType:
    """Import `module`, which the extra named `extra` installs.

    Raises
    ------
    InputError
        If the module is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:  # not any ImportError: a broken package should say itself why
        rule = f"installed: pip install 'edgeopt[{extra}]'"
        raise InputError(f"package {module}", "no such package", rule) from None
