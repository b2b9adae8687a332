"""What `edgeopt offload` says, as text."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table

from experiments.offload_report import Report


def render(report: Report) -> Group:
    """Return the report as rich text."""
    parts: list[RenderableType] = [_headline(report), _constraint_table(report)]
    delays = [f"{name} {_milliseconds(s)}" for name, s in report["delay_parts_s"].items()]
    parts.append("Delay: " + " + ".join(delays))
    parts += [_kkt_line(report)] if report["method"] == "kkt" and report["mixture"] else []
    parts += [f"Price: {words}." for words in _prices(report)]
    if report["duality_gap"] is not None:
        bound, gap = _number(report["bound"]), _number(report["duality_gap"])
        parts.append(
            f"No mixture of cuts is better than {bound} {report['objective_unit']}; gap {gap}."
        )
    best = report["optimal_cut"]
    if best not in (None, report["cut"]):
        parts.append(f"The optimum is cut {best}; it is the one whose sensitivity follows.")
    parts += [f"Sensitivity: {line}." for line in _sensitivity_lines(report)]
    if report["node_cuts"]:
        cuts = [f"{one['nodes']} x {one['device']} at {one['cut']}" for one in report["node_cuts"]]
        parts.append(f"Best cut for each kind of node: {', '.join(cuts)}.")
    if report["split"]:
        parts.append(_split_line(report["split"]))
    return Group(*parts)


def print_report(report: Report) -> None:
    """Print the report to the standard output."""
    Console(highlight=False, markup=False, soft_wrap=True).print(render(report))


def _kkt_line(report: Report) -> str:
    """Name the mixture of cuts that solves the relaxation, and its residuals."""
    mixture = [f"{_number(one['share'])} at cut {one['cut']}" for one in report["mixture"]]
    residuals = [f"{name} {value:.1g}" for name, value in report["kkt_residuals"].items()]
    return (
        f"Relaxation, shares of the tasks: {', '.join(mixture)}; dual bound by subgradient "
        f"{_number(report['dual_bound'])}. KKT residuals: {', '.join(residuals)}."
    )


def _split_line(split: Report) -> str:
    """Compare the minimum cut with the best of the cuts 0..N."""
    best, last = split["best_cut"], (split["edge_layers"] or ["none"])[-1]
    return (
        f"Minimum cut: {len(split['edge_layers'])} graph layers on the edge (last: {last}), "
        f"{_number(split['seconds'], 1e-3)} ms of execution and transfer; "
        f"cut {best} needs {_number(split['best_cut_seconds'], 1e-3)} ms."
    )


def _prices(report: Report) -> list[str]:
    """Return the shadow prices that are not 0, or say that there are none."""
    prices = [words for words in report["shadow_prices"] if not words.endswith("changes nothing")]
    return prices or ["no limit is worth raising by a little"]


def _headline(report: Report) -> str:
    """Return the answer in one sentence."""
    where = f"{report['network']} on {report['system']} ({report['nodes']} nodes)"
    if report["cut"] is None:
        fails = [_failure(row) for row in report["constraints"] if not row["holds"]]
        return f"{where}: no feasible cut. All in the cloud (cut 0) fails by " + ", ".join(fails)
    edge = f"cut {report['cut']} of {report['layers']} ({report['cut_name']})"
    value, unit = _number(report["objective_value"]), report["objective_unit"]
    goal = "" if report["objective"] == "deepest" else f", {report['objective']} {value} {unit}"
    state = "" if report["feasible"] else "; it violates the constraints"
    return f"{where}: {edge}{goal}{state}"


def _failure(row: Report) -> str:
    """Say by how much a constraint fails."""
    if row["slack"] is None:
        return f"{row['name']} (without end)"
    scale, unit = _scale(row["unit"])
    return f"{row['name']} {_number(-row['slack'] / scale)} {unit}".rstrip()


def _constraint_table(report: Report) -> Table:
    """Return value, limit and slack of each constraint."""
    table = Table(box=None, pad_edge=False)
    for title in ("constraint", "value", "limit", "slack", "unit", ""):
        table.add_column(title, justify="left" if title in ("constraint", "unit", "") else "right")
    for row in report["constraints"]:
        scale, unit = _scale(row["unit"])
        cells = [_number(row[key], scale) for key in ("value", "limit", "slack")]
        mark = "binds" if row["name"] in report["binding"] else ""
        table.add_row(row["name"], *cells, unit, mark if row["holds"] else "VIOLATED")
    return table


def _sensitivity_lines(report: Report) -> list[str]:
    """Return one line for each input that changes the cut within its range."""
    lines = []
    for one in report["sensitivity"]:
        ends = [
            f"{_cut(one[beyond])} {word} x {_number(one[end])}"
            for end, beyond, word in (("lowest", "below", "below"), ("highest", "above", "above"))
            if one[beyond] is not None
        ]
        lines += [f"{one['name']}: " + ", ".join(ends)] if ends else []
    return lines


def _cut(cut: int) -> str:
    """Name a cut of the sensitivity."""
    return "no feasible cut" if cut < 0 else f"cut {cut}"


def _scale(unit: str) -> tuple[float, str]:
    """Return the divisor and the unit in which a value is printed."""
    return {"B": (2.0**20, "MiB"), "s": (1e-3, "ms"), "J": (1.0, "J per period")}.get(
        unit, (1.0, unit)
    )


def _number(value: float | None, scale: float = 1.0) -> str:
    """Return a number with four digits; "inf" for what has no end or does not exist."""
    return "inf" if value is None else f"{value / scale:.4g}"


def _milliseconds(seconds: float | None) -> str:
    """Return a time in ms; what is below 1 us counts as nothing."""
    return f"{_number(seconds if seconds is None or seconds >= 1e-6 else 0.0, 1e-3)} ms"
