"""The tutorials run, and what they show is so."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeopt.experiments
from edgeopt.problems.networks.layers import Layer

pytestmark = [pytest.mark.long, pytest.mark.site]

EXAMPLES = Path(edgeopt.experiments.__path__[0]) / "examples"
Run = Callable[[str], dict[str, Any]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a runner of a tutorial, which returns what the tutorial has defined."""

    def run_script(name: str) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", [name, str(tmp_path)])
        return runpy.run_path(str(EXAMPLES / name), run_name="__main__")

    return run_script


def test_all_are_tested_and_are_notebooks():
    texts = {path.name: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py")}
    tutorials = {name: text for name, text in texts.items() if text.startswith("# %% [markdown]")}
    tests = Path(__file__).read_text(encoding="utf-8")
    assert len(tutorials) >= 13
    for name, text in tutorials.items():
        assert f'run("{name}")' in tests
        assert text.count("\n# %%\n") >= 4
        assert f"python experiments/examples/{name} FOLDER" in text


def test_own_scheduler(run: Run, tmp_path: Path):
    found = run("own_scheduler.py")
    makespan = {name: result.makespan for name, result in found["results"].items()}
    assert makespan["walk (mine)"] < makespan["earliest end (mine)"]
    assert makespan["local search"] < makespan["walk (mine)"]
    start = found["earliest_end"](found["problem"], np.random.default_rng())
    assert found["problem"].fits(start)
    assert makespan["earliest end (mine)"] == found["problem"].makespan(start)
    assert (tmp_path / "own_scheduler.png").stat().st_size > 10_000


def test_own_network(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = run("own_network.py")
    answer = found["answer"]
    assert (answer.cut, answer.binding) == (2, ("delay",))
    assert answer.feasible_cuts == (2, 3, 6)
    assert "a better cut is ruled out by delay" in capsys.readouterr().out
    assert {path.name for path in tmp_path.glob("*.png")} == {
        *("memory.png", "delay.png", "constraints.png", "pareto.png", "layers.png")
    }
    check_layers({layer.name: layer for layer in found["network"].layers})


def check_layers(layers: dict[str, Layer]) -> None:
    """Count the convolutions by hand."""
    convolutions = {  # output channels, height, width; input channels, height and width of kernel
        "conv1": (32, 56, 56, 3, 7, 7),
        "conv2": (64, 14, 14, 32, 3, 3),
        "conv3": (64, 14, 14, 64, 3, 3),
        "conv4": (1024, 14, 14, 64, 3, 3),
        "conv5": (512, 14, 14, 1024, 3, 3),
    }
    for name, sizes in convolutions.items():
        assert layers[name].macs == np.prod(sizes)
        assert layers[name].output_shape == sizes[:3]
        assert layers[name].parameters == sizes[0] * (np.prod(sizes[3:]) + 1)


def test_sweep_and_compare(run: Run, tmp_path: Path):
    pytest.importorskip("scikit_posthocs")
    found = run("sweep_and_compare.py")
    cells = found["cells"]
    assert len(cells) == 6 * 5 * 3
    assert (cells["status"] != "failed").all()
    ranking = found["comparison"].ranking
    assert list(ranking.index[-2:]) == ["ATSA as printed", "mine"]
    assert ranking["gap"].is_monotonic_increasing
    assert found["comparison"].friedman.p < 0.001
    assert (tmp_path / "sweep" / "convergence.png").stat().st_size > 10_000


def test_tune_a_solver(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = run("tune_a_solver.py")
    assert found["tuning"].running == 0
    assert "Tuned - default: -" in found["tuning"].page
    default, tuned = (found["find_solver"](name) for name in ("atsa", found["name"]))
    assert tuned != default
    assert tuned.ants == default.ants
    last = capsys.readouterr().out.splitlines()[-2:]
    gaps = [float(line.split()[-2]) for line in last]
    assert gaps[1] < gaps[0]
    assert (tmp_path / "tuning" / "history.png").exists()


def test_own_scheme(run: Run, tmp_path: Path):
    found = run("own_scheme.py")
    means = {name: delays.mean() for name, delays in found["delays"].items()}
    assert min(means, key=means.__getitem__) == "by size (mine)"
    single = found["delays"]["by size (mine)"][0]
    flop = found["split"].flop[-1]
    assert single == pytest.approx(1e3 * flop / found["split"].speeds[0])
    assert (tmp_path / "own_scheme.png").stat().st_size > 10_000


def test_own_instance(run: Run, tmp_path: Path):
    found = run("own_instance.py")
    assert (tmp_path / "own_instance.png").stat().st_size > 10_000
    digests = {name: problem.digest for name, problem in found["problems"].items()}
    assert len(digests) == 4
    assert len(set(digests.values())) == 2
    makespans = {name: result.makespan for name, result in found["results"].items()}
    assert makespans["plain.csv"] == makespans["plain.npy"] == makespans["plain.txt"]
    assert found["strong"] <= makespans["plain.csv"] < 1.01 * found["strong"]
    assert found["message"].endswith("line 3: got 'soon', must be a number")


def test_learn_together(run: Run, tmp_path: Path):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    summary = run("learn_together.py")["summary"]
    guess = 0.9  # of ten classes
    assert all(row["error"] < guess for row in summary.values())
    assert min(summary, key=lambda name: summary[name]["error"]) == "central"
    assert summary["cut 2"]["up_bytes"] > summary["cut 5"]["up_bytes"]
    assert summary["cut 5, asleep"]["asleep"] == 1
    assert summary["cut 5, asleep"]["error"] > summary["cut 5"]["error"]
    assert (tmp_path / "learning" / "errors.png").stat().st_size > 10_000


def test_makespan_and_energy(run: Run, tmp_path: Path):
    found = run("makespan_and_energy.py")
    makespans, energies, chosen = found["makespans"], found["energies"], found["chosen"]
    assert 0 < found["share"] <= 1
    assert makespans[chosen] <= 1.1 * makespans[0]
    assert (energies[makespans <= 1.1 * makespans[0]] >= energies[chosen]).all()
    assert found["saved"] > 0
    assert (tmp_path / "makespan_and_energy.png").stat().st_size > 10_000


def test_worst_case(run: Run, tmp_path: Path):
    found = run("worst_case.py")
    case, rules = found["case"], found["rules"]
    lost, won = (rules[name](case.problem, None) for name in (case.solver, case.rival))
    assert case.ratio == case.problem.makespan(lost) / case.problem.makespan(won)
    assert case.ratio > 2
    assert (tmp_path / "worst_case.png").stat().st_size > 10_000


def test_optimal(run: Run, tmp_path: Path):
    found = run("optimal.py")
    assert found["exact"].makespan == found["proved"] == min(found["makespans"].values()) == 366
    assert max(found["bounds"].values()) <= 366
    assert (tmp_path / "optimal.png").stat().st_size > 10_000


@pytest.mark.filterwarnings("ignore:.*measure again on a quiet machine")  # tests share theirs
def test_measured_network(run: Run, tmp_path: Path):
    pytest.importorskip("torch")
    found = run("measured_network.py")
    assert found["macs"].sum() == 64**2 * 32 * 27 + 32**2 * 64 * 288 + 16**2 * 64 * 576 + 640
    assert 0 < found["seconds"].sum() < 1
    assert (tmp_path / "measured_network.png").stat().st_size > 10_000


def test_three_tiers(run: Run, tmp_path: Path):
    found = run("three_tiers.py")
    points = found["points"]
    assert len(points) == len(found["front"]) == 5  # as in the guide
    best = found["best"]  # the most accurate one
    assert best.accuracy == points[:, 2].max() == 0.733
    assert (tmp_path / "three_tiers.png").stat().st_size > 10_000


def test_schemes_by_load(run: Run, tmp_path: Path):
    delays = run("schemes_by_load.py")["delays"]
    best = delays["collaborative, least delay"]
    assert (best <= 1.05 * delays.min(axis="columns")).all()
    assert (tmp_path / "schemes_by_load.png").stat().st_size > 10_000
