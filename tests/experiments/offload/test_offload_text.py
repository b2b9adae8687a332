"""The report as text: answers, limits that fail, prices and sensitivities."""

import json
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from edgeopt.experiments.commands.offload import offload_command
from edgeopt.experiments.offload.report import OffloadReport, offload_text


def report_of(*settings: str) -> OffloadReport:
    """Return the report on AlexNet and the system ``pi_lte``, as the command gives it."""
    app = typer.Typer()
    app.command()(offload_command)
    where = ["--network", "alexnet", "--system", "pi_lte", "--objective", "delay"]
    changes = [part for setting in settings for part in ("--set", setting)]
    done = CliRunner().invoke(app, [*where, *changes, "--json"], catch_exceptions=False)
    return json.loads(done.stdout)


REPORT = report_of()


def text_of(**changes: Any) -> list[str]:
    """Return the lines of a report with some values changed."""
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(offload_text(REPORT | changes))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_first_line_is_the_answer() -> None:
    value = f"{REPORT['objective_value']:.4g}"
    line = f"alexnet on pi_lte (10 nodes): cut 8 of 8 (fc8: all on the edge), delay {value} s"
    assert text_of()[0] == line
    assert text_of(feasible=False)[0] == f"{line}; it violates the constraints"
    assert text_of(objective="deepest")[0].endswith("(fc8: all on the edge)")


def test_the_parts_of_the_delay_add_up() -> None:
    (line,) = (line for line in text_of() if line.startswith("Delay: "))
    parts = [float(part.split()[-2]) for part in line.removeprefix("Delay: ").split(" + ")]
    assert sum(parts) == pytest.approx(1e3 * REPORT["delay_s"], rel=1e-3)


def test_without_a_feasible_cut_it_says_which_limits_fail_by_how_much() -> None:
    report = report_of("tasks.deadline_s=0.001")
    assert (report["cut"], report["feasible_cuts"]) == (None, [])
    (row,) = (row for row in report["constraints"] if not row["holds"])
    line = text_of(**report)[0]
    assert "no feasible cut. Cut 0, all in the cloud, exceeds the limit of delay by " in line
    assert float(line.split()[-2]) == pytest.approx(-1e3 * row["slack"], rel=1e-3)
    endless = [row | {"slack": None}]
    assert text_of(cut=None, constraints=endless)[0].endswith(
        "exceeds the limit of delay infinitely"
    )


def test_limits_that_bind_or_fail_are_marked() -> None:
    rows = [dict(row) for row in REPORT["constraints"]]
    rows[1] |= {"holds": False}
    lines = text_of(constraints=rows, binding=["memory"])
    marks = {line.split()[0]: line.split()[-1] for line in lines[2:6]}
    assert (marks["memory"], marks["delay"]) == ("binds", "VIOLATED")


def test_what_has_no_price_is_one_phrase() -> None:
    assert "Price: none; a slightly higher limit would not improve the result." in text_of(
        shadow_prices=[]
    )
    lines = text_of(shadow_prices=["more memory saves 1 J", "more time changes nothing"])
    assert [line for line in lines if line.startswith("Price")] == ["Price: more memory saves 1 J."]


def test_a_sensitivity_names_the_cuts_beyond_its_range() -> None:
    one = {"name": "bandwidth", "lowest": 0.5, "below": 8, "highest": 2.0, "above": -1}
    line = "cut 8 below 0.5 times its value, no feasible cut above 2 times its value"
    assert f"Sensitivity: bandwidth: {line}." in text_of(sensitivity=[one])
    silent = one | {"below": None, "above": None}
    assert not any("Sensitivity" in line for line in text_of(sensitivity=[silent]))


def test_another_optimum_and_cuts_by_kind_are_told() -> None:
    lines = text_of(optimal_cut=3, node_cuts=[{"nodes": 4, "device": "pi", "cut": 2}])
    assert "The optimum is cut 3. The sensitivity is that of the optimum." in lines
    assert "Best cut for each kind of node: 4 x pi at 2." in lines


def test_numbers_that_json_cannot_hold_are_none() -> None:
    for report in (REPORT, report_of("tasks.arrival_hz=1e6")):
        json.dumps(report, allow_nan=False)  # raises for NaN and infinity
    assert None in [one["highest"] for one in REPORT["sensitivity"]]
