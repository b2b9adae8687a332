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
    run_simulations,
)
from edgeopt.experiments.paper.table2_scan import (
    COMPARISONS,
    Case,
    compare_with_paper,
    describe_setting,
    run_scan,
    write_scan,
)
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


CASES = [
    Case({"link": link, "node": node}, {"x": Measured(value), "y": Measured(-1.0)}, 0.5)
    for link, node, value in [("1", "a", -1.0), ("1", "b", -1.0), ("2", "a", 1.0), ("2", "b", 0.0)]
]


def test_what_found_settings_share():
    assert describe_setting(CASES, "x") == "in 2 of 4 settings of the scan, all with link 1"
    assert describe_setting(CASES, "x", "y") == describe_setting(CASES, "x")
    assert describe_setting(CASES, "y") == "in 4 of 4 settings of the scan"
    assert describe_setting(CASES[2:], "x") == ""
    assert describe_setting([case._replace(load=0.96) for case in CASES], "x") == ""


def test_the_scan_as_a_file(tmp_path: Path):
    write_scan(CASES, tmp_path / "scan.csv")
    lines = (tmp_path / "scan.csv").read_text().splitlines()
    assert lines[0] == "link,node,load,x,x_low,x_high,x_p,y,y_low,y_high,y_p"
    assert lines[1] == "1,a,0.5,-1,-1,-1,,-1,-1,-1,"
    assert len(lines) == 5


def test_a_scan_meets_every_combination(tmp_path: Path):
    table = read_toml(PAPER_FOLDER / "table2.toml")
    settings = {"bandwidth_bit_s": [1e8, 1e9], "round_trip_s": [0.02], "device": ["jetson_tx2"],
                "element_type": ["float32"]}  # fmt: skip
    bnet = {"some": {"shares": [0.4, 0.2, 0.4]}}
    streams = {"30": {"kind": "poisson", "rate_hz": 30.0}}
    scan = {"settings": settings, "streams": streams, "bnet": bnet}
    base = read_simulation(PAPER_FOLDER / "table2_schemes.toml")
    cases = run_scan(base, {**table, "scan": scan}, TINY, tmp_path, 1)
    assert [case.setting["link"] for case in cases] == ["100 Mbit/s", "1000 Mbit/s"]
    slow, fast = (case.found["delay_against_masm"].value for case in cases)
    assert slow > fast
    assert cases[0].load > 0.5 > cases[1].load  # about 30 maps of 401,408 bytes a second


def test_table_2(tiny: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(table2, "run_scan", lambda *a: [case_of(1.0), case_of(-1.0)])
    outcome = table2.run(tmp_path, tmp_path, quick=True, jobs=1)
    assert outcome.values["power_of_a_node"].value == pytest.approx(165.4, abs=0.1)
    energy = outcome.values["energy_of_a_task"].value
    assert outcome.values["tasks_that_take_that_energy"].value == pytest.approx(42.5 / energy)
    assert (
        outcome.conditions["all_four"].words == "in 1 of 2 settings of the scan, all with link -1.0"
    )
    assert [path.name for path in sorted(tmp_path.glob("*.png"))] == ["pools.png", "scan.png"]
    assert "collaborative" in (tmp_path / "summary.csv").read_text()
    assert outcome.tables[2].rows[0] == ("all settings", "50", "50", "50", "50", "50")


def case_of(value: float) -> Case:
    return Case({"link": str(value)}, dict.fromkeys(COMPARISONS, Measured(value)), 0.5)


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
