"""Fig. 7 on tiny pools: every claim has its number, and a killed run goes on."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeopt.experiments.paper.claims import decide, read_claims
from edgeopt.experiments.paper.fig7 import part
from edgeopt.experiments.paper.fig7.analysis import add_measures, settled, summarize_measures
from edgeopt.experiments.paper.fig7.design import Pools, run_in
from edgeopt.experiments.paper.fig7.words import readings
from edgeopt.experiments.runs import run as sweep_run
from edgeopt.experiments.runs.store import read_cells
from edgeopt.optim.scheduling.heuristics.list_rules import mct
from edgeopt.optim.scheduling.solve import solve
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.spec import load_problem

pytestmark = pytest.mark.long

SMALL = (
    ("tasks = 200", "tasks = 12"),
    ("nodes = [10, 20, 30]", "nodes = [2, 3]"),
    ("nodes = [10, 30]", "nodes = [2, 3]"),
    ("quick_seeds = 12", "quick_seeds = 2"),
    ("evaluations = 5000", "evaluations = 40"),
    ("evaluations = 2000", "evaluations = 40"),
    ("iterations = 20", "iterations = 2"),
    ("ants = 98", "ants = 30"),
    ('"running task" = { occupancy = "running-task" }\n', ""),
    ('"memory/et" = { heuristic = "memory*execution-time" }\n', ""),
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small configuration, and the part made from it."""
    folder = tmp_path_factory.mktemp("fig7")
    for name in ("fig7.toml", "fig7_factors.toml"):
        text = (part.PAPER_FOLDER / name).read_text()
        for old, new in SMALL:
            text = text.replace(old, new)
        (folder / name).write_text(text)
    for name in ("out", "work"):
        (folder / name).mkdir()
    return folder


def make(folder: Path):
    """Make the part, or what is left of it."""
    return part.run(folder / "out", folder / "work", quick=True, jobs=1, folder=folder)


@pytest.fixture(scope="module")
def outcome(small: Path):
    return make(small)


def test_tables_and_figures_are_written(small, outcome):
    names = {path.name for path in (small / "out").iterdir()}
    tables = {"times.csv", "rivals.csv", "comparisons.csv", "effects.csv", "equal-starts.csv"}
    assert names == tables | {f"{name}.{kind}" for name in part.FIGURES for kind in ("png", "pdf")}
    assert set(outcome.figures) <= names
    times = pd.read_csv(small / "out" / "times.csv")
    assert len(times) == 2 * 12
    assert (times["pools"] == 2).all()
    assert len(pd.read_csv(small / "out" / "comparisons.csv")) == 2 * 2 * 6 * 8
    assert [len(table.rows) for table in outcome.tables] == [
        2 * 12,
        4 * 11,
        4 * 6,
        2 + 2 + 1 + 3 * 3,
    ]


def test_with_equal_starts_no_search_is_worse_than_the_start(small, outcome):
    (folder,) = (small / "work").glob("equal-starts-*")
    cells = read_cells(folder)
    starts = {name: solve(load_problem(name), mct).makespan for name in set(cells["problem"])}
    assert len(cells) == 2 * 2 * 7
    assert (cells["makespan"] <= cells["problem"].map(starts)).all()
    ratios = pd.read_csv(small / "out" / "equal-starts.csv")
    assert set(ratios["measure"]) == {"makespan"}
    assert (ratios["pairs"] == 2).all()


def test_values_are_those_of_the_table(small, outcome):
    rivals = pd.read_csv(small / "out" / "rivals.csv").query("own == 'atsa' and rival == 'lpt'")
    found = rivals.set_index(["measure", "nodes"])["ratio"]
    for (measure, nodes), ratio in found.items():
        value = outcome.values[f"{measure}_atsa_over_lpt_{nodes}"]
        assert value.value == pytest.approx(ratio, rel=1e-4)
        assert value.test == "Wilcoxon, 2 pools, Holm"


def test_a_second_run_runs_nothing_and_writes_the_same(small, outcome, monkeypatch):
    tables = sorted((small / "out").glob("*.csv"))
    before = [path.read_bytes() for path in tables]
    monkeypatch.setattr(sweep_run, "run_cell", lambda cell: pytest.fail("a cell was run again"))
    monkeypatch.setattr(part, "_draw", lambda *_: None)
    assert make(small) == outcome
    assert [path.read_bytes() for path in tables] == before


def test_another_configuration_has_another_folder(tmp_path):
    pools = Pools(tasks=4, nodes=(2,), seeds=2, seed=0)
    for budget in (1, 1, 2):
        config = pools.sweep(pools.names(2), {"iterations": budget}, {"lpt": {}})
        cells = run_in(tmp_path, "lists", config, jobs=1)
        assert cells["problem"].tolist() == pools.names(2)
    assert len(list(tmp_path.glob("lists-*"))) == 2


def test_a_failed_cell_is_a_schedule_of_infinite_length(tmp_path):
    (tmp_path / "broken.py").write_text("def broken(problem, rng):\n    raise ValueError\n")
    pools = Pools(tasks=4, nodes=(2,), seeds=2, seed=0)
    solvers = {"broken": {"solver": f"{tmp_path / 'broken.py'}:broken"}}
    config = pools.sweep(pools.names(2), {"iterations": 1}, solvers)
    cells = run_in(tmp_path, "broken", config, jobs=1)
    assert np.isinf(cells[["makespan", "gap"]].to_numpy()).all()


def test_a_broken_configuration_is_refused(tmp_path):
    factors = (part.PAPER_FOLDER / "fig7_factors.toml").read_text()
    (tmp_path / "fig7_factors.toml").write_text(factors)
    (tmp_path / "fig7.toml").write_text("tasks = 200\n")
    with pytest.raises(InputError, match="nodes"):
        part.run(tmp_path, tmp_path, quick=True, jobs=1, folder=tmp_path)


def test_total_time_and_quartiles_by_hand():
    name = "paper:2x2:memory=none:seed=1"
    problem = load_problem(name)
    trace = {"trace_makespan": [4.0, 1.005, 1.0], "trace_evaluations": [20, 40, 60]}
    base = trace | {
        "problem": name,
        "solver": "s",
        "nodes": 2,
        "makespan": 1.0,
        "seconds": 0.1,
        "gap": 0.5,
    }
    rows = [base | {"evaluations": 1, "assignment": np.array(a)} for a in ([0, 0], [1, 1], [0, 1])]
    rows.append(base | {"evaluations": 1, "assignment": None})
    cells = add_measures(pd.DataFrame(rows))
    et = problem.matrix
    expected = [et[:, 0].sum(), et[:, 1].sum(), et[0, 0] + et[1, 1]]
    assert cells["total_time"].tolist() == pytest.approx([*expected, np.inf])
    one, other = et[0, 0], et[1, 1]
    spread = abs(one - other) / (one + other)  # of two loads, half their difference over the mean
    assert cells["imbalance"].tolist() == pytest.approx([1.0, 1.0, spread, np.inf])
    assert cells["settled"].tolist() == [40.0] * 4  # within 1 % of the last
    summary = summarize_measures(cells).iloc[0]
    assert summary["total_time_median"] == pytest.approx(sorted(expected)[1])
    assert (summary["pools"], summary["gap"], summary["gap_low"]) == (4, 0.5, 0.5)


def test_a_run_without_a_schedule_never_settles():
    assert settled(None, None) == settled([], []) == np.inf


def test_both_readings_in_words():
    rows = [
        {"nodes": 30, "solver": "met", "makespan_median": 30.0, "total_time_median": 40.0},
        {"nodes": 30, "solver": "lpt", "makespan_median": 10.0, "total_time_median": 90.0},
        {"nodes": 10, "solver": "met", "makespan_median": 1.0, "total_time_median": 1.0},
    ]
    first, second = readings(pd.DataFrame(rows))
    assert first == "On 30 nodes, by median makespan, shortest first: lpt 10.0 s, met 30.0 s."
    assert "met 40.0 s, lpt 90.0 s" in second
    assert second.endswith("met, takes 3.0 times the shortest makespan.")


def test_every_claim_has_its_numbers_and_is_decided(outcome):
    renamed = {
        name.removesuffix(short) + long: one
        for name, one in outcome.values.items()
        for short, long in (("2", "10"), ("2", "20"), ("3", "30"))
        if name.endswith(f"_{short}")
    }
    complete = part.Outcome(values=renamed, conditions=outcome.conditions)
    kinds = {decide(claim, complete).kind for claim in read_claims("fig7")}
    assert kinds <= {"reproduced", "reproduced only if", "not reproduced"}
