"""Figures of learning from rows made by hand."""

import pytest

pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.experiments.learning.config import read_learning
from edgeopt.experiments.learning.figures import (
    dormancy_error_figure,
    error_figure,
    plot_learning,
    target_figure,
)
from edgeopt.experiments.learning.summary import early_rows, summarize_learning

SLEEP = {"central": 0.0, "branchynet": 0.25, "federated": 0.0, "collaborative": 0.5, "dormant": 1.0}


@pytest.fixture
def config(learning_file):
    return read_learning(learning_file)


def rows_of(errors):
    """Return two runs of each scheme with these errors in their periods."""
    return [
        {
            **{"scheme": scheme, "repetition": repetition, "period": period, "loss": 1.0},
            **{"tasks": 4 * (period + 1), "seconds": 2.0 * (period + 1), "asleep": asleep},
            **{"up_bytes": 10 * (period + 1), "down_bytes": 5, "lan_bytes": 0},
            **{"error": error, "final_error": error},
            "exit_error": None if scheme in ("central", "federated") else 2 * error,
            **({"early": [(0.0, 0.0, error), (1.0, 1.0, 2 * error)]} if period else {}),
        }
        for scheme, asleep in SLEEP.items()
        for repetition in range(2)
        for period, error in enumerate(errors[repetition])
    ]


def test_summary_by_hand(config):
    (central, *_, dormant) = summarize_learning(config, rows_of([(0.3, 0.2), (0.2, 0.1)]))
    assert central["error"] == pytest.approx(0.15)
    assert central["error_sd"] == pytest.approx(0.1 / 2**0.5)
    assert central["error_half"] == pytest.approx(12.706 * 0.05, rel=1e-4)  # Student, 1 degree
    assert (central["up_bytes"], central["exit_error"], central["asleep"]) == (20, None, 0.0)
    assert dormant["exit_error"] == pytest.approx(0.3)
    assert dormant["asleep"] == 1.0
    assert central["reached"] == 1  # one of two runs reaches 10 %: no median
    assert central["seconds_to_target"] is None


def test_medians_to_the_target(config):
    rows = rows_of([(0.3, 0.1), (0.1, 0.1)])
    summary = summarize_learning(config, rows)[0]
    assert summary["reached"] == 2
    assert (summary["tasks_to_target"], summary["bytes_to_target"]) == (8, 25)


def test_all_figures_are_drawn(config, tmp_path):
    rows = rows_of([(0.3, 0.2), (0.2, 0.1)])
    names = [path.name for path in plot_learning(config, rows, tmp_path)]
    pngs = ["errors.png", "target.png", "dormancy.png", "exits.png"]
    assert [name for name in names if name.endswith("png")] == pngs


def test_lines_are_means_of_the_runs():
    figure = error_figure(rows_of([(0.3, 0.2), (0.1, 0.1)]))
    by_tasks, by_bytes, by_seconds = figure.axes
    assert len(by_tasks.lines) == len(SLEEP)
    assert by_tasks.lines[0].get_ydata().tolist() == pytest.approx([20.0, 15.0])
    assert by_tasks.lines[0].get_xdata().tolist() == [4, 8]
    assert by_bytes.lines[0].get_xdata().tolist() == pytest.approx([15e-6, 25e-6])
    assert by_seconds.lines[0].get_xdata().tolist() == [2, 4]


def test_dormancy_is_drawn_by_the_share_asleep(config):
    rows = rows_of([(0.3, 0.2), (0.2, 0.1)])
    with_exit = [row for row in summarize_learning(config, rows) if row["exit_error"] is not None]
    (panel,) = dormancy_error_figure(rows, with_exit).axes
    assert panel.lines[0].get_xdata().tolist() == [25, 50, 100]
    assert panel.lines[0].get_ydata().tolist() == pytest.approx([85.0] * 3)


def test_runs_that_miss_the_target_are_named(config):
    rows = rows_of([(0.3, 0.2), (0.2, 0.1)])
    (panel,) = target_figure(rows, summarize_learning(config, rows), 0.1).axes
    assert panel.texts[0].get_text() == "1 of 2 runs did not reach it"


def test_thresholds_of_runs(config):
    rows = list(early_rows(rows_of([(0.3, 0.2), (0.2, 0.1)])))
    assert len(rows) == 2 * 2 * len(SLEEP)
    expected = {"scheme": "central", "repetition": 0, "threshold": 0.0, "share": 0.0, "error": 0.2}
    assert rows[0] == expected
