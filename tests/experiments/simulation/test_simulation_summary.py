"""The summary of a simulation, from rows made by hand."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from simulation_rows import failed_run, run_row

from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.experiments.simulation.summary import (
    in_order,
    print_summary,
    summarize_simulation,
    table_rows,
)
from edgeopt.optim.framework.measures import MEASURES, QUANTILES


def printed(rows: list[dict]) -> str:
    """Return what the terminal shows of rows."""
    console = Console(file=io.StringIO(), width=250)
    print_summary(summarize_simulation(rows), console)
    return console.file.getvalue()


def test_means_and_intervals_by_hand():
    (row,) = summarize_simulation([run_row("split", 1.0), run_row("split", 3.0)])
    assert (row["problem"], row["runs"], row["failed"]) == ("poisson x 2", 2, 0)
    assert row["delay_mean_s"] == 2.0
    # Student's quantile for one degree of freedom, 12.706, times 2 ** 0.5 / 2 ** 0.5
    assert row["delay_mean_s_half"] == pytest.approx(12.706, rel=1e-4)
    assert (row["energy_j"], row["energy_j_half"]) == (1.0, 0.0)
    assert row["node_energy_j"] == [1.0, 3.0]


def test_quantiles_are_of_all_runs_together():
    (row,) = summarize_simulation([run_row("split", 1.0), run_row("split", 3.0)])
    both = np.concatenate([2.0 * QUANTILES, 6.0 * QUANTILES])
    np.testing.assert_array_equal(row["delay_quantiles_s"], np.quantile(both, QUANTILES))
    assert row["delay_quantiles_s"][-1] == 6.0


def test_one_run_has_no_interval_and_failed_runs_no_measures():
    error = "Traceback:\n  somewhere\nValueError: boom\n"
    one, none = summarize_simulation(
        [run_row("split", 1.0), failed_run("split", error), failed_run("bnet", error)]
    )
    assert (one["runs"], one["failed"], one["delay_mean_s_half"]) == (1, 1, None)
    assert one["errors"] == none["errors"] == ["ValueError: boom"]
    assert (none["runs"], none["failed"]) == (0, 1)
    assert {none[name] for name in (*MEASURES, "delay_quantiles_s", "node_energy_j")} == {None}


def test_of_texts_that_differ_only_in_numbers_the_first_is_kept():
    texts = ["node 3 has a load of 1.25", "node 4 has a load of 1e9", "the link has a load of 2"]
    (row,) = summarize_simulation([run_row("split", 1.0, warnings=texts)])
    assert row["warnings"] == [texts[0], texts[2]]


def test_rows_of_the_csv_fit_its_header():
    rows = [run_row("split", 0.125, stream="at night"), failed_run("bnet", "no")]
    header, first, second = table_rows(summarize_simulation(rows))
    assert len(header) == len(first) == len(second) == len(set(header))
    assert dict(zip(header, first, strict=True)).items() >= {
        ("stream", "at night"),
        ("delay_mean_s", "0.125"),
        ("delay_mean_s_half", ""),
    }
    assert dict(zip(header, second, strict=True))["delay_mean_s"] == ""


def test_rows_are_in_the_order_of_the_file(simulation_file: Path):
    config = read_simulation(simulation_file)
    wanted = [
        run_row(scheme, 1.0, stream=stream, nodes=nodes, repetition=repetition)
        for stream in ("poisson", "bursty")
        for nodes in (2, 3)
        for scheme in ("cloud-only", "split")
        for repetition in range(2)
    ]
    mixed = [wanted[place] for place in np.random.default_rng(0).permutation(len(wanted))]
    assert in_order(config, mixed) == wanted


def test_the_table_has_intervals_only_where_runs_differ():
    (line,) = [
        line
        for line in printed([run_row("split", 0.1), run_row("split", 0.3)]).splitlines()
        if "split" in line
    ]
    assert "200.0 ± 1.3e+03" in line  # of the delay in ms; the energy does not vary
    assert line.count("±") == 1


def test_the_table_says_what_failed_and_what_was_warned_of():
    rows = [run_row("split", 0.1, warnings=["late"]), failed_run("bnet", "ValueError: boom")]
    text = printed(rows)
    assert "failed" in text
    assert "split: late (poisson x 2)" in text
    assert "bnet: ValueError: boom (poisson x 2)" in text
