"""Table 2, Fig. 8 and dormancy on short runs, and the statistics beneath them."""

from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.paper import dormancy, fig8, simulated, table2
from edgeopt.experiments.paper.fig8 import ways_to_send
from edgeopt.experiments.paper.outcome import PAPER_FOLDER
from edgeopt.experiments.paper.simulated import (
    Simulated,
    paired_points,
    relative_percent,
    relative_ratio,
    run_simulations,
)
from edgeopt.experiments.paper.table2 import COMPARISONS, compare_with_paper, line_of
from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import read_toml

TINY = {"tasks": 30, "repetitions": 2}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch) -> Path:
    """Return a folder with the parts' configuration, cut down to the shortest runs."""
    folder = tmp_path / "configuration"
    folder.mkdir()
    for path in PAPER_FOLDER.glob("*.toml"):
        text = path.read_text().replace(
            "../../../shared", str(Path(__file__).parents[4] / "shared")
        )
        (folder / path.name).write_text(text)
    for module in (table2, fig8, dormancy):
        monkeypatch.setattr(module, "PAPER_FOLDER", folder)
        name = module.__name__.rpartition(".")[2]
        path = folder / f"{name}.toml"
        lines = path.read_text().splitlines()
        short = "quick = { tasks = 30, repetitions = 2 }"
        path.write_text("\n".join(short if line.startswith("quick") else line for line in lines))
    return folder


def test_relative_differences_by_hand():
    first, second = np.array([2.0, 3.0, 2.0]), np.array([1.0, 2.0, 2.0])
    found = relative_percent(first, second)
    assert found.value == pytest.approx(50.0)  # of 100, 50 and 0
    assert found.high - found.value == pytest.approx(4.30265 * 50 / np.sqrt(3), rel=1e-5)
    assert found.p == 0.5  # two pairs differ


def test_points_by_hand():
    found = paired_points(np.array([0.3, 0.1]), np.array([0.1, 0.1]))
    assert found.value == pytest.approx(10.0)
    assert found.unit == "points"


def test_what_does_not_vary_has_no_interval_and_no_test():
    assert relative_percent(np.full(3, 3.0), np.full(3, 2.0)) == Measured(50.0, unit="%")
    assert paired_points(np.full(3, 0.5), np.full(3, 0.25)) == Measured(25.0, unit="points")


def test_there_is_no_per_cent_of_nothing():
    assert relative_percent(np.ones(3), np.zeros(3)).value == np.inf
    assert np.isnan(relative_percent(np.zeros(3), np.zeros(3)).value)


def runs(delays: list[float], energies: list[float]) -> list[dict]:
    pairs = zip(delays, energies, strict=True)
    return [{"delay_mean_s": delay, "energy_j": energy} for delay, energy in pairs]


def test_comparisons_are_corrected_for_their_number():
    ours, rival = runs([1.0, 1.1, 1.2] * 4, [1.0] * 12), runs([2.0] * 12, [4.0] * 12)
    schemes = {"collaborative": ours, "b": rival, "masm": rival}
    made = Simulated({("s x 10", name): some for name, some in schemes.items()}, [])
    found = compare_with_paper(made, "s", 10, {"bnet": "b", "masm": "masm"})
    assert tuple(found) == COMPARISONS
    assert found["delay_against_bnet"].value == pytest.approx(-45.0)
    alone = relative_percent(np.array([1.0, 1.1, 1.2] * 4), np.full(12, 2.0))
    assert found["delay_against_bnet"].p == pytest.approx(4 * alone.p)
    assert found["energy_against_masm"] == Measured(-75.0, unit="%")


def test_the_papers_delays_lie_on_a_line():
    line = line_of(read_toml(PAPER_FOLDER / "table2.toml"))
    assert 1e12 * line.s_per_mac == pytest.approx(22.4, abs=0.1)  # ms a GMAC
    assert 1e3 * line.farthest_s < 0.1
    off = read_toml(PAPER_FOLDER / "table2.toml")
    off["pools"]["20"]["delay_ms"] = 60.0
    assert 1e3 * line_of(off).farthest_s > 5.0


def test_table_2(tiny: Path, tmp_path: Path):
    outcome = table2.run(tmp_path, tmp_path, quick=True, jobs=1)
    values = {name: one.value for name, one in outcome.values.items()}
    assert values["power_of_a_node_10"] == pytest.approx(49.6 / 0.0571 / 10)  # 86.9 W
    assert values["power_of_a_node_30"] == pytest.approx(42.5 / 0.0257 / 30)  # 55.1 W
    energy = values["energy_of_a_task_10"]
    assert values["tasks_that_take_that_energy_10"] == pytest.approx(49.6 / energy)
    delays = [values[f"delay_of_a_task_{nodes}"] for nodes in (10, 20, 30)]
    assert values["delay_20_over_10"] == pytest.approx(delays[1] / delays[0], rel=1e-3)
    assert values["delay_30_off_the_papers"] == pytest.approx(100 * (delays[2] / 25.7 - 1))
    assert not outcome.conditions["all_four"].holds
    assert [path.name for path in sorted(tmp_path.glob("*.png"))] == ["pools.png"]
    assert "collaborative" in (tmp_path / "summary.csv").read_text()


def test_ratios_of_pairs():
    found = relative_ratio(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    assert found.value == pytest.approx(1.0)
    assert found.high - 1.0 == pytest.approx(1.0 - found.low)
    assert relative_ratio(np.full(3, 1.0), np.full(3, 2.0)) == Measured(0.5, 0.5, 0.5)


def test_ways_to_send_by_hand():
    found = {one.words: one.ratios for one in ways_to_send(read_toml(PAPER_FOLDER / "fig8.toml"))}
    assert found["float32 maps with skip tensors against int8 images"] == pytest.approx(
        [401408 / 150528, 401408 / 150528, 802816 / 150528]
    )
    assert found["int8 maps without skip tensors against float32 images"] == pytest.approx(
        [50176 / 602112, 100352 / 602112, 200704 / 602112]
    )


def test_fig_8(tiny: Path, tmp_path: Path):
    outcome = fig8.run(tmp_path, tmp_path, quick=True, jobs=1)
    values = {key: one.value for key, one in outcome.values.items()}
    assert values["upload_against_cloud_only_10_nodes"] == pytest.approx(500 / 3)
    assert values["upload_against_cloud_only_30_nodes"] == pytest.approx(1300 / 3)
    assert outcome.conditions["other_sending"].words.startswith("maps and images are sent as int8")
    assert (tmp_path / "uploads.png").stat().st_size


def test_dormancy(tiny: Path, tmp_path: Path, shared: Path):
    outcome = dormancy.run(tmp_path, tmp_path, quick=True, jobs=1)
    assert 0 < outcome.values["asleep"].value < 100
    assert outcome.values["upload_against_a_cloud_that_never_sleeps"].value < 0
    assert [row[0] for row in outcome.tables[0].rows][:2] == ["awake", "printed-mean"]
    assert (tmp_path / "dormancy.png").stat().st_size


def test_a_run_that_fails_is_named(tmp_path: Path, monkeypatch):
    failed = {"status": "failed", "error": "Traceback\nValueError: no\n", "repetition": 0}

    def fail(cells, folder, jobs):
        return {cell.key: {**failed, **cell.names} for cell in cells}

    monkeypatch.setattr(simulated, "run_cells", fail)
    config = read_simulation(PAPER_FOLDER / "fig8_schemes.toml")
    with pytest.raises(InputError, match="ValueError: no"):
        run_simulations([config], tmp_path, 1)


def test_a_missing_file_is_named_before_any_run(tiny: Path, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(simulated, "run_cells", lambda *_: pytest.fail("has run"))
    path = tiny / "dormancy_schemes.toml"
    path.write_text(path.read_text().replace("cable_uplink.csv", "no_such_file.csv"))
    with pytest.raises(InputError, match=r"link\.path: got .*no_such_file\.csv.*an existing file"):
        dormancy.run(tmp_path, tmp_path, quick=True, jobs=1)
