"""How far one master goes: formulae by hand, and against simulation."""

import numpy as np
import pytest

from edgeopt.experiments.paper import scale
from edgeopt.experiments.paper.scale import (
    CostRow,
    SchedulingCost,
    masters_needed,
    measure_cost,
    scale_figure,
    scale_row,
    simulate_scale,
    write_rows,
)
from edgeopt.optim.scheduling.heuristics.list_rules import mct

COST = SchedulingCost(3e-5, 1e-7, 1e-9)


def test_the_limit_of_one_master():
    assert COST(64, 1000) == pytest.approx(3e-5 + 6.4e-6 + 6.4e-5)
    assert COST.most_hz(64, 1000) == pytest.approx(64 / 1.004e-4)


def test_masters_needed_is_the_least_number_that_is_enough():
    assert masters_needed(COST, 10_000, 10.0) == 1
    needed = masters_needed(COST, 10_000, 1e6)
    assert 1e6 / needed <= 0.8 * COST.most_hz(64, 10_000 / needed)
    assert 1e6 / (needed - 1) > 0.8 * COST.most_hz(64, 10_000 / (needed - 1))
    assert masters_needed(SchedulingCost(1.0, 0.0, 0.0), 10, 1e6) is None


def test_a_row_by_hand():
    row = scale_row("mct", SchedulingCost(0.0, 1e-4, 0.0), 10, 8000.0, 1)
    assert row.service_s == pytest.approx(1e-3)  # 0.8 * 10 / 8000
    assert row.gathering_s == pytest.approx(63 / 16000)
    assert row.master_load == pytest.approx(0.8)
    assert row.scheduling_s == pytest.approx(64e-4 * (1 + 0.8 / 0.4))
    parts = row.gathering_s + row.scheduling_s + row.waiting_s + row.service_s
    assert row.delay_s == pytest.approx(parts)
    assert row.masters_energy_j == pytest.approx((5 + 5 * 0.8) / 8000)
    assert row.energy_j == pytest.approx((10 * 9 + 9) / 8000)


def test_a_slow_stream_closes_windows_by_time():
    row = scale_row("mct", COST, 10, 100.0, 1)  # two tasks a window: the first waits 10 ms
    assert row.gathering_s == pytest.approx(0.01 * 1.5 / 2)


def test_a_master_with_too_much_to_do_has_no_delay():
    assert scale_row("mct", COST, 10_000, 1e6, 1).delay_s == np.inf


@pytest.mark.parametrize("masters", [1, 2])
def test_simulation_agrees_with_the_formulae(masters):
    row = simulate_scale(COST, 100, 1e4, masters, 20_000, 0)
    assert not row.overloaded
    # what a window brings to the nodes at once waits longer than the formula's single tasks
    assert row.predicted_s < row.simulated_s < 1.25 * row.predicted_s


def test_simulation_says_when_one_master_is_not_enough():
    slow = SchedulingCost(1e-3, 1e-4, 0.0)
    row = simulate_scale(slow, 20, 2e4, 1, 3000, 0)
    assert row.overloaded
    assert row.predicted_s == np.inf


def test_the_cost_is_measured_and_fitted():
    cost, rows = measure_cost("mct", mct, 1, tasks=(1, 32), nodes=(10, 1000))
    assert [(row.tasks, row.nodes) for row in rows] == [(1, 10), (1, 1000), (32, 10), (32, 1000)]
    assert all(row.measured_s > 0 for row in rows)
    assert min(cost.fixed_s, cost.task_s, cost.pair_s) >= 0
    assert rows[3].fitted_s == pytest.approx(cost(32, 1000))


def test_rows_and_figure(monkeypatch):
    monkeypatch.setattr(scale, "NODES", (10, 100))
    monkeypatch.setattr(scale, "RATES_HZ", (10.0, 1e6))
    rows = scale.scale_rows({"mct": COST})
    assert [(r.nodes, r.rate_hz) for r in rows] == [(n, r) for n in (10, 100) for r in (10.0, 1e6)]
    simulated = scale.simulated_rows(COST, 200, 0, rates_hz=(1e4,))
    assert [row.nodes for row in simulated] == [10, 100]
    figure = scale_figure({"mct": COST}, [CostRow("mct", 64, 10, 1e-4, 1e-4)], simulated)
    assert len(figure.axes) == 4


def test_rows_as_csv(tmp_path):
    write_rows(tmp_path / "cost.csv", [CostRow("mct", 64, 10, 1.23456789e-4, np.inf)])
    assert (tmp_path / "cost.csv").read_text().splitlines() == [
        "solver,tasks,nodes,measured_s,fitted_s",
        "mct,64,10,0.000123457,inf",
    ]
