"""The figures of a simulation: what they show."""

from pathlib import Path

import numpy as np
import pytest
from simulation_rows import failed_run, run_row

from edgeopt.experiments.simulation.config import SimulationConfig, read_simulation
from edgeopt.experiments.simulation.figures import (
    delay_figure,
    dormancy_figure,
    dormant_runs,
    plot_simulation,
    pool_figure,
    upload_figure,
)
from edgeopt.experiments.simulation.summary import summarize_simulation
from edgeopt.optim.framework.measures import QUANTILES


@pytest.fixture
def summary() -> list[dict]:
    """Return the summary of two schemes on two streams and pools, two runs each."""
    rows = [
        run_row(scheme, delay + nodes, stream=stream, nodes=nodes, upload_bytes=1e3 * nodes)
        for stream in ("poisson", "bursty")
        for nodes in (2, 3)
        for scheme in ("cloud-only", "split")
        for delay in (1.0, 2.0)
    ]
    return summarize_simulation(rows)


def test_delays_are_drawn_by_stream_and_pool(summary: list[dict]):
    figure = delay_figure(summary)
    titles = [panel.get_title() for panel in figure.axes]
    assert titles == [f"{s}, {n} nodes" for s in ("poisson", "bursty") for n in (2, 3)]
    line = figure.axes[0].get_lines()[0]
    assert line.get_label() == "cloud-only"
    np.testing.assert_array_equal(line.get_ydata(), 1.0 - QUANTILES[:-1])
    expected = [1e3 * delay for delay in summary[0]["delay_quantiles_s"][:-1]]
    np.testing.assert_allclose(line.get_xdata(), expected)


def test_pools_have_their_means_and_intervals(summary: list[dict]):
    figure = pool_figure(summary)
    delays, energy = figure.axes[:2]
    bars = delays.containers[0]
    assert list(bars.lines[0].get_xdata()) == [2, 3]
    assert list(bars.lines[0].get_ydata()) == [3500.0, 4500.0]  # ms
    (whisker, _) = bars.lines[2][0].get_segments()
    assert np.ptp(whisker[:, 1]) == pytest.approx(2 * 12.706 * 500, rel=1e-4)
    assert list(energy.containers[0].lines[0].get_ydata()) == [1.0, 1.0]


def test_uploads_are_those_of_the_first_stream(summary: list[dict]):
    for row in summary[4:]:
        row["upload_bytes"] = 1e9
    (panel,) = upload_figure(summary).axes
    heights = [bar.get_height() for bar in panel.patches]
    assert heights == [2.0, 3.0, 2.0, 3.0]  # kB: a bar for each pool, scheme by scheme
    assert [label.get_text() for label in panel.get_xticklabels()] == ["2 nodes", "3 nodes"]


@pytest.fixture
def dormant(simulation_file: Path) -> SimulationConfig:
    """Return the simulation with a dormant scheme named ``naps``."""
    text = simulation_file.read_text()
    simulation_file.write_text(f'{text}[schemes.naps]\nscheme = "dormant"\n')
    return read_simulation(simulation_file)


def test_dormancy_is_that_of_the_first_run(dormant: SimulationConfig):
    runs = dormant_runs(dormant)
    assert list(runs) == ["naps"]
    (panel,) = dormancy_figure(runs).axes
    trips = panel.get_lines()[0]
    np.testing.assert_array_equal(trips.get_xdata(), runs["naps"].stream.time)
    np.testing.assert_allclose(trips.get_ydata(), 1e3 * runs["naps"].conditions.round_trip_s)
    share = 100 * np.mean(runs["naps"].plan.exit_flop > 0)
    assert panel.get_title() == f"naps: asleep for {share:.1f} % of the tasks"


def test_figures_that_would_show_nothing_are_left_out(dormant: SimulationConfig, tmp_path: Path):
    failed = summarize_simulation([failed_run("naps", "no")])
    assert plot_simulation(dormant, failed, tmp_path) == []
    one = summarize_simulation([run_row("naps", 1.0, upload_bytes=0.0)])
    names = {path.stem for path in plot_simulation(dormant, one, tmp_path)}
    assert names == {"delays", "dormancy"}
