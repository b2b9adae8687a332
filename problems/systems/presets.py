"""Presets that ship with the package: real devices, access networks and whole systems."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import check_choice

FOLDER = Path(__file__).parent / "presets"

_PARTS = ("devices", "networks")


def system_presets() -> tuple[str, ...]:
    """Return the names of the whole systems, in alphabetic order.

    Examples
    --------
    >>> from edgeopt.problems.systems import system_presets
    >>> system_presets()
    ('jetson_wifi', 'mixed_5g', 'pi_lte', 'table1')
    """
    names = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return tuple(name for name in names if name not in _PARTS)


def device_preset(name: str) -> dict[str, Any]:
    """Return the `Device` fields of a real device; its source is in ``presets/devices.toml``.

    Raises
    ------
    InputError
        If there is no such device.
    """
    devices = _table("devices")
    return dict(devices[check_choice("device", name, list(devices))])


def network_preset(name: str) -> dict[str, Any]:
    """Return rates, round trip and energy of an access network, see ``presets/networks.toml``.

    Raises
    ------
    InputError
        If there is no such network.
    """
    networks = _table("networks")
    return dict(networks[check_choice("network", name, list(networks))])


@cache
def _table(part: str) -> dict[str, dict[str, Any]]:
    """Read ``devices.toml`` or ``networks.toml``."""
    return tomllib.loads((FOLDER / f"{part}.toml").read_text(encoding="utf-8"))
