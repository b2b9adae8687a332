"""The cuts of Table 1 with the fitted memory, with that of real boards, and under load."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from experiments.offload_settings import chosen_reading
from experiments.toml_file import check_fields, read_toml
from optim.offloading.scan import scan
from problems.offloading.memory import edge_memory_bytes
from problems.offloading.networks import load_network
from problems.offloading.presets import device_preset
from problems.offloading.profile import Profile
from problems.offloading.program import build_program
from problems.offloading.system import System
from problems.offloading.system_file import load_system

MIB = 2.0**20
ENERGY_BUDGET_J = 1e6  # of a node and period, as in the preset `table1`: it does not bind


class MemoryRange(NamedTuple):
    """Total memories in MiB, from `low` on and below `high`, that give all of the paper's cuts."""

    low: float
    high: float


class Table1(NamedTuple):
    """What Table 1 is made from: the network, the system's name, and the paper's cuts.

    Attributes
    ----------
    profile : Profile
        The network.
    system : str
        For `load_system`.
    nodes, cuts : list of int
        Pool sizes and the paper's cuts.
    devices : list of str
        Real boards that are tried without the fit.
    arrival_hz : list of float
        Loads that are tried with them, 1/s.
    """

    profile: Profile
    system: str
    nodes: list[int]
    cuts: list[int]
    devices: list[str]
    arrival_hz: list[float]


def read_table1(path: Path) -> Table1:
    """Read the configuration.

    Raises
    ------
    InputError
        If a field is missing or unknown, or there is no such network.
    """
    fields = ("network", "system", "nodes", "cuts", "devices", "arrival_hz")
    table = read_toml(path)
    check_fields(path, table, fields, fields)
    return Table1(load_network(table.pop("network")), **table)


def fitted_cuts(table: Table1) -> list[int]:
    """Return the cut for each pool size with the fitted memory."""
    systems = (load_system(table.system, nodes=nodes) for nodes in table.nodes)
    return [_cut(table.profile, system) for system in systems]


def memory_range(table: Table1, parameters: str) -> MemoryRange:
    """Return the total memories that give all of the paper's cuts, where memory alone decides.

    Cut j fits into lambda_0 P_total / x from P_total = x Dt^j / lambda_0 on (10), (21). The range
    is empty where ``high <= low``.

    Parameters
    ----------
    table : Table1
        The paper's cuts.
    parameters : {"all", "chain"}
        Which parameters (10) counts.
    """
    reading = chosen_reading("corrected", {"parameters": parameters})
    share = load_system(table.system).pool.memory_share
    needed = edge_memory_bytes(table.profile, reading) / MIB / share
    pairs = list(zip(table.nodes, table.cuts, strict=True))
    low = max(float(needed[cut]) * nodes for nodes, cut in pairs)
    return MemoryRange(low, min(float(needed[cut + 1]) * nodes for nodes, cut in pairs))


def board_cuts(table: Table1, device: str, arrival_hz: float | None = None) -> list[int]:
    """Return the cut for each pool size of real boards, each with all its memory.

    Parameters
    ----------
    table : Table1
        Network, system and pool sizes.
    device : str
        Name of the board.
    arrival_hz : float, optional
        Tasks a second instead of the system's.
    """
    memory = device_preset(device)["memory_bytes"]
    cuts = []
    for nodes in table.nodes:
        group = {"device": device, "count": nodes, "energy_budget_j": ENERGY_BUDGET_J}
        changes: dict[str, Any] = {"pool.nodes": [group]}
        changes["pool.total_memory_bytes"] = nodes * memory
        if arrival_hz is not None:
            changes["tasks.arrival_hz"] = arrival_hz
        cuts.append(_cut(table.profile, load_system(table.system, changes=changes)))
    return cuts


def _cut(profile: Profile, system: System) -> int:
    """Return the deepest feasible cut, 0 where there is none."""
    return scan(build_program(profile, system)).cut or 0
