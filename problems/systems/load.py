"""Systems in TOML files: reading, with errors that name the key, and writing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError, check_integer, check_number
from edgeopt.problems.files import file_exists, read_toml, write_atomically
from edgeopt.problems.systems.presets import FOLDER, device_preset, network_preset, system_presets
from edgeopt.problems.systems.system import (
    Cloud,
    CloudLink,
    Device,
    Pool,
    System,
    TaskStream,
    TerminalLink,
)

_SECTIONS = ("name", "pool", "cloud", "link", "uplink", "tasks")

MOST_NODES = 100_000

_REQUIRED = {
    "pool": ("nodes",),
    "cloud": ("flops",),
    "link": ("bandwidth_bit_s",),
    "uplink": ("rates_bit_s",),
    "tasks": ("arrival_hz", "deadline_s"),
}


def load_system(
    spec: str | Path, *, nodes: int | None = None, changes: Mapping[str, Any] | None = None
) -> System:
    """Return the system of a preset or a TOML file.

    Parameters
    ----------
    spec : str or Path
        Name of a preset (``table1``, ``pi_lte``, ...) or path of a TOML file. The presets' files
        show the format; ``device = "..."`` and ``network = "..."`` fill in what a section leaves
        out.
    nodes : int, optional
        Number of nodes instead of the file's, for a pool of identical nodes. A
        ``total_memory_bytes`` is shared by that many.
    changes : mapping, optional
        Values instead of the file's, by section and key, e.g. ``{"tasks.deadline_s": 0.1}``.

    Raises
    ------
    InputError
        If there is no such preset or file, the file is no TOML, a key is unknown or missing, a
        value breaks its rule, or `nodes` is given for a pool of different nodes.

    Examples
    --------
    >>> from edgeopt import load_system
    >>> system = load_system("table1", nodes=10, changes={"tasks.deadline_s": 0.2})
    >>> system.pool.nodes, system.tasks.deadline_s
    (10, 0.2)
    """
    path = FOLDER / f"{spec}.toml" if spec in system_presets() else Path(spec)
    if not file_exists(path):
        rule = f"a file or one of the presets {', '.join(system_presets())}"
        raise InputError("system", str(spec), rule)
    table = read_toml(path)
    for key, value in (changes or {}).items():
        section, _, name = key.partition(".")
        if not isinstance(table.setdefault(section, {}), dict):
            raise InputError(key, value, "SECTION.KEY of a system file")
        table[section][name] = value
    return parse_system(table, nodes=nodes, default_name=path.stem)


def parse_system(
    table: Mapping[str, Any], *, nodes: int | None = None, default_name: str = "system"
) -> System:
    """Return the system of a table as TOML gives it; see `load_system`.

    Examples
    --------
    See `load_system`.
    """
    _check_keys("system", table, _SECTIONS, required=tuple(_REQUIRED))
    name = table.get("name", default_name)
    if not isinstance(name, str):
        raise InputError("system.name", name, "a text")
    link = _section(table, "link", _names(CloudLink))
    uplink = _section(table, "uplink", _names(TerminalLink))
    return System(
        name=name,
        pool=_parse_pool(table["pool"], nodes),
        cloud=Cloud(**_section(table, "cloud", _names(Cloud))),
        link=CloudLink(**link),
        uplink=TerminalLink(**uplink),
        tasks=TaskStream(**_section(table, "tasks", _names(TaskStream))),
    )


def save_system(system: System, path: str | Path) -> None:
    """Write `system` so that `load_system` reads an equal one.

    Examples
    --------
    >>> from edgeopt.problems.systems import load_system, save_system
    >>> system = load_system("pi_lte")
    >>> save_system(system, "mine.toml")
    >>> load_system("mine.toml").tasks == system.tasks
    True
    """
    lines = [f"name = {_toml(system.name)}", "", "[pool]"]
    lines += [f"memory_share = {_toml(system.pool.memory_share)}"]
    for device, count in system.pool.groups.items():
        lines += ["", "[[pool.nodes]]", f"count = {count}", *_pairs(asdict(device))]
    sections = {
        "cloud": asdict(system.cloud),
        "link": asdict(system.link),
        "uplink": {"rates_bit_s": system.uplink.rates_bit_s.tolist()},
        "tasks": asdict(system.tasks),
    }
    for section, values in sections.items():
        lines += ["", f"[{section}]", *_pairs(values)]
    write_atomically(Path(path), ("\n".join(lines) + "\n").encode())


def _parse_pool(table: Any, nodes: int | None) -> Pool:
    """Return the pool of the ``[pool]`` section."""
    keys = ("nodes", "memory_share", "total_memory_bytes")
    _check_keys("pool", table, keys, required=_REQUIRED["pool"])
    if not isinstance(table["nodes"], list):
        raise InputError("pool.nodes", table["nodes"], "a list of tables, [[pool.nodes]]")
    groups = [_parse_group(f"pool.nodes[{i}]", group) for i, group in enumerate(table["nodes"])]
    if nodes is not None:
        count = check_integer("nodes", nodes, at_least=1, at_most=MOST_NODES)
        groups = [(_only_device(groups, nodes), count)]
    if "total_memory_bytes" in table:
        total = check_number("pool.total_memory_bytes", table["total_memory_bytes"], above=0)
        share = total / sum(count for _, count in groups) if groups else total
        groups = [(replace(device, memory_bytes=share), count) for device, count in groups]
    devices = tuple(device for device, count in groups for _ in range(count))
    return Pool(devices, table.get("memory_share", 1.0))


def _only_device(groups: list[tuple[Device, int]], nodes: int) -> Device:
    """Return the device of a pool with one kind of node."""
    if len(groups) != 1:
        raise InputError("nodes", nodes, "left out for a pool of different nodes")
    return groups[0][0]


def _parse_group(place: str, table: Any) -> tuple[Device, int]:
    """Return device and count of one ``[[pool.nodes]]`` table."""
    _check_keys(place, table, (*_names(Device), "device", "count"))
    values = {key: value for key, value in table.items() if key not in ("device", "count")}
    if "device" in table:
        values = {"name": table["device"], **device_preset(table["device"]), **values}
    _check_keys(place, values, _names(Device), required=("flops", "memory_bytes"))
    count = check_integer(f"{place}.count", table.get("count", 1), at_least=1, at_most=MOST_NODES)
    return Device(**{"name": "node", **values}), count


def _section(table: Mapping[str, Any], section: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of one section, filled in from its ``network``."""
    found = table[section]
    takes_network = section in ("link", "uplink")
    _check_keys(section, found, (*keys, "network") if takes_network else keys)
    preset = network_preset(found["network"]) if "network" in found else {}
    values = {key: value for key, value in preset.items() if key in keys}
    values |= {key: value for key, value in found.items() if key != "network"}
    _check_keys(section, values, keys, required=_REQUIRED[section])
    return values


def _check_keys(
    place: str, table: Any, known: tuple[str, ...], *, required: tuple[str, ...] = ()
) -> None:
    """Raise `InputError` for a section that is no table, or an unknown or missing key."""
    if not isinstance(table, Mapping):
        raise InputError(place, table, "a table")
    for key in table:
        if key not in known:
            raise InputError(
                f"{place}.{key}", table[key], "left out, or one of " + ", ".join(known)
            )
    for key in required:
        if key not in table:
            raise InputError(f"{place}.{key}", None, "given")


def _names(kind: type) -> tuple[str, ...]:
    """Return the field names of a dataclass."""
    return tuple(field.name for field in fields(kind))


def _pairs(values: Mapping[str, Any]) -> list[str]:
    """Return ``key = value`` lines, without the keys that are None."""
    return [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]


def _toml(value: Any) -> str:
    """Return a text, number or list of numbers in TOML."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return "inf" if value == math.inf else repr(value)
