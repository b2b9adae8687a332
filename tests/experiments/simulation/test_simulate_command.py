"""`edgeopt simulate`, and simulations as sweeps."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from edgeopt.experiments.simulation.cell import SimulationCell
from edgeopt.optim.framework.measures import MEASURES

pytestmark = pytest.mark.long


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing, which would take most of a test's time."""
    monkeypatch.setattr(
        "edgeopt.experiments.simulation.figures.plot_simulation", lambda *arguments: []
    )


@pytest.fixture
def rows() -> Callable[[Path], list[dict[str, str]]]:
    """Return a reader of tables."""
    return lambda path: list(csv.DictReader(path.read_text().splitlines()))


def test_a_table_is_printed(edgeopt, simulation_file: Path):
    outcome = edgeopt("simulate", str(simulation_file))
    assert outcome.code == 0
    for words in ("poisson x 2 nodes, 2 runs", "bursty x 3", "cloud-only", "split", "p99 ms"):
        assert words in outcome.out
    assert list(simulation_file.parent.iterdir()) == [simulation_file]


def test_json_has_every_measure(edgeopt, simulation_file: Path):
    summary = json.loads(edgeopt("simulate", str(simulation_file), "--json").out)
    assert len(summary) == 8
    first = summary[0]
    assert (first["stream"], first["nodes"], first["scheme"]) == ("poisson", 2, "cloud-only")
    assert (first["runs"], first["failed"], first["warnings"]) == (2, 0, [])
    assert all(isinstance(first[name], float) for name in MEASURES)
    assert all(first[f"{name}_half"] >= 0 for name in MEASURES)
    assert len(first["node_energy_j"]) == len(first["node_utilisation"]) == 2
    assert len(first["delay_quantiles_s"]) == 101


def test_a_folder_gets_tables_and_figures(
    edgeopt, simulation_file: Path, tmp_path: Path, rows, request: pytest.FixtureRequest
):
    text = simulation_file.read_text()
    simulation_file.write_text(text + '[schemes.dormant]\ncut = 20\nthreshold = "mean"\n')
    out = tmp_path / "out"
    outcome = edgeopt("simulate", str(simulation_file), "--out", str(out))
    assert outcome.code == 0, outcome.err
    table = rows(out / "summary.csv")
    assert len(table) == 12
    assert float(table[0]["delay_mean_s"]) > 0
    assert table[0]["problem"] == "poisson x 2"
    figures = {"delays", "uploads", "pools", "dormancy"}
    assert {path.stem for path in out.glob("*.png")} == figures
    assert {path.stem for path in out.glob("*.pdf")} == figures
    assert str(out / "pools.png") in outcome.out
    request.getfixturevalue("no_figures")
    again = edgeopt("simulate", str(simulation_file), "--out", str(out), "--json")
    assert json.loads(again.out) == json.loads((out / "summary.json").read_text())


@pytest.mark.usefixtures("no_figures")
def test_a_killed_simulation_resumes(edgeopt, simulation_file: Path, tmp_path: Path, monkeypatch):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert edgeopt("simulate", str(simulation_file), "--out", str(whole)).code == 0
    outcome, runs = SimulationCell.outcome, []

    def dies(cell: SimulationCell, folder: Path):
        if len(runs) == 5:
            raise KeyboardInterrupt
        runs.append(cell.key)
        return outcome(cell)

    monkeypatch.setattr(SimulationCell, "outcome", dies)
    assert edgeopt("simulate", str(simulation_file), "--out", str(killed)).code == 130
    monkeypatch.setattr(
        SimulationCell, "outcome", lambda cell, folder: runs.append(cell.key) or outcome(cell)
    )
    assert edgeopt("simulate", str(simulation_file), "--out", str(killed)).code == 0
    assert len(runs) == len(set(runs)) == 16
    for name in ("summary.csv", "summary.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.usefixtures("no_figures")
def test_a_scheme_is_a_cell_of_the_engine(edgeopt, simulation_file: Path, tmp_path: Path):
    out, here = tmp_path / "out", tmp_path / "here"
    plan = edgeopt("simulate", str(simulation_file), "--dry-run")
    assert "16 cells: 0 finished, 0 failed, 16 to run" in plan.out
    options = ("--jobs", "2", "--time-limit", "60")
    outcome = edgeopt("simulate", str(simulation_file), "--out", str(out), *options)
    assert outcome.code == 0, outcome.err
    assert "16 cells: 16 finished" in edgeopt("simulate", "--status", str(out)).out
    cells = pd.read_parquet(out / "cells")
    assert set(cells["scheme"]) == {"cloud-only", "split"}
    assert set(cells["status"]) == {"finished"}
    assert cells["tasks"].tolist() == [40] * 16
    edgeopt("simulate", str(simulation_file), "--out", str(here))
    assert (here / "summary.json").read_bytes() == (out / "summary.json").read_bytes()


@pytest.mark.usefixtures("no_figures")
def test_a_sweep_refuses_a_simulation(edgeopt, simulation_file: Path, tmp_path: Path):
    for option in ("--dry-run", "--out"):
        refused = edgeopt("sweep", str(simulation_file), option, *["out"][: option == "--out"])
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "must be run by edgeopt simulate" in refused.err
    assert not (tmp_path / "out").exists()
    edgeopt("simulate", str(simulation_file), "--out", "out")
    refused = edgeopt("sweep", "--status", "out")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "must be given to edgeopt simulate" in refused.err


def test_a_run_beyond_its_time_limit_has_failed(edgeopt, simulation_file: Path):
    text = simulation_file.read_text().replace("tasks = 40", "tasks = 200_000")
    simulation_file.write_text(text.replace("nodes = [2, 3]", "nodes = 2"))
    outcome = edgeopt("simulate", str(simulation_file), "--time-limit", "0.01")
    assert outcome.code == 1
    assert "time limit of 0.01 s" in outcome.out


def test_overload_is_an_answer_with_a_warning(edgeopt, simulation_file: Path):
    text = simulation_file.read_text().replace("tasks = 40", "tasks = 400")
    text = text.replace("[streams.poisson]", "[streams.poisson]\nrate_hz = 1e5")
    simulation_file.write_text(text.replace('"resnet34:input=32:classes=10"', '"resnet34"'))
    outcome = edgeopt("simulate", str(simulation_file), "--json")
    assert outcome.code == 0
    summary = json.loads(outcome.out)
    crowded = next(
        row for row in summary if row["stream"] == "poisson" and row["scheme"] == "split"
    )
    assert any(text.startswith("edge nodes") for text in crowded["warnings"])
    assert crowded["waiting_s"] > 0.1
    assert "edge nodes" in edgeopt("simulate", str(simulation_file)).out


@pytest.mark.usefixtures("no_figures")
def test_failed_runs_are_said_and_can_be_run_again(
    edgeopt, simulation_file: Path, tmp_path: Path, monkeypatch
):
    out = str(tmp_path / "out")
    outcome = SimulationCell.outcome

    def fails(cell: SimulationCell, folder: Path):
        if cell.label == "split" and cell.repetition:
            raise RuntimeError("no more")
        return outcome(cell)

    monkeypatch.setattr(SimulationCell, "outcome", fails)
    failed = edgeopt("simulate", str(simulation_file), "--out", out)
    assert failed.code == 1
    assert "split: RuntimeError: no more" in failed.out
    monkeypatch.setattr(SimulationCell, "outcome", outcome)
    assert edgeopt("simulate", str(simulation_file), "--out", out).code == 1
    assert edgeopt("simulate", str(simulation_file), "--out", out, "--retry-failed").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.toml",), "configuration file: got 'nowhere.toml'"),
        (("simulation.toml", "--jobs", "0"), "--jobs: got 0"),
        (("sweep.toml",), "sweep.toml: got 'a sweep file', must be run by edgeopt sweep"),
        (("simulation.toml", "--out", "simulation.toml"), "--out"),
        (("broken.toml",), "broken.toml"),
    ],
)
def test_bad_input_is_one_line(edgeopt, simulation_file: Path, arguments, message):
    (simulation_file.parent / "broken.toml").write_text("network = [")
    (simulation_file.parent / "sweep.toml").write_text('problems = ["paper"]')
    outcome = edgeopt("simulate", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("edgeopt: ")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.usefixtures("no_figures")
def test_a_simulation_grows(edgeopt, simulation_file: Path, tmp_path: Path):
    out, whole = tmp_path / "out", tmp_path / "whole"
    text = simulation_file.read_text()
    simulation_file.write_text(text.replace("seed = 5", "seed = 6"))
    assert edgeopt("simulate", str(simulation_file), "--out", str(out)).code == 0
    simulation_file.write_text(text)
    first = edgeopt("simulate", str(simulation_file), "--out", str(out), "--filter", "nodes=3")
    assert first.err == (
        f"16 rows of other cells: kept in {out}/older, not counted\n"
        "8 of 16 cells are missing: not run yet\n"
    )
    assert first.out.count("poisson x 3") == 1
    assert "poisson x 2" not in first.out
    pruned = edgeopt("simulate", str(simulation_file), "--out", str(out), "--prune")
    assert (pruned.code, pruned.err) == (0, "")
    edgeopt("simulate", str(simulation_file), "--out", str(whole))
    for name in ("summary.csv", "summary.json"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.usefixtures("no_figures")
def test_commands_for_solvers_refuse_simulations(edgeopt, simulation_file: Path, tmp_path: Path):
    out = str(tmp_path / "out")
    edgeopt("simulate", str(simulation_file), "--out", out)
    for command in ("plot", "compare", "report"):
        outcome = edgeopt(command, out)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1), command
