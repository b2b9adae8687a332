"""Searches as cells: what they find, confirm, write down and read again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.adversary.cell import problem_in
from edgeopt.experiments.adversary.config import (
    AdversaryConfig,
    read_adversary,
    restore_adversary,
)
from edgeopt.experiments.adversary.summary import summarize_adversary, write_cases
from edgeopt.experiments.runs.cell import run_cell
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.select import Selection
from edgeopt.experiments.runs.store import read_cells
from edgeopt.experiments.sweep.config import read_config
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.solve import solve
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import write_npz
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

SOLVERS = {name: {"solver": name} for name in ("fcfs", "lpt", "met")}
CONFIG = AdversaryConfig({"tasks": 5, "nodes": 3}, SOLVERS, instances=30, confirm=3)
NOISY = """\
def noisy(problem, rng, *, nodes=2):
    return rng.integers(nodes, size=problem.tasks)
"""


def pair_of(row):
    """Return solver and rival of a row."""
    return row["solver"], row["rival"]


@pytest.fixture(scope="module")
def rows():
    return [run_cell(cell) for cell in CONFIG.cells()]


def test_every_solver_meets_every_other_one(rows):
    assert [pair_of(row) for row in rows] == [
        (one, two) for one in SOLVERS for two in SOLVERS if one != two
    ]
    assert all(row["tried"] == 30 and row["evaluations"] == 60 for row in rows)


def test_a_ratio_is_that_of_the_instance_in_the_row(rows):
    for row in rows:
        problem = problem_in(row, "found")
        found = [solve(problem, make_solver(row[side])).makespan for side in ("solver", "rival")]
        assert row["ratio"] == row["search_ratio"] == found[0] / found[1]
        assert row["makespans"] == [found[0]] * 3
        assert row["lower_bound"] <= min(found)


def test_a_search_depends_on_nothing_but_its_cell(rows):
    cells = list(CONFIG.cells())
    for index in (4, 0):
        again = run_cell(cells[index])
        assert {**again, "cell_seconds": 0} == {**rows[index], "cell_seconds": 0}
    first, second = (cells[i]._randomness() for i in (0, 3))
    assert first[:2] == second[:2]  # all pairs begin alike
    other = replace(cells[0], repetition=1)._randomness()
    assert not set(first[0] + first[1]) & set(other[0] + other[1])


def test_fresh_seeds_confirm_what_the_search_has_found(tmp_path: Path):
    path = tmp_path / "noisy.py"
    path.write_text(NOISY)
    solvers = {"noisy": {"solver": f"{path}:noisy"}, "lpt": {"solver": "lpt"}}
    config = AdversaryConfig(
        {"tasks": 4, "nodes": 2}, solvers, (("noisy", "lpt"),), instances=40, confirm=5, seed=3
    )
    (cell,) = config.cells()
    row = run_cell(cell)
    assert cell.is_foreign
    assert len(row["search_seeds"]) == 3
    assert len(set(row["seeds"]) | set(row["search_seeds"])) == 8
    problem, noisy = problem_in(row, "found"), make_solver(f"{path}:noisy")

    def median(seeds):
        return np.median([solve(problem, noisy, rng=seed).makespan for seed in seeds])

    lpt = solve(problem, make_solver("lpt")).makespan
    assert row["search_ratio"] == median(row["search_seeds"]) / lpt
    assert row["ratio"] == median(row["seeds"]) / lpt
    path.write_text(NOISY.replace("nodes=2", "nodes=1"))
    assert "has changed since the search was planned" in run_cell(cell)["error"]


@pytest.mark.parametrize("form", ["unrelated", "uniform"])
def test_a_row_holds_the_whole_instance(tmp_path: Path, form: str):
    pool = load_problem("paper:4x3:seed=1")
    path = tmp_path / "pool.npz"
    write_npz(path, replace(pool, task_names=tuple("abcd"), ready=[0.0, 1.0, 2.0]))
    config = AdversaryConfig(
        {"instance": str(path), "form": form},
        {name: SOLVERS[name] for name in ("lpt", "fcfs")},
        (("fcfs", "lpt"),),
        instances=3,
        budget={"iterations": 4},
    )
    out = tmp_path / "out"
    run_sweep(config, out)
    (row,) = read_cells(out).to_dict("records")
    problem = problem_in(row, "x")
    assert type(problem.et) is (type(pool.et) if form == "uniform" else np.ndarray)
    assert np.array_equal(problem.task_memory, pool.task_memory)
    assert np.array_equal(problem.node_capacity, pool.node_capacity)
    assert problem.ready.tolist() == [0.0, 1.0, 2.0]
    assert problem.task_names == tuple("abcd")
    assert problem.node_names is None


def test_a_folder_resumes_and_its_files_repeat_the_numbers(tmp_path: Path, rows):
    run_sweep(CONFIG, tmp_path, select=Selection(("solver=fcfs",)))
    cells = run_sweep(CONFIG, tmp_path).to_dict("records")
    ratios = ({pair_of(row): row["ratio"] for row in each} for each in (cells, rows))
    assert next(ratios) == next(ratios)
    summary = write_cases(CONFIG, cells, tmp_path)
    for row in summary:
        path = tmp_path / row["instance"]
        for again in (path, path.with_suffix(".csv")):
            problem = load_problem(again)
            found = [solve(problem, make_solver(row[s])).makespan for s in ("solver", "rival")]
            assert row["ratio"] == found[0] / found[1]
        record = json.loads(path.with_suffix(".json").read_text())
        assert record["digest"] == load_problem(path).digest
        assert record["ratio"] == row["ratio"]
        assert record["first_run_again"][1].startswith(f"edgeopt schedule {path.name} --solver ")
    sweep = read_config(tmp_path / "again.toml")
    assert list(sweep.solvers) == list(SOLVERS)
    assert sweep.repetitions == 3
    digests = [load_problem(spec).digest for spec in sweep.specs.values()]
    assert digests == [problem_in(row, "").digest for row in cells]


def test_the_largest_confirmed_ratio_counts_and_failures_are_counted(rows):
    first = {**rows[0], "ratio": 2.0, "search_ratio": 9.0}
    second = {**rows[0], "ratio": 3.0, "search_ratio": 4.0, "tried": 5}
    failed = {"solver": first["solver"], "rival": first["rival"], "status": "failed", "ratio": None}
    lost = {**failed, "solver": "other"}
    best, none = summarize_adversary([first, failed, second, lost])
    assert (best["ratio"], best["search_ratio"], best["tried"]) == (3.0, 4.0, 35)
    assert (best["searches"], best["failed"]) == (2, 1)
    assert (none["ratio"], none["searches"], none["failed"], none["best"]) == (None, 0, 1, None)


def test_a_file_gives_the_same_configuration(tmp_path: Path):
    (tmp_path / "noisy.py").write_text(NOISY)
    write_npz(tmp_path / "one.npz", Problem([[1.0, 2.0], [2.0, 1.0]]))
    text = 'pairs = [["lpt", "own"]]\nseed = 4\nbudget = {iterations = 9}\n'
    text += '[space]\ninstance = "one.npz"\nwithin = 0.1\n'
    text += '[solvers.lpt]\n[solvers.own]\nsolver = "noisy.py:noisy"\nnodes = 1\n'
    (tmp_path / "file.toml").write_text(text)
    config = read_adversary(tmp_path / "file.toml")
    assert config.pairs == (("lpt", "own"),)
    assert restore_adversary(json.loads(json.dumps(config.as_dict()))) == config
    (tmp_path / "again.toml").write_text(config.to_toml(tmp_path))
    assert read_adversary(tmp_path / "again.toml") == config


@pytest.mark.parametrize(("fields", "message"), [
    ({"solvers": {"lpt": {"solver": "lpt"}}}, "solvers: .* at least two"),
    ({"solvers": {**SOLVERS, "x": {"solver": "lptt"}}}, "solvers.x.solver: got 'lptt'"),
    ({"pairs": (("lpt", "lpt"),)}, "pairs: .* two different ones of fcfs, lpt, met"),
    ({"pairs": (("lpt", "pso"),)}, "pairs: .* two different ones"),
    ({"pairs": 3}, "pairs: got 3"),
    ({"pairs": (("lpt", "met"), ("lpt", "met"))}, "pairs: .* all different"),
    ({"budget": {"seconds": 1.0}}, "budget: .* in evaluations or iterations"),
    ({"budget": {}}, "stop|budget"),
    ({"instances": 0}, "instances: got 0"),
    ({"runs": True}, "runs: got True"),
    ({"confirm": 0}, "confirm: got 0"),
    ({"repetitions": 10**6}, "repetitions: got"),
    ({"space": {"task": 3}}, "space.task: got 3"),
    ({"space": {"low": -1.0}}, "space.low: got -1"),
    ({"space": []}, "space: got"),
])  # fmt: skip
def test_bad_configurations_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        replace(CONFIG, **{"pairs": (), **fields})
