"""Tunings that grow: what is kept, what is computed, and what one clean run would have given."""

import itertools
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.experiments.runs.checks import append_line
from edgeopt.experiments.tuning import cells
from edgeopt.experiments.tuning.cell_cache import CellCache
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.outcome import Tuning
from edgeopt.experiments.tuning.problem_set import ProblemSet
from edgeopt.experiments.tuning.run import run_tuning
from edgeopt.experiments.tuning.storage import CheckedJournal

POOLS = [f"paper:12x3:seed={seed}" for seed in range(100, 104)]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return the list of the runs that are computed, as they come."""
    begun: list[tuple[str, int]] = []
    run = cells.run_trial_cell

    def note(cell: cells.TrialCell, *rest: Any) -> float:
        begun.append((cell.problem.name, cell.repetition))
        return run(cell, *rest)

    monkeypatch.setattr(cells, "run_trial_cell", note)
    return begun


def small(problems: int = 2, repetitions: int = 1, **given: Any) -> TuneConfig:
    """Return a tuning of two parameters without held-out problems."""
    values: dict[str, Any] = {
        "solver": {"solver": "aco"},
        "trials": 6,
        "budget": {"evaluations": 60},
        "training": ProblemSet("training", tuple(POOLS[:problems]), repetitions),
        "parameters": ("ants", "rho"),
        "sampler": "random",
        "racing": 0.1,
        "seed": 3,
    }
    return TuneConfig(**values | given)


def grow(folder: Path, *configs: TuneConfig, **options: Any) -> Tuning:
    """Run tunings one after another in a folder, and return the last outcome."""
    for config in configs:
        found = run_tuning(config, folder, figures=False, **options)
    return found


def content(tuning: Tuning) -> list[tuple[object, ...]]:
    """Return all that a tuning says of its trials."""
    return [
        (t.number, t.state, t.params, t.values, t.intermediate_values) for t in tuning.study.trials
    ]


@pytest.mark.parametrize("sampler", ["tpe", "cma-es", "grid"])
def test_more_trials_are_as_if_asked_for_at_once(sampler: str, tmp_path: Path) -> None:
    few, many = (small(sampler=sampler, trials=n, levels=3) for n in (3, 9))
    grown = grow(tmp_path / "grown", few, many)
    assert content(grown) == content(grow(tmp_path / "whole", many))
    assert content(grow(tmp_path / "grown", few)) == content(grown)[:3]
    assert "changed" not in grown.page


def test_held_out_problems_cost_no_trial(tmp_path: Path, runs: list) -> None:
    before = content(grow(tmp_path, small()))
    runs.clear()
    held_out = ProblemSet("held_out", tuple(POOLS[2:]), 1)
    found = grow(tmp_path, small(held_out=held_out))
    assert (content(found), runs) == (before, [])
    assert found.held_out is not None
    assert found.held_out.problems == 2


@settings(max_examples=4)
@given(
    steps=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(2, 6)), max_size=3)
)
def test_any_order_of_growth_and_kills_is_as_one_clean_run(
    steps: list[tuple[int, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, final = tmp_path_factory.mktemp("growth"), small(3, 2)
    append, count = CheckedJournal.append_logs, itertools.count(1)

    def fail_often(self: CheckedJournal, logs: list[dict[str, object]]) -> None:
        if next(count) % 17 == 0:
            raise KeyboardInterrupt
        append(self, logs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CheckedJournal, "append_logs", fail_often)
        for problems, repetitions, trials in steps:
            with suppress(KeyboardInterrupt):
                grow(folder, small(problems, repetitions, trials=trials))
    found = grow(folder, final)
    assert content(found) == content(grow(tmp_path_factory.mktemp("whole"), final))


def test_a_new_problem_is_run_alone(tmp_path: Path, runs: list) -> None:
    first = grow(tmp_path, small(racing=0))
    runs.clear()
    found = grow(tmp_path, small(3, racing=0))
    assert runs == [("paper:12x3:seed=102", 0)] * 6
    assert [t.params for t in found.study.trials] == [t.params for t in first.study.trials]
    assert "training changed after trial 5" in found.page


def test_a_wider_space_keeps_the_trials(tmp_path: Path, runs: list) -> None:
    narrow = {"rho": {"low": 0.1, "high": 0.5}}
    first = grow(tmp_path, small(search=narrow, sampler="tpe"))
    runs.clear()
    wide = small(search={"beta": [1.0, 5.0]}, parameters=("ants", "rho", "beta"), trials=8)
    found = grow(tmp_path, wide)
    kept = [{**trial.params, "beta": 5.0} for trial in first.study.trials]  # 5 is the default
    assert [trial.params for trial in found.study.trials][:6] == kept
    assert 0 < len(runs) <= 4
    assert len(found.study.trials) == 8


def test_a_narrower_space_drops_trials_outside(tmp_path: Path) -> None:
    first = grow(tmp_path, small())
    inside = [t.params for t in first.study.trials if t.params["rho"] <= 0.5]
    found = grow(tmp_path, small(search={"rho": {"low": 0.01, "high": 0.5}}))
    assert 0 < len(inside) < 6
    assert [t.params for t in found.study.trials][: len(inside)] == inside
    assert all(t.params["rho"] <= 0.5 for t in found.study.trials)


def test_two_processes_find_the_same_and_one_that_dies_costs_its_trial(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "import os\n"
        "def rule(problem, rng, *, k=0):\n"
        "    if k == 2 and problem.tasks > 2:\n"
        "        os._exit(1)\n"
        "    return [(i + k) % problem.nodes for i in rng.permutation(problem.tasks)]\n"
    )
    specs = tuple(str(tmp_path / f"{name}.csv") for name in "ab")
    for number, spec in enumerate(specs):
        Path(spec).write_text(f"3.5,1.5\n2.5,4.5\n{number}.5,2.5\n")
    config = small(
        solver={"solver": f"{own}:rule"},
        training=ProblemSet("training", specs, 2),
        parameters=None,
        search={"k": [0, 1, 2, 3]},
        sampler="grid",
        racing=0,
    )
    one, two = (grow(tmp_path / str(jobs), config, jobs=jobs) for jobs in (1, 2))
    assert content(one) == content(two)
    states = {found[2]["k"]: found[1].name for found in content(one)}
    assert states == {0: "COMPLETE", 1: "COMPLETE", 2: "FAIL", 3: "COMPLETE"}


def test_runs_are_known_wherever_their_files_are(
    tmp_path: Path, own_solver: str, runs: list
) -> None:
    def tuned(place: Path) -> Tuning:
        specs = tuple(str(place / f"{name}.csv") for name in "ab")
        config = small(
            solver={"solver": f"{place / 'own.py'}:Own"},
            training=ProblemSet("training", specs, 1),
            parameters=("ants",),
        )
        return grow(tmp_path / "out", config)

    for name, text in (("a", "3,1\n2,4\n5,5\n"), ("b", "1,2\n2,1\n4,3\n")):
        (tmp_path / f"{name}.csv").write_text(text)
    before = content(tuned(tmp_path))
    runs.clear()
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("a.csv", "b.csv", "own.py"):
        (tmp_path / name).rename(moved / name)
    assert (content(tuned(moved)), runs) == (before, [])


def test_torn_lines_and_other_code_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "cells"
    CellCache(path, ["old"]).put("a", 1.0)
    CellCache(path, ["new"]).put("b", float("inf"))
    with path.open("a") as file:
        file.write('{"key": "c", "co')
    CellCache(path, ["new"]).put("d", 2.0)
    for odd in ({"code": {}, "value": 1.0}, {"code": "new", "value": 10**400}):
        append_line(path, {"key": "a", **odd})
    assert [CellCache(path, ["new"]).get(key) for key in "abcd"] == [
        *(None, float("inf"), None, 2.0)
    ]
    assert CellCache(path, ["old", "new"]).get("a") == 1.0
