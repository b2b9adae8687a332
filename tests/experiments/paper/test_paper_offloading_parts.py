"""Table 1 and Figs. 5 and 6: numbers by hand, and what would change the verdicts."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.paper import fig5, fig6, table1
from edgeopt.experiments.paper.fig5 import growth_of, memory_mib
from edgeopt.experiments.paper.fig6 import END, delay_by_nodes, gaining_loads, run_walks
from edgeopt.experiments.paper.outcome import PAPER_FOLDER
from edgeopt.experiments.paper.table1 import board_cuts, fitted_cuts, memory_range, read_table1
from edgeopt.optim.offloading.solvers import Answer
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import read_toml
from edgeopt.problems.networks.load import load_network

TABLE1 = read_table1(PAPER_FOLDER / "table1.toml")
FIG6 = read_toml(PAPER_FOLDER / "fig6.toml")
RESNET = load_network("resnet34")


def test_table_1_needs_its_fit():
    assert fitted_cuts(TABLE1) == TABLE1.cuts == [20, 13, 7]
    for device in TABLE1.devices:  # the whole network fits into every real board
        assert board_cuts(TABLE1, device) == [34, 34, 34]


def test_the_ranges_of_the_fit():
    assert memory_range(TABLE1, "chain") == pytest.approx((367.30, 373.71), abs=0.01)
    assert memory_range(TABLE1, "all") == pytest.approx((368.34, 375.08), abs=0.01)


def test_no_memory_gives_other_cuts():
    low, high = memory_range(TABLE1._replace(cuts=[7, 13, 20]), "all")
    assert low > high


def test_a_load_gives_the_direction_of_the_text(tmp_path: Path):
    assert board_cuts(TABLE1, "raspberry_pi_4", 1.0) == [34, 34, 34]
    shallow, _, deep = board_cuts(TABLE1, "raspberry_pi_4", 100.0)
    assert shallow < deep
    outcome = table1.run(tmp_path, tmp_path, quick=True, jobs=1)
    assert "raspberry_pi_4 at 100 tasks/s" in outcome.conditions["pool_limits"].words
    assert outcome.values["cuts_right_without_fit"].value == 0
    assert outcome.values["layers_gained_by_more_nodes"].value == 7 - 20


def test_growth_of_resnet34():
    growth = growth_of(RESNET, 0.2)  # 7 of 34 layers
    classifier_mib = 4 * (512 * 1000 + 1000 + 1000 + 512) / 2**20  # weights, biases, both maps
    late_mib = growth.late_share * memory_mib(RESNET)[-1]
    assert growth.dense_share * late_mib == pytest.approx(classifier_mib)
    assert growth.late_over_mean > 1 > growth.exponential_over_power
    assert growth.exponential_over_cubic > 1 > growth.exponential_over_quadratic
    (before, last) = np.diff(memory_mib(RESNET))[-2:]
    assert growth.last_over_before == pytest.approx(last / before)
    assert growth.last_over_before < 1


def test_the_fits_know_their_own_curves(monkeypatch):
    layers = np.arange(35.0)
    for memory, better in ((np.exp(0.2 * layers), True), (layers**2 + 1.0, False)):
        monkeypatch.setattr(fig5, "memory_mib", lambda profile, made=memory: made)
        growth = growth_of(RESNET, 0.2)
        assert (growth.exponential_over_quadratic < 1) is better


def test_a_trend_by_hand():
    assert fig6.trend(np.array([9.0, 4.0, 3.0, 2.0])) == -1.0  # cut 0 is left out
    assert fig6.trend(np.array([0.0, 1.0, 3.0, 2.0])) == pytest.approx(0.5)


def test_growth_by_fully_connected_layers():
    assert growth_of(load_network("vgg16"), 0.2).dense_share == 1.0


def test_fig_5_draws(tmp_path: Path):
    outcome = fig5.run(tmp_path, tmp_path, quick=True, jobs=1)
    assert {path.name for path in tmp_path.iterdir()} == {"memory.png", "memory.pdf"}
    assert "alexnet and vgg16" in outcome.findings[0]


def test_a_shared_link_makes_more_nodes_slower():
    config = {**FIG6, "cut": 20}
    delays = delay_by_nodes(config, "corrected").delay_s
    bits = 32 * float(RESNET.crossing_elements[20])
    assert np.diff(delays) == pytest.approx(2 * [10 * bits / 1e9], rel=1e-6)
    assert len(set(delay_by_nodes(config, "printed").delay_s)) == 1


def test_more_nodes_pay_under_load_alone():
    found = gaining_loads({**FIG6, "arrival_hz": [1.0, 900.0]})
    assert found == {(False, "mmx"): 900.0, (False, "mm1"): 900.0}
    assert gaining_loads({**FIG6, "arrival_hz": [1.0], "least_gain": 0.5}) == {}


def test_walks_that_are_never_wrong(monkeypatch):
    monkeypatch.setattr(fig6, "scan", fig6.tmoa_printed)
    stops = run_walks(RESNET, 20, np.random.default_rng(0))
    assert stops.missed.total() == stops.missed_percent.value == 0
    assert stops.stopped.total() == stops.systems == 20


def test_walks_that_are_always_wrong(monkeypatch):
    monkeypatch.setattr(fig6, "tmoa_printed", lambda program: Answer(program, "", 0, 1))
    monkeypatch.setattr(fig6, "scan", lambda program: Answer(program, "", 3, 1))
    stops = run_walks(RESNET, 10, np.random.default_rng(0))
    assert stops.missed_percent.value == 100
    assert stops.missed == stops.stopped


def test_the_reason_of_a_stop():
    values, limits = np.zeros((4, 35)), np.ones((4, 35))
    values[3, 3] = 2.0  # which line 10 does not ask
    values[1, 3] = 1.0  # limits must not be reached, as printed
    program = type("Program", (), {"values": values, "limits": limits, "depth": 34})
    assert fig6._reason(program, 3) == "delay"
    assert fig6._reason(program, 34) == END


def test_fig_6(tmp_path: Path, monkeypatch):
    stops = fig6.Stops(
        4, Counter(memory=3, delay=1), Counter(delay=1), fig6.Measured(25.0, 5.0, 70.0)
    )
    monkeypatch.setattr(fig6, "run_walks", lambda profile, systems, rng: stops)
    outcome = fig6.run(tmp_path, tmp_path, quick=True, jobs=1)
    assert outcome.conditions["memory_stops"].holds
    assert "0 of 3" in outcome.conditions["memory_stops"].words
    assert outcome.values["best_cut_missed"] == stops.missed_percent
    assert (tmp_path / "delay.png").stat().st_size
    assert sum(float(row[3]) for row in outcome.tables[0].rows[:-1]) == pytest.approx(
        float(outcome.tables[0].rows[-1][3]), abs=0.03
    )


@pytest.mark.parametrize("text", ["", 'network = "resnet34"\n', "more = 1\n"])
def test_broken_configurations_are_refused(tmp_path: Path, monkeypatch, text):
    for module, name in ((table1, "table1"), (fig5, "fig5"), (fig6, "fig6")):
        (tmp_path / f"{name}.toml").write_text(text)
        monkeypatch.setattr(module, "PAPER_FOLDER", tmp_path)
        with pytest.raises(InputError):
            module.run(tmp_path, tmp_path, quick=True, jobs=1)
