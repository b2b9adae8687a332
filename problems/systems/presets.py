"""Presets of the package: real devices, access networks and whole systems."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import check_choice

PRESETS_FOLDER = Path(__file__).parent / "presets"

_PARTS = ("devices", "networks")


def system_presets() -> tuple[str, ...]:
    """Return the names of the whole systems, in alphabetical order.

    Examples
    --------
    >>> from edgeopt.problems.systems import system_presets
    >>> system_presets()
    ('jetson_wifi', 'mixed_5g', 'pi_lte', 'table1')
    """
    names = sorted(path.stem for path in PRESETS_FOLDER.glob("*.toml"))
    return tuple(name for name in names if name not in _PARTS)


def device_preset(name: str) -> dict[str, Any]:
    """Return the `Device` fields of a real device; its source is in ``presets/devices.toml``.

    Raises
    ------
    InputError
        If there is no such device.
    """
    return _preset("devices", "device", name)


def network_preset(name: str) -> dict[str, Any]:
    """Return rates, round trip and energy of an access network, see ``presets/networks.toml``.

    A name that is not there is an `InputError`, as for `device_preset`.
    """
    return _preset("networks", "network", name)


def _preset(part: str, field: str, name: str) -> dict[str, Any]:
    """Return one table of a file of presets; a copy, since the file is cached."""
    tables = _table(part)
    return dict(tables[check_choice(field, name, list(tables))])


@cache
def _table(part: str) -> dict[str, dict[str, Any]]:
    """Read ``devices.toml`` or ``networks.toml``."""
    return tomllib.loads((PRESETS_FOLDER / f"{part}.toml").read_text(encoding="utf-8"))
