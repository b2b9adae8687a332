"""Under which values of what the paper leaves open the order of Table 2 comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from edgeopt.experiments.paper.claims import Rule
from edgeopt.experiments.paper.simulated import (
    Simulated,
    relative_percent,
    run_simulations,
    shorten_simulation,
)
from edgeopt.experiments.paper.table1 import ENERGY_BUDGET_J
from edgeopt.experiments.simulation.config import SimulationConfig
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.problems.files import write_atomically

LESS = Rule(high=0.0)

MOST_LOAD = 0.95  # of link and nodes; above it a delay tells how long the run was

_TITLES = {
    "bandwidth_bit_s": ("link", 1e-6, " Mbit/s"),
    "round_trip_s": ("round trip", 1e3, " ms"),
    "device": ("node", 1.0, ""),
    "element_type": ("numbers sent", 1.0, ""),
}
"""How parameters are printed: name, factor and unit."""


class Case(NamedTuple):
    """A combination of values and what came out of it.

    Attributes
    ----------
    setting : dict
        Values by parameter, as texts.
    found : dict
        By `COMPARISONS`: by how much the framework's measure is larger, in per cent.
    load : float
        That of the fullest node or link under any of the schemes.
    """

    setting: dict[str, str]
    found: dict[str, Measured]
    load: float

    def is_less(self, *names: str) -> bool:
        """Whether no scheme is overloaded and the framework is less in these comparisons."""
        return self.load < MOST_LOAD and all(LESS.holds(self.found[name]) for name in names)


def run_scan(
    base: SimulationConfig, table: dict[str, Any], size: dict[str, int], work: Path, jobs: int
) -> list[Case]:
    """Simulate the schemes in every combination of the scan.

    Parameters
    ----------
    base : SimulationConfig
        Network, system and seed.
    table : dict
        The configuration of Table 2: ``nodes``, ``cut`` and ``scan``.
    size : dict
        Numbers of tasks and repetitions.
    work : Path
        Where raw results are kept.
    jobs : int
        Worker processes.
    """
    settings = list(_settings(table["scan"]["settings"]))
    configs = [shorten_simulation(_config(base, table, setting), **size) for setting in settings]
    results = run_simulations(configs, work, jobs)
    return [
        case
        for setting, simulated in zip(settings, results, strict=True)
        for case in _cases(setting, simulated, table)
    ]


def describe_setting(cases: list[Case], *names: str) -> str:
    """Return in how many cases the framework is less in all comparisons, and what they share.

    Empty if there is none. A parameter is named where not all of its values are among them.
    """
    found = [case.setting for case in cases if case.is_less(*names)]
    if not found:
        return ""
    shared = []
    for parameter, values in parameters_of(cases).items():
        seen = [value for value in values if any(one[parameter] == value for one in found)]
        if len(seen) < len(values):
            shared.append(f"{parameter} {' or '.join(seen)}")
    common = f", all with {'; '.join(shared)}" if shared else ""
    return f"in {len(found)} of {len(cases)} settings of the scan{common}"


def parameters_of(cases: list[Case]) -> dict[str, list[str]]:
    """Return the values of each parameter of the scan, in its order."""
    names = cases[0].setting
    return {name: list(dict.fromkeys(case.setting[name] for case in cases)) for name in names}


def write_scan(cases: list[Case], path: Path) -> None:
    """Write a line a case: its values, and each difference with its interval and p-value."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for case in cases:
        row: dict[str, Any] = {**case.setting, "load": case.load}
        for name, one in case.found.items():
            low, high = one.limits
            row |= {name: one.value, f"{name}_low": low, f"{name}_high": high, f"{name}_p": one.p}
        rows.append(row)
    text = pd.DataFrame(rows).to_csv(index=False, float_format="%.6g")
    write_atomically(path, text.encode())


def _settings(values: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield every combination of values."""
    for combination in product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def _config(
    base: SimulationConfig, table: dict[str, Any], setting: dict[str, Any]
) -> SimulationConfig:
    """Return the simulation of one setting, B-Net in each of its kinds."""
    group = {
        "device": setting["device"],
        "count": table["nodes"],
        "energy_budget_j": ENERGY_BUDGET_J,
    }
    changes = {
        **base.world["settings"],
        "link.bandwidth_bit_s": setting["bandwidth_bit_s"],
        "link.round_trip_s": setting["round_trip_s"],
        "pool.nodes": [group],
        "element_type": setting["element_type"],
    }
    scan = table["scan"]
    bnets = {label: {"scheme": "bnet", **values} for label, values in scan["bnet"].items()}
    return replace(
        base,
        world={**base.world, "settings": changes},
        nodes=(table["nodes"],),
        streams=scan["streams"],
        schemes={OURS: {"cut": table["cut"]}, "masm": {}, **bnets},
    )


def _cases(setting: dict[str, Any], simulated: Simulated, table: dict[str, Any]) -> Iterator[Case]:
    """Yield a case for each stream and kind of B-Net."""
    scan = table["scan"]
    texts = dict(_texts(setting))
    for stream, bnet in product(scan["streams"], scan["bnet"]):
        rivals = {"bnet": bnet, "masm": "masm"}
        found = compare_with_paper(simulated, stream, table["nodes"], rivals)
        load = _load(simulated, stream, table["nodes"], (OURS, bnet, "masm"))
        yield Case(texts | {"tasks a second": stream, "B-Net": bnet}, found, load)


def _load(simulated: Simulated, stream: str, nodes: int, schemes: tuple[str, ...]) -> float:
    """Return the mean load of the fullest node or link under any of the schemes."""
    return max(
        float(simulated.values(stream, nodes, scheme, name).mean())
        for scheme, name in product(schemes, ("link_utilisation", "utilisation_max"))
    )


def _texts(setting: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and values as they are printed."""
    for name, value in setting.items():
        title, factor, unit = _TITLES[name]
        yield title, f"{factor * value:g}{unit}" if isinstance(value, float) else str(value)


# The framework against B-Net and MASM, as Table 2 compares them.

OURS = "collaborative"

RIVALS = ("bnet", "masm")

MEASURES = {"delay": "delay_mean_s", "energy": "energy_j"}

COMPARISONS = tuple(f"{measure}_against_{rival}" for measure in MEASURES for rival in RIVALS)
"""Names of the four comparisons."""


def compare_with_paper(
    simulated: Simulated, stream: str, nodes: int, rivals: dict[str, str]
) -> dict[str, Measured]:
    """Return by how much the framework's delay and energy are larger than its rivals', in per cent.

    Parameters
    ----------
    simulated : Simulated
        The runs.
    stream : str
        Name of the stream.
    nodes : int
        Size of the pool.
    rivals : dict
        Label of the scheme that stands for each of `RIVALS`.

    Returns
    -------
    dict
        By `COMPARISONS`, p-values times their number (Bonferroni).
    """
    found = {}
    for name, measure in MEASURES.items():
        ours = simulated.values(stream, nodes, OURS, measure)
        for rival, label in rivals.items():
            percent = relative_percent(ours, simulated.values(stream, nodes, label, measure))
            found[f"{name}_against_{rival}"] = _corrected(percent)
    return found


def _corrected(measured: Measured) -> Measured:
    """Return the number with its p-value corrected for all comparisons."""
    if measured.p is None:
        return measured
    return measured._replace(p=min(1.0, len(COMPARISONS) * measured.p))
