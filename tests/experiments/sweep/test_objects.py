"""Objects become the tables and files of a sweep, from which the same objects are made."""

import functools
import shutil
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from notebook_session import Session

import edgeopt as eo
from edgeopt.experiments.sweep.objects import (
    budget_table,
    store_problems,
    store_solver,
    store_solvers,
)
from edgeopt.optim.scheduling.catalog import SOLVERS, build_solver
from edgeopt.optim.scheduling.solve import solve
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


@dataclass(frozen=True)
class Shift:
    """A scheduler of this file."""

    by: int = 0

    def __call__(self, problem, rng):
        return np.full(problem.tasks, self.by)


class Plain:
    def __init__(self, by: int, name: str = "plain") -> None:
        self.by, self.name = by, name

    def __call__(self, problem, rng):
        return np.full(problem.tasks, self.by)


class Hidden:
    def __init__(self, by: int = 1) -> None:
        self._by = by

    def __call__(self, problem, rng):
        return np.full(problem.tasks, self._by)


def last(problem, rng, back=1):
    return np.full(problem.tasks, problem.nodes - back)


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_of_the_catalog_have_its_names(name: str, tmp_path: Path):
    table = store_solver(SOLVERS[name], tmp_path)
    assert table == {"solver": name}
    assert build_solver(table) == SOLVERS[name]
    assert not any(tmp_path.iterdir())


def test_a_changed_preset_keeps_all_its_values(tmp_path: Path):
    changed = replace(eo.ATSA.repaired(), beta=7.0)
    table = store_solver(changed, tmp_path)
    assert table == {"solver": "atsa-repaired", "beta": 7.0}
    assert build_solver(table) == changed
    for each in fields(eo.ATSA):
        assert getattr(build_solver(table), each.name) == getattr(changed, each.name)


def test_a_class_stands_for_its_defaults(tmp_path: Path):
    tables = store_solvers([eo.PSO, "lpt", eo.mct, eo.ATSA.beyond(), Shift], tmp_path)
    assert list(tables) == ["PSO", "lpt", "mct", "atsa-beyond", "Shift"]
    assert tables["PSO"] == {"solver": "pso"}
    assert tables["Shift"] == {"solver": f"{Path(__file__).resolve()}:Shift"}


def test_objects_of_a_file_are_stored_by_file_and_parameters(tmp_path: Path):
    here = Path(__file__).resolve()
    assert store_solver(last, tmp_path) == {"solver": f"{here}:last"}
    assert store_solver(Shift(by=2), tmp_path) == {"solver": f"{here}:Shift", "by": 2}
    assert store_solver(Plain(np.int64(2)), tmp_path) == {"solver": f"{here}:Plain", "by": 2}
    assert not any(tmp_path.iterdir())


def test_a_partial_function_is_a_function_with_parameters(tmp_path: Path):
    table = store_solver(functools.partial(last, back=2), tmp_path)
    assert table == {"solver": f"{Path(__file__).resolve()}:last", "back": 2}
    with pytest.raises(InputError, match="keyword parameters alone"):
        store_solver(functools.partial(last, None), tmp_path)


def test_a_table_may_hold_objects(tmp_path: Path):
    grid = {"solver": eo.PSO(inertia=0.5), "particles": [10, 20]}
    tables = store_solvers({"swarm": grid, "lpt": {}}, tmp_path)
    assert tables == {
        "swarm": {"solver": "pso", "inertia": 0.5, "particles": [10, 20]},
        "lpt": {"solver": "lpt"},
    }


def test_what_a_notebook_defines_is_stored_by_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    session = Session(monkeypatch)
    session.run(
        "import numpy as np\ndef mine(problem, rng):\n    return np.zeros(problem.tasks, int)"
    )
    table = store_solver(session["mine"], tmp_path)
    (file,) = (tmp_path / "solvers").iterdir()
    assert table == {"solver": f"{file}:mine"}
    assert store_solver(session["mine"], tmp_path) == table
    problem = Problem([[3.0, 5.0], [2.0, 1.0]])
    assert solve(problem, build_solver(table)).makespan == 5.0
    session.run("def mine(problem, rng):\n    return np.ones(problem.tasks, int)")
    other = store_solver(session["mine"], tmp_path)
    assert other != table
    assert solve(problem, build_solver(other)).makespan == 6.0
    assert solve(problem, build_solver(table)).makespan == 5.0


def test_a_stored_source_is_stored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    session = Session(monkeypatch)
    session.run("import numpy\ndef mine(problem, rng, node=0):\n    return [node] * problem.tasks")
    first, second = tmp_path / "first", tmp_path / "second"
    made = build_solver({**store_solver(session["mine"], first), "node": 1})
    shutil.rmtree(first)  # the other folder was a temporary one
    table = store_solver(made, second)
    assert Path(table["solver"]).parent == second / "solvers"
    assert table["node"] == 1
    assert build_solver(table)(Problem([[1.0, 2.0]]), None) == [1]


@pytest.mark.parametrize(
    ("solver", "field"),
    [
        (Hidden(), "mine.by"),
        (Shift(by=[1]), "mine.by"),
        (lambda problem, rng: [0], "mine"),
        (Shift().__call__, "mine"),
        (3, "solver"),
    ],
    ids=["no attribute", "a list", "a lambda", "a method", "a number"],
)
def test_what_cannot_be_written_down_is_refused_by_name(solver: object, field: str, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        store_solver(solver, tmp_path, "mine")
    assert caught.value.field.partition(":")[0] == field


def test_problems_are_stored_by_content_and_keep_their_names(tmp_path: Path):
    times = pd.DataFrame({"a": [3.0, 2.0], "b": [5.0, 1.0]})
    site = Problem([[1.0, 2.0]], name="site")
    specs = store_problems([times, site, Problem([[4.0, 2.0]]), "paper:20x4:seed=1"], tmp_path)
    assert list(specs) == ["problem 1", "site", "problem 2", "paper:20x4:seed=1"]
    assert specs["paper:20x4:seed=1"] == "paper:20x4:seed=1"
    assert load_problem(specs["problem 1"]).matrix.tolist() == times.to_numpy().tolist()
    assert Path(specs["site"]).parent == (tmp_path / "problems").resolve()
    assert Path(specs["site"]).stem == site.digest[:16]
    named = replace(site, task_names=["car"])
    again = store_problems({"other": named}, tmp_path)
    assert again == {"other": specs["site"]}
    assert load_problem(again["other"]).task_names == ("car",)
    assert len(list((tmp_path / "problems").iterdir())) == 3


@pytest.mark.parametrize("problems", [[], {}, 3, [Problem([[1.0]], name="a")] * 2, {"a": None}])
def test_problems_that_are_none_or_have_one_name_are_refused(problems: object, tmp_path: Path):
    with pytest.raises(InputError, match="problem"):
        store_problems(problems, tmp_path)


def test_solvers_of_one_name_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="different names"):
        store_solvers([eo.ATSA(beta=2.0), eo.ATSA(beta=3.0)], tmp_path)


def test_budgets_are_tables():
    assert budget_table(eo.Evaluations(100)) == {"evaluations": 100}
    assert budget_table([eo.Seconds(1.5), eo.TargetGap(0.0)]) == {"seconds": 1.5, "target_gap": 0.0}
    assert budget_table({"stall": 3}) == {"stall": 3}
    for wrong in (lambda progress: True, "evaluations", 100):
        with pytest.raises(InputError, match="budget"):
            budget_table(wrong)
