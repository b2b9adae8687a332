"""`edgeopt tiers`: text and JSON of a placement with an exit and a codec."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from edgeopt.experiments.commands.tiers import tiers_command
from edgeopt.problems.errors import InputError

CAMERA = """
tasks = {arrival_hz = 1, deadline_s = 2.0}
links = [{bandwidth_bit_s = 1e6, energy_j_bit = 1e-7}, {bandwidth_bit_s = 1e8}]
codecs = [{name = "float32", bits = 32}, {name = "int8", bits = 8, accuracy_drop = 0.01}]
exits = [{after = "conv3", share = 0.5, accuracy = 0.5}]
accuracy = 0.9
tiers = [
  {name = "camera", nodes = [{device = "raspberry_pi_4"}]},
  {name = "edge", nodes = [{device = "jetson_nano", count = 2}]},
  {name = "cloud", nodes = [{name = "gpu", flops = 1e13, memory_bytes = 16e9}]},
]
"""


def run(folder: Path, *options: str, text: str = CAMERA) -> str:
    app, path = typer.Typer(), folder / "camera.toml"
    app.command()(tiers_command)
    path.write_text(text)
    arguments = [str(path), "--network", "alexnet", *options]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_the_placement_is_told_stage_by_stage(tmp_path: Path):
    report = json.loads(run(tmp_path, "--json"))
    best, text = report["placement"], run(tmp_path)
    assert [stage["name"] for stage in best["stages"]] == [
        "camera",
        "camera-edge",
        "edge",
        "edge-cloud",
        "cloud",
    ]
    assert best["delay_s"] == pytest.approx(
        sum(stage["seconds"] for stage in best["stages"]) + best["wait_s"]
    )
    assert f"delay {best['delay_s'] * 1e3:.4g} ms" in text
    assert "camera-edge" in text
    assert "Note: a link without energy_j_bit" in text
    assert best["delay_s"] == pytest.approx(report["front"][0]["delay_s"])


def test_accuracy_may_be_required(tmp_path: Path):
    exact = json.loads(run(tmp_path, "--least-accuracy", "0.9", "--json"))["placement"]
    assert (exact["accuracy"], exact["exits"]) == (0.9, [])
    assert "no placement meets" in run(tmp_path, "--least-accuracy", "0.95")


def test_layers_may_be_placed_one_by_one(tmp_path: Path):
    plain = "\n".join(line for line in CAMERA.splitlines() if "exits" not in line)
    report = json.loads(run(tmp_path, "--method", "graph", "--json", text=plain))
    best, text = report["placement"], run(tmp_path, "--method", "graph", text=plain)
    cuts = json.loads(run(tmp_path, "--json", text=plain))["placement"]
    assert best["delay_s"] <= cuts["delay_s"] * (1 + 1e-3)  # segments and layers differ a little
    assert sum(len(layers) for layers in best["layers"]) == 12
    rows = [line.split()[0] for line in text.splitlines()[2:7]]
    assert rows == ["camera", "camera-edge", "edge", "edge-cloud", "cloud"]
    with pytest.raises(InputError, match="exits"):
        run(tmp_path, "--method", "graph")


def test_a_file_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        tiers_command(tmp_path / "nowhere.toml", "alexnet")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["stages", "front"]),
        (("--method", "graph"), ["stages"]),
        (("--least-accuracy", "0.95"), ["stages"]),
    ],
)
def test_figures(tmp_path: Path, options: tuple[str, ...], names: list[str]):
    text = CAMERA if "--method" not in options else CAMERA.replace("exits =", "# exits =")
    out = tmp_path / "figures"
    said = run(tmp_path, *options, "--plot", str(out), text=text)
    assert {path.stem for path in out.iterdir()} == {*names}
    assert all(str(out / f"{name}.png") in said for name in names)
