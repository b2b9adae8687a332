"""Systems in TOML files: reading, with errors that name the key, writing, and the presets."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.files import file_exists, read_toml, write_atomically
from edgeopt.problems.parameters import check_keys, check_table, from_table
from edgeopt.problems.systems.system import (
    Cloud,
    CloudLink,
    Device,
    Pool,
    System,
    TaskStream,
    TerminalLink,
)

_PARTS = {"cloud": Cloud, "link": CloudLink, "uplink": TerminalLink, "tasks": TaskStream}

_MOST_NODES = 100_000  # a larger pool is a typing error, and would fill the memory


def load_system(
    spec: str | Path, *, nodes: int | None = None, changes: Mapping[str, Any] | None = None
) -> System:
    """Return the system of a preset or a TOML file.

    Parameters
    ----------
    spec : str or Path
        Name of a preset (``table1``, ``pi_lte``, ...) or path of a TOML file. The files of the
        presets show the format; ``device = "..."`` and ``network = "..."`` supply the values that
        a section omits. ``times = "..."`` in ``[cloud]``, a node or ``[pool]`` (for all nodes)
        names the device whose measured times are taken from the network.
    nodes : int, optional
        Number of nodes instead of the file's, for a pool of identical nodes; they share a
        ``total_memory_bytes``.
    changes : mapping, optional
        Values instead of the file's, by section and key, e.g. ``{"tasks.deadline_s": 0.1}``.

    Raises
    ------
    InputError
        If there is no such preset or file, the file is not TOML, a key is unknown or missing, a
        value breaks its rule, or `nodes` is given for a pool of different nodes.

    Examples
    --------
    >>> from edgeopt import load_system
    >>> system = load_system("table1", nodes=10, changes={"tasks.deadline_s": 0.2})
    >>> system.pool.nodes, system.tasks.deadline_s
    (10, 0.2)
    """
    path = PRESETS_FOLDER / f"{spec}.toml" if spec in system_presets() else Path(spec)
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
    check_keys("system", table, ("name", "pool", *_PARTS), required=("pool", *_PARTS))
    parts = {section: read_part(kind, table[section], section) for section, kind in _PARTS.items()}
    pool = read_pool(table["pool"], nodes)
    values = {"name": table.get("name", default_name), "pool": pool, **parts}
    return from_table(System, values, "system")


def save_system(system: System, path: str | Path) -> None:
    """Write `system` to a file from which `load_system` reads an equal one.

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


def read_part(kind: Callable[..., Any], table: Any, section: str) -> Any:
    """Return the part of the system that a section describes, completed from network or device."""
    if kind is TaskStream:
        return from_table(kind, table, section)
    check_table(section, table)
    if kind is Cloud:
        speed = {"flops": device_preset(table["device"])["flops"]} if "device" in table else {}
        return from_table(kind, table, section, aside=("device",), defaults=speed)
    preset = network_preset(table["network"]) if "network" in table else {}
    return from_table(kind, table, section, aside=("network",), defaults=preset)


def read_pool(table: Any, nodes: int | None) -> Pool:
    """Return the pool of the ``[pool]`` section."""
    keys = ("nodes", "memory_share", "total_memory_bytes", "times")
    check_keys("pool", table, keys, required=("nodes",))
    if not isinstance(table["nodes"], list):
        raise InputError("pool.nodes", table["nodes"], "a list of tables, [[pool.nodes]]")
    groups = [_group(f"pool.nodes[{i}]", group) for i, group in enumerate(table["nodes"])]
    if "times" in table:
        groups = [(_with_times(device, table["times"]), count) for device, count in groups]
    if nodes is not None:
        count = check_integer("nodes", nodes, at_least=1, at_most=_MOST_NODES)
        groups = [(_only_device(groups, nodes), count)]
    # Divided after `nodes` is known, as in Table 1, where a larger pool shares the same memory.
    if "total_memory_bytes" in table:
        total = check_number("pool.total_memory_bytes", table["total_memory_bytes"], above=0)
        share = total / sum(count for _, count in groups) if groups else total
        groups = [(replace(device, memory_bytes=share), count) for device, count in groups]
    devices = tuple(device for device, count in groups for _ in range(count))
    shares = {key: table[key] for key in ("memory_share",) if key in table}
    return from_table(Pool, {"devices": devices, **shares}, "pool")


def _with_times(device: Device, times: Any) -> Device:
    """Return a device with the measured times of the whole pool, unless it has its own."""
    return replace(device, times=times if device.times is None else device.times)


def _only_device(groups: list[tuple[Device, int]], nodes: int) -> Device:
    """Return the device of a pool with one kind of node."""
    if len(groups) != 1:
        raise InputError("nodes", nodes, "left out for a pool of different nodes")
    return groups[0][0]


def _group(place: str, table: Any) -> tuple[Device, int]:
    """Return device and count of one ``[[pool.nodes]]`` table."""
    check_table(place, table)
    # The values of the table win over those of its device.
    preset = {"name": "node"}
    if "device" in table:
        preset = {"name": table["device"], **device_preset(table["device"])}
    device = from_table(Device, table, place, aside=("device", "count"), defaults=preset)
    count = check_integer(f"{place}.count", table.get("count", 1), at_least=1, at_most=_MOST_NODES)
    return device, count


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


# Presets of the package: real devices, access networks and whole systems.

PRESETS_FOLDER = Path(__file__).parent / "presets"

_PARTS_OF_SYSTEMS = ("devices", "networks")


def system_presets() -> tuple[str, ...]:
    """Return the names of the whole systems, in alphabetical order.

    Examples
    --------
    >>> from edgeopt.problems.systems import system_presets
    >>> system_presets()
    ('jetson_wifi', 'mixed_5g', 'pi_lte', 'table1')
    """
    names = sorted(path.stem for path in PRESETS_FOLDER.glob("*.toml"))
    return tuple(name for name in names if name not in _PARTS_OF_SYSTEMS)


def device_preset(name: str) -> dict[str, Any]:
    """Return the `Device` fields of a real device, see `device_source`.

    Raises
    ------
    InputError
        If there is no such device.
    """
    fields = _preset("devices", "device", name)
    del fields["source"]
    return fields


def device_names() -> tuple[str, ...]:
    """Return the names of the real devices."""
    return tuple(_table("devices"))


def device_source(name: str) -> str:
    """Return where the numbers of a real device come from; ``presets/devices.toml`` has more.

    A name that is not there is an `InputError`, as for `device_preset`.
    """
    return str(_preset("devices", "device", name)["source"])


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
