"""The study of the window size, on short streams."""

import numpy as np
import pytest

from edgeopt.experiments.paper.windows import (
    REFERENCES,
    SCHEDULERS,
    WindowRow,
    window_figure,
    window_study,
)

pytestmark = pytest.mark.filterwarnings("ignore::edgeopt.optim.online.resources.OverloadWarning")


@pytest.fixture(scope="module")
def rows():
    return window_study([0, 1], tasks=120, nodes=4, loads=[0.6], windows=[1, 8])


def find(rows, **fields):
    (found,) = [r for r in rows if all(getattr(r, key) == v for key, v in fields.items())]
    return found


def test_every_run_has_a_row(rows):
    assert len(rows) == 2 * 2 * (len(REFERENCES) + 2 * len(SCHEDULERS))
    assert {row.stream for row in rows} == {"Poisson", "bursty"}


@pytest.mark.parametrize("stream", ["Poisson", "bursty"])
@pytest.mark.parametrize("seed", [0, 1])
def test_references_and_windows_of_one(rows, stream, seed):
    def mean(scheduler, window=0):
        return find(rows, stream=stream, seed=seed, scheduler=scheduler, window=window).mean_s

    assert mean("mct", 1) == pytest.approx(mean(REFERENCES[1]))
    assert mean("fcfs", 1) == pytest.approx(mean(REFERENCES[0]))
    assert mean("bound") < mean("clairvoyant") * 1.2  # the bound counts the warm-up too
    assert mean("mct", 8) > mean("mct", 1)


def test_gathering_takes_the_time_of_half_a_window(rows):
    """A task of a window of 8 waits for 3.5 others on average."""
    row = find(rows, stream="Poisson", seed=0, scheduler="mct", window=8)
    single = find(rows, stream="Poisson", seed=0, scheduler="mct", window=1)
    assert single.gathering_s == 0.0
    assert row.gathering_s > 0.0
    assert row.solver_ms > 0.0


def test_the_figure_shows_ratios_to_earliest_finish():
    def row(scheduler, window, mean, seed):
        return WindowRow("Poisson", 0.5, seed, scheduler, window, mean, 0.0, 0.0, 0.0)

    rows = [row(name, 0, 2.0, seed) for name in REFERENCES for seed in (0, 1)]
    rows += [row(name, k, 2.0 * k, seed) for name in SCHEDULERS for k in (1, 4) for seed in (0, 1)]
    figure = window_figure(rows)
    (panel,) = figure.axes
    np.testing.assert_allclose(panel.lines[0].get_ydata(), [1.0, 4.0])
    assert panel.get_title() == "Poisson, load 0.5"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *SCHEDULERS,
        REFERENCES[0],
        *REFERENCES[2:],
    ]
