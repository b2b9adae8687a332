"""The report of `edgeopt offload`, as a dictionary for JSON and as text; and its settings."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table

from edgeopt.experiments.offload.cuts import place_of
from edgeopt.experiments.terminal import make_console, terminal_table
from edgeopt.experiments.text import INFINITE, scaled
from edgeopt.optim.offloading.lagrangian import dual_subgradient
from edgeopt.optim.offloading.per_node_cuts import NODE_OBJECTIVES, node_program, solve_node_program
from edgeopt.optim.offloading.relaxation import SUPPORT, Relaxation, relax
from edgeopt.optim.offloading.sensitivity import sensitivities, shadow_prices
from edgeopt.optim.offloading.solvers import Answer, pareto_cuts, scan
from edgeopt.optim.offloading.splits import NetworkSplit
from edgeopt.problems.errors import FloatArray, InputError, check_choice
from edgeopt.problems.offloading.program import CutProgram, delay_parts_s
from edgeopt.problems.offloading.reading import CHOICES
from edgeopt.problems.offloading.upload import is_too_wide
from edgeopt.problems.offloading.waiting import BUSY

OffloadReport = dict[str, Any]


def offload_report(answer: Answer) -> OffloadReport:
    """Return everything that is known about `answer`, ready for JSON.

    Parameters
    ----------
    answer : Answer
        The chosen cut and its program.

    Returns
    -------
    dict
        Numbers that are infinite or do not exist are None. Without a feasible cut the
        constraints and the parts of the delay are those of cut 0.

    Examples
    --------
    >>> from edgeopt import build_program, load_network, load_system, scan
    >>> from edgeopt.experiments.offload import offload_report
    >>> network, system = load_network("resnet34"), load_system("table1", nodes=10)
    >>> program = build_program(network, system)
    >>> report = offload_report(scan(program))
    >>> report["cut"]
    20
    """
    program, relaxation, cut = answer.program, relax(answer.program), answer.cut
    terms = program.terms
    ranges = sensitivities(
        program.profile,
        program.system,
        reading=program.reading,
        objective=program.objective.name,
        weight=program.weight,
    )
    report = {
        "network": program.profile.name,
        "system": program.system.name,
        "nodes": program.system.pool.nodes,
        "layers": program.depth,
        "reading": program.reading.name,
        "method": answer.method,
        "objective": program.objective.name,
        "objective_value": answer.objective_value,
        "objective_unit": program.objective.unit,
        "cut": cut,
        "cut_name": None if cut is None else program.profile.cut_names[cut],
        "feasible": answer.is_feasible,
        "feasible_cuts": list(answer.feasible_cuts),
        "memory_bytes": _at(terms.memory_bytes, cut),
        "delay_s": _at(terms.delay_s, cut),
        "energy_j": _at(terms.mean_energy_j, cut),
        "upload_bytes": _at(terms.crossing_bits / 8.0, cut),
        "delay_parts_s": {
            name: float(part[cut or 0]) for name, part in delay_parts_s(program).items()
        },
        "constraints": [{**asdict(row), "holds": row.holds} for row in answer.rows],
        "loads": loads_at(program, cut or 0),
        "notes": notes_on(program, cut or 0),
        "optimal_cut": None if lacks_radio(program) else scan(program).cut,
        "binding": list(answer.binding),
        "multipliers": relaxation.multipliers,
        "shadow_prices": [price.words for price in shadow_prices(answer, relaxation)],
        "bound": relaxation.bound,
        "duality_gap": relaxation.duality_gap,
        **_dual(program, relaxation),
        "mixture": _mixture(relaxation),
        "kkt_residuals": relaxation.residuals and asdict(relaxation.residuals),
        "pareto_cuts": list(pareto_cuts(program)),
        "sensitivity": [asdict(one) for one in ranges],
        "node_cuts": _node_cuts(program),
        "split": None,
    }
    return {key: _plain(value) for key, value in report.items()}


def _dual(program: CutProgram, relaxation: Relaxation) -> OffloadReport:
    """Return the bound from the dual side, and whether it is within 0.001 of the best one."""
    if relaxation.bound is None:
        return {"dual_bound": None, "dual_converged": False}
    dual = dual_subgradient(program)
    return {"dual_bound": dual.bound, "dual_converged": dual.converged}


# What a reader must know about the answer.


def loads_at(program: CutProgram, cut: int) -> dict[str, float]:
    """Return the load of nodes, link and cloud at a cut, as far as the reading has them."""
    return {name: float(np.ravel(load)[cut]) for name, load in program.terms.loads.items()}


def lacks_radio(program: CutProgram) -> bool:
    """Return whether energy is minimised without that of sending, as the system gives none."""
    counts = program.objective.name == "energy" or (
        program.objective.name == "weighted" and program.weight > 0.0
    )
    return counts and program.reading.radio and program.system.link.energy_j_bit == 0.0


def notes_on(program: CutProgram, cut: int) -> list[str]:
    """Return sentences on high loads, estimated times, missing radio energy and odd rates."""
    notes = [
        f"load of the {name}: {load:.0%} of capacity; near 100 % a small change of the load "
        "changes the delay a great deal"
        for name, load in loads_at(program, cut).items()
        if load > BUSY
    ]
    named = [device.times for device in program.system.pool.groups]
    for name in dict.fromkeys([*named, program.system.cloud.times]):
        words = name and program.profile.measured[name].estimates_in_words(name)
        notes += [words] if words else []
    if lacks_radio(program):
        notes.append(
            "the system gives no energy for sending (link.energy_j_bit), which counts as 0: "
            "the cut is not proved to need the least energy"
        )
    if program.reading.uplink == "log_kde" and is_too_wide(program.system.uplink.rates_bit_s):
        notes.append(
            "the rates in uplink.rates_bit_s are few and far apart: the slowest one is used"
        )
    return notes


# The best split of the layer graph.


def split_report(split: NetworkSplit, program: CutProgram) -> OffloadReport:
    """Return a split as plain values, with the notes on it."""
    found = asdict(split)
    found["constraints"] = [{**asdict(row), "holds": row.holds} for row in split.constraints]
    found["crossing"] = [asdict(tensor) for tensor in split.crossing]
    found["layers"] = len(program.profile.layers)
    found["proved"] = split.value <= split.bound + 2e-5 * abs(split.bound)
    return {
        key: _plain(list(value) if isinstance(value, tuple) else value)
        for key, value in found.items()
    }


def _split_headline(report: OffloadReport) -> str:
    """Return the split in one sentence, and the bound where it is not proved."""
    split, unit = report["split"], report["objective_unit"]
    edge = split["edge_layers"]
    where = f"{report['network']} on {report['system']} ({report['nodes']} nodes)"
    count = f"{len(edge)} of {split['layers']} graph layers on the edge"
    last = f" (last: {edge[-1]})" if edge else ""
    value = f"{split['objective']} {_number(split['value'])} {unit}"
    proof = "" if split["proved"] else f", no split is below {_number(split['bound'])} {unit}"
    return f"{where}: {count}{last}, {value}{proof}"


def _split_parts(report: OffloadReport) -> list[RenderableType]:
    """Return the lines on a split: the answer, its constraints, delay and crossing tensors."""
    split, unit = report["split"], report["objective_unit"]
    delays = [f"{name} {_milliseconds(s)}" for name, s in split["delay_parts_s"].items()]
    sent = [f"{one['name']} {_number(one['bytes'], 2.0**10)} KiB" for one in split["crossing"]]
    crossing = f"Crossing: {', '.join(sent) or 'nothing'}"
    best = "Of the cuts 0..N none is feasible."
    if split["best_cut"] is not None:
        told = f"{_number(split['best_cut_value'])} {unit}"
        best = f"The best of the cuts 0..N is cut {split['best_cut']}, {split['objective']} {told}."
    return [
        _split_headline(report),
        _constraint_table({"constraints": split["constraints"], "binding": []}),
        "Delay: " + " + ".join(delays),
        f"{crossing}. Energy of a task: {_number(split['energy_j'])} J.",
        best,
    ]


def _mixture(relaxation: Relaxation) -> list[OffloadReport] | None:
    """Return the cuts that the relaxation mixes, with their shares of the tasks."""
    if relaxation.weights is None:
        return None
    return [
        {"cut": int(cut), "share": float(relaxation.weights[cut])}
        for cut in np.flatnonzero(relaxation.weights > SUPPORT)
    ]


def _node_cuts(program: CutProgram) -> list[OffloadReport] | None:
    """Return the own cut of each kind of node; None for equal nodes or without a solution."""
    devices, objective = list(program.system.pool.groups), program.objective.name
    if len(devices) == 1 or objective not in NODE_OBJECTIVES:
        return None
    own = node_program(
        program.profile, program.system, reading=program.reading, objective=objective
    )
    nodes = solve_node_program(own).nodes_at_cut
    if nodes is None:
        return None
    return [
        {"device": devices[kind].name, "cut": int(cut), "nodes": int(nodes[kind, cut])}
        for kind, cut in np.argwhere(nodes)
    ]


def _at(values: FloatArray, cut: int | None) -> float | None:
    """Return the value at `cut`."""
    return None if cut is None else float(values.ravel()[cut])


def _plain(value: Any) -> Any:
    """Replace numbers that JSON cannot hold by None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# The report as text.


def offload_text(report: OffloadReport) -> Group:
    """Return the report as rich text.

    Examples
    --------
    See `offload_report`, whose report it prints.
    """
    notes = [f"Note: {note}." for note in report["notes"]]
    if report["split"]:
        return Group(*_split_parts(report), *notes)
    parts: list[RenderableType] = [offload_headline(report), _constraint_table(report)]
    delays = [f"{name} {_milliseconds(s)}" for name, s in report["delay_parts_s"].items()]
    parts.append("Delay: " + " + ".join(delays))
    parts += notes
    parts += [_kkt_line(report)] if report["method"] == "kkt" and report["mixture"] else []
    parts += [f"Price: {words}." for words in _prices(report)]
    if report["duality_gap"] is not None:
        bound, gap = _number(report["bound"]), _number(report["duality_gap"])
        parts.append(
            f"Bound: even with its tasks spread over several cuts, no better than {bound} "
            f"{report['objective_unit']}; gap {gap}."
        )
    best = report["optimal_cut"]
    if best not in (None, report["cut"]):
        parts.append(f"The optimum is cut {best}. The sensitivity is that of the optimum.")
    parts += [f"Sensitivity: {line}." for line in _sensitivity_lines(report)]
    if report["node_cuts"]:
        cuts = [f"{one['nodes']} x {one['device']} at {one['cut']}" for one in report["node_cuts"]]
        parts.append(f"Best cut for each kind of node: {', '.join(cuts)}.")
    return Group(*parts)


def print_report(report: OffloadReport) -> None:
    """Print the report to the standard output."""
    make_console().print(offload_text(report), soft_wrap=True)


def _kkt_line(report: OffloadReport) -> str:
    """Return the mixture of cuts that solves the relaxation, and its KKT residuals."""
    mixture = [f"{_number(one['share'])} at cut {one['cut']}" for one in report["mixture"]]
    late = "" if report["dual_converged"] else " (not converged)"
    residuals = [f"{name} {value:.1g}" for name, value in report["kkt_residuals"].items()]
    return (
        f"Relaxation, shares of the tasks: {', '.join(mixture)}; dual bound by subgradient "
        f"{_number(report['dual_bound'])}{late}. KKT residuals: {', '.join(residuals)}."
    )


def _prices(report: OffloadReport) -> list[str]:
    """Return the shadow prices that are not 0, or a phrase if there are none."""
    prices = [words for words in report["shadow_prices"] if not words.endswith("changes nothing")]
    return prices or ["none; a slightly higher limit would not improve the result"]


def offload_headline(report: OffloadReport) -> str:
    """Return the answer of a report in one sentence."""
    if report["split"]:
        return _split_headline(report)
    where = f"{report['network']} on {report['system']} ({report['nodes']} nodes)"
    if report["cut"] is None:
        fails = [_failure(row) for row in report["constraints"] if not row["holds"]]
        return f"{where}: no feasible cut. Cut 0, all in the cloud, exceeds " + ", ".join(fails)
    place = place_of(report["cut"], report["layers"], report["cut_name"])
    edge = f"cut {report['cut']} of {report['layers']} ({place})"
    value, unit = _number(report["objective_value"]), report["objective_unit"]
    goal = "" if report["objective"] == "deepest" else f", {report['objective']} {value} {unit}"
    state = "" if report["feasible"] else "; it violates the constraints"
    return f"{where}: {edge}{goal}{state}"


def _failure(row: OffloadReport) -> str:
    """Say by how much a limit is exceeded."""
    if row["slack"] is None:
        return f"the limit of {row['name']} infinitely"
    scale, unit = _scale(row["unit"])
    return f"the limit of {row['name']} by {_number(-row['slack'] / scale)} {unit}".rstrip()


def _constraint_table(report: OffloadReport) -> Table:
    """Return value, limit and slack of each constraint."""
    rows = []
    for row in report["constraints"]:
        scale, unit = _scale(row["unit"])
        cells = [_number(row[key], scale) for key in ("value", "limit", "slack")]
        mark = "binds" if row["name"] in report["binding"] else ""
        rows.append((row["name"], *cells, unit, mark if row["holds"] else "VIOLATED"))
    return terminal_table(
        ("constraint", "value", "limit", "slack", "unit", ""), rows, align="lrrrl"
    )


def _sensitivity_lines(report: OffloadReport) -> list[str]:
    """Return one line for each input that changes the cut within its range."""
    lines = []
    for one in report["sensitivity"]:
        ends = [
            f"{_cut(one[beyond])} {word} {_number(one[end])} times its value"
            for end, beyond, word in (("lowest", "below", "below"), ("highest", "above", "above"))
            if one[beyond] is not None
        ]
        lines += [f"{one['name']}: " + ", ".join(ends)] if ends else []
    return lines


def _cut(cut: int) -> str:
    """Return the name of a cut in the sensitivity, where -1 is none."""
    return "no feasible cut" if cut < 0 else f"cut {cut}"


def _scale(unit: str) -> tuple[float, str]:
    """Return the divisor and the unit in which a value is printed."""
    return {"B": (2.0**20, "MiB"), "s": (1e-3, "ms"), "J": (1.0, "J per period")}.get(
        unit, (1.0, unit)
    )


def _number(value: float | None, scale: float = 1.0) -> str:
    """Return a number with four digits, ∞ for None."""
    return INFINITE if value is None else scaled(value / scale)


def _milliseconds(seconds: float | None) -> str:
    """Return a time in ms, 0 if it is below 1 µs."""
    return f"{_number(seconds if seconds is None or seconds >= 1e-6 else 0.0, 1e-3)} ms"


# Settings of the command line.


def parse_settings(texts: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of the reading and those of the system, which have a dot in their key.

    Parameters
    ----------
    texts : iterable of str
        ``KEY=VALUE`` with a TOML value; a text needs no quotes.

    Raises
    ------
    InputError
        If there is no value, or a key without a dot is not one of `CHOICES`.
    """
    reading, system = {}, {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError("--set", text, "of the form KEY=VALUE")
        if "." in key:
            system[key] = _value(value)
        else:
            reading[check_choice("--set", key, (*CHOICES, "SECTION.KEY"))] = _value(value)
    return reading, system


def _value(text: str) -> Any:
    """Return the TOML value that `text` is, or the text itself."""
    # anything else than a TOML value is a text, as quotes are a nuisance in a shell
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
