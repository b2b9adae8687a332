"""Figures and tables of the schedulers side by side, from runs made by hand."""

import numpy as np
import pandas as pd
import pytest

from edgeopt.experiments.paper.fig7 import analysis as scheduling_rivals
from edgeopt.experiments.paper.fig7.analysis import (
    compare_rivals,
    summarize_measures,
)
from edgeopt.experiments.paper.fig7.figures import PANELS, curves_figure, times_figure
from edgeopt.experiments.paper.fig7.words import rivals_table, times_table, values_of

FACTORS = {"fcfs": 2.0, "atsa": 4.0, "atsa-repaired": 1.0}


@pytest.fixture
def cells() -> pd.DataFrame:
    """Return runs of three schedulers on twelve pools of two sizes, of bound 10 + seed."""
    rows = []
    for nodes in (5, 10):
        for seed in range(12):
            for solver, factor in FACTORS.items():
                bound, single = 10.0 + seed, solver == "fcfs"
                makespan = factor * bound
                rows.append(
                    {
                        "problem": f"{nodes} nodes, seed={seed}", "nodes": nodes, "solver": solver,
                        "makespan": makespan, "lower_bound": bound, "gap": factor - 1.0,
                        "total_time": nodes * makespan, "seconds": 1e-3 * factor,
                        "imbalance": factor, "settled": factor,
                        "evaluations": 1 if single else 40, "status": "evaluations",
                        "trace_makespan": [makespan] if single else [8 * bound, makespan],
                        "trace_iterations": [1] if single else [1, 2],
                        "trace_evaluations": [1] if single else [20, 40],
                        "trace_seconds": [1e-4] if single else [1e-3, 2e-3],
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def test_curves(cells):
    figure = curves_figure(cells, list(FACTORS))
    assert len(figure.axes) == 2 * 3
    lines = {line.get_label(): line for line in figure.axes[1].lines}  # evaluations, 5 nodes
    assert lines.keys() >= FACTORS.keys()
    x, y = lines["atsa"].get_data()
    assert (x[0], x[-1]) == pytest.approx((20.0, 40.0))
    assert (y[0], y[-1]) == pytest.approx((700.0, 300.0))
    mark = lines["fcfs"].get_data()
    assert (mark[0].item(), mark[1].item()) == pytest.approx((1.0, 100.0))
    assert figure.axes[3].get_ylabel().startswith("10 nodes")


def test_a_solver_that_meets_the_bound_at_once_is_seen(cells):
    only = cells[cells["solver"] == "atsa"].assign(gap=0.0)
    for name in ("makespan", "iterations", "evaluations", "seconds"):
        only[f"trace_{name}"] = only[f"trace_{name}"].map(lambda trace: trace[:1])
    only["trace_makespan"] = [[bound] for bound in only["lower_bound"]]
    figure = curves_figure(only, ["atsa"])
    line = figure.axes[0].lines[0]
    assert line.get_marker() == "*"
    assert set(line.get_ydata()) == {1e-3}  # the least that is drawn, in per cent


def test_times(cells):
    summary = summarize_measures(cells)
    figure = times_figure(summary, list(FACTORS))
    assert len(figure.axes) == len(PANELS)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == list(FACTORS)
    for axes, measure in zip(figure.axes, PANELS, strict=True):
        heights = np.concatenate([bars.lines[0].get_ydata() for bars in axes.containers])
        expected = summary.set_index(["solver", "nodes"]).loc[list(FACTORS)]
        expected = expected.sort_index(level="nodes", sort_remaining=False)
        rows = [expected.loc[(name, n), f"{measure}_median"] for name in FACTORS for n in (5, 10)]
        assert heights.tolist() == pytest.approx(rows)


def test_summary(cells):
    summary = summarize_measures(cells)
    assert summary["solver"].tolist() == ["atsa-repaired", "fcfs", "atsa"] * 2  # by gap
    row = summary.iloc[2]
    assert (row["makespan_q1"], row["makespan_median"], row["makespan_q3"]) == (48.0, 60.0, 72.0)
    assert (row["gap"], row["gap_low"], row["gap_high"], row["pools"]) == (3.0, 3.0, 3.0, 12)
    table = times_table(summary)
    assert table.rows[2] == (
        *("5", "atsa", "60.00", "300.00 [300.00, 300.00]", "300.0", "4 ms", "40"),
    )
    assert "12 pools" in table.title


def test_rivals(cells, monkeypatch):
    monkeypatch.setattr(scheduling_rivals, "ATSA_NAMES", ("atsa", "atsa-repaired"))
    measures = ("makespan", "total_time", "seconds")
    rivals = compare_rivals(cells, measures)
    assert len(rivals) == len(measures) * 2 * 2 * 2
    values = values_of(rivals)
    worse = values["makespan_atsa_over_fcfs_10"]
    assert (worse.value, worse.low, worse.high) == (2.0, 2.0, 2.0)
    assert worse.p == pytest.approx(4 * 2**-11)  # twelve signs agree; four rows a family
    assert values["total_time_atsa-repaired_over_atsa_5"].value == 0.25
    assert values["seconds_atsa_over_atsa-repaired_5"].value == pytest.approx(4.0)
    table = rivals_table(rivals)
    row = ("2.00 [2.00, 2.00], 0 %, p = 0.002, r = -1.00",) * 2
    assert ("atsa", "fcfs", *row) in table.rows
    assert table.columns == ("scheduler", "rival", "5 nodes", "10 nodes")
