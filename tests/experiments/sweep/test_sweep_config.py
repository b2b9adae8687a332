"""Configurations of sweeps, and files that are refused."""

import json
import re
from pathlib import Path

import pytest

from edgeopt.experiments.runs.config import LARGEST_SEED
from edgeopt.experiments.sweep.config import SweepConfig, read_config, restore_sweep
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import read_toml

LINES = {
    "problems": 'problems = ["paper:20x3"]',
    "repetitions": "repetitions = 2",
    "seed": "seed = 4",
    "budget": "budget = { evaluations = 60 }",
    "solvers": "[solvers.mct]",
}


def read(folder: Path, **changes: str) -> SweepConfig:
    """Read the file of `LINES` with some lines changed."""
    path = folder / "sweep.toml"
    path.write_text("\n".join({**LINES, **changes}.values()))
    return read_config(path)


def test_a_file_is_read(sweep_file: Path):
    config = read_config(sweep_file)
    assert config.problems == ("paper:20x3:seed=0", str(sweep_file.parent / "times.csv"))
    assert (config.repetitions, config.seed, config.budget) == (3, 1, {"evaluations": 60})
    assert config.solvers == {
        "mct": {"solver": "mct"},
        "atsa": {"solver": "atsa"},
        "many-ants": {"solver": "atsa", "ants": 30},
    }
    assert json.loads(json.dumps(config.as_dict())) == config.as_dict()


def test_the_seed_is_zero_where_not_given(tmp_path: Path):
    assert read(tmp_path).seed == 4
    assert read(tmp_path, seed="").seed == 0
    assert read(tmp_path, seed=f"seed = {LARGEST_SEED}").seed == 2**64 - 1


def test_a_start_is_part_of_the_sweep_only_where_there_is_one(tmp_path: Path):
    config = read(tmp_path, budget='budget = { evaluations = 60 }\nstart = "mct"')
    assert [cell.start for cell in config.cells()] == ["mct", "mct"]
    assert config.as_dict()["start"] == "mct"
    assert restore_sweep(config.as_dict()) == config
    plain = read(tmp_path)
    assert "start" not in plain.as_dict()
    assert restore_sweep(plain.as_dict()) == plain


@pytest.mark.parametrize("start", ["atsa", "none", ""])
def test_only_a_heuristic_can_be_the_start(tmp_path: Path, start: str):
    with pytest.raises(InputError, match="start"):
        read(tmp_path, seed=f'start = "{start}"')


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    (tmp_path / "deep" / "t.csv").write_text("1,2\n")
    (folder / "own.py").write_text("def mine(problem, rng): ...\n")
    monkeypatch.chdir(tmp_path)
    config = read(folder, problems='problems = ["../t.csv"]', solvers='[solvers."own.py:mine"]')
    assert config.problems == (str(tmp_path / "deep" / "t.csv"),)
    assert config.solvers == {"own.py:mine": {"solver": f"{folder / 'own.py'}:mine"}}


def test_the_shipped_file_is_legal():
    folder = Path(__file__).parents[3] / "experiments" / "sweeps"
    config = read_config(folder / "schedulers.toml")
    assert config.repetitions == 30
    assert len(config.solvers) == 12


@pytest.mark.parametrize("name", ["ablation", "colony-short", "colony-tight", "colony-windows"])
def test_the_sweeps_of_the_colony_are_legal(name: str):
    folder = Path(__file__).parents[3] / "experiments" / "sweeps"
    config = read_config(folder / f"{name}.toml")
    assert config.budget.keys() == {"seconds"}
    assert "atsa-repaired" in config.solvers
    assert any(label.startswith("local-search") for label in config.solvers)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"problems": ""}, "field problems: got None, must be given"),
        ({"repetitions": ""}, "field repetitions: got None"),
        ({"budget": ""}, "field budget: got None"),
        ({"solvers": ""}, "field solvers: got None"),
        ({"seed": "speed = 3"}, "field: got 'speed', must be one of problems"),
        ({"problems": "problems = []"}, "at least one problem"),
        ({"problems": 'problems = "paper:20x3"'}, "problems: got 'paper:20x3', must be a list"),
        ({"problems": "problems = [3]"}, "problems: got"),
        ({"problems": 'problems = ["paper:5x2", "paper:5x2"]'}, "problems: got .* all different"),
        ({"repetitions": "repetitions = 0"}, "repetitions: got 0"),
        ({"repetitions": "repetitions = 2.0"}, "repetitions: got 2.0"),
        ({"seed": "seed = -1"}, "seed: got -1"),
        ({"seed": f"seed = {2**64}"}, "seed: got"),
        ({"seed": "seed = true"}, "seed: got True"),
        ({"budget": "budget = { evaluation = 5 }"}, "budget: got 'evaluation'"),
        ({"budget": "budget = {}"}, "budget: got {}"),
        ({"budget": "budget = 5"}, "budget: got 5"),
        ({"solvers": "[solvers]"}, "at least one table"),
        ({"solvers": "solvers = 3"}, "solvers: got 3, must be a table"),
        ({"solvers": "solvers.mct = 3"}, "solvers.mct: got 3, must be a table"),
        ({"solvers": "[solvers.x]\nsolver = 3"}, "solvers.x.solver: got 3"),
        ({"solvers": "[solvers.x]"}, "solver: got 'x', must be one of fcfs"),
        ({"solvers": "[solvers.atsa]\nbeth = 3"}, "parameter: got 'beth', must be one of"),
        ({"solvers": "[solvers.atsa]\nrho = 3"}, "rho: got 3"),
        ({"solvers": '[solvers.atsa]\ndeposit_by = ["makespan"]'}, "deposit_by: got"),
        ({"solvers": "[solvers.atsa]\nbeta = 1979-05-27"}, "beta: got"),
        ({"solvers": "[solvers.mct]\nbeta = 1"}, "parameter: got 'beta'"),
        ({"solvers": '[solvers."none.py:f"]'}, "solver: got 'none.py', must be an existing file"),
    ],
)
def test_bad_fields_are_refused(tmp_path: Path, changes: dict[str, str], message: str):
    with pytest.raises(InputError, match=message):
        read(tmp_path, **changes)


def test_solvers_of_ones_own_are_checked(tmp_path: Path):
    (tmp_path / "own.py").write_text(
        "from dataclasses import dataclass\nnumber = 3\n@dataclass(frozen=True)\nclass Mine:\n"
        "    day: object = None\n    def init(self): ...\n    def step(self): ...\n"
    )
    with pytest.raises(InputError, match="solver: got 3, must be an object with init and step"):
        read(tmp_path, solvers='[solvers."own.py:number"]')
    with pytest.raises(InputError, match=r"solvers.x: got .* without dates"):
        read(tmp_path, solvers='[solvers.x]\nsolver = "own.py:Mine"\nday = 1979-05-27')


@pytest.mark.parametrize("data", [b"a = ", b"\xff", b"a = 1\na = 2", b"\0"])
def test_what_is_no_toml_is_refused(tmp_path: Path, data: bytes):
    path = tmp_path / "x.toml"
    path.write_bytes(data)
    with pytest.raises(InputError, match="must be TOML"):
        read_toml(path)
    with pytest.raises(InputError, match=r"configuration file: got .* must be an existing file"):
        read_toml(tmp_path)


def test_a_folder_stands_for_what_can_be_loaded_in_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    folder = tmp_path / "instances"
    folder.mkdir()
    for name in ("b.csv", "a.csv", "_new.csv", ".hidden.csv"):
        (folder / name).write_text("1,2\n3,4\n")
    (folder / "README").write_text("no problem")
    (folder / "below").mkdir()
    path = tmp_path / "sweep.toml"
    text = 'problems = ["paper:9x3", "instances/"]\nrepetitions = 1\ntime_limit = 2\n'
    path.write_text(text + "budget = {iterations = 1}\n[solvers.mct]\n")
    config = read_config(path)
    assert config.problems == ("paper:9x3", str(folder / "a.csv"), str(folder / "b.csv"))
    assert config.time_limit == 2
    assert re.search(r"instances/: left out README \(.*\); below \(", caplog.text)
    assert "_new" not in caplog.text
    path.write_text(path.read_text().replace("instances/", "inst*/[ab].csv"))
    assert read_config(path).problems == config.problems
    for name in ("a.csv", "b.csv"):
        (folder / name).unlink()
    with pytest.raises(InputError, match="must be a folder or pattern of files that can"):
        read_config(path)


@pytest.mark.parametrize("limit", [0, -1.0, float("inf"), "1"])
def test_illegal_time_limits_are_refused(limit: object):
    with pytest.raises(InputError, match=r"^time_limit: got"):
        SweepConfig(("paper:9x3",), 1, 0, {"iterations": 1}, {"m": {"solver": "mct"}}, limit)  # type: ignore[arg-type]


def test_a_sweep_has_no_endless_number_of_cells(tmp_path: Path):
    assert read(tmp_path, repetitions="repetitions = 1_000_000").repetitions == 10**6
    with pytest.raises(InputError, match=r"repetitions: got 1000000, .* <= 500000"):
        read(
            tmp_path, repetitions="repetitions = 1_000_000", solvers="[solvers.mct]\n[solvers.lpt]"
        )


def test_integers_of_thousands_of_digits_are_refused(tmp_path: Path):
    for key in ("repetitions", "seed"):
        with pytest.raises(InputError, match=f"{key}: got int of too many digits"):
            read(tmp_path, **{key: f"{key} = 0x{'f' * 5000}"})
    with pytest.raises(InputError, match="ants"):
        read(tmp_path, solvers=f"[solvers.atsa]\nants = 0x{'f' * 5000}")


@pytest.mark.parametrize("table", [{}, {"solver": 3}, {"ants": 3}, "mct"])
def test_a_table_names_its_solver(table: object):
    with pytest.raises(InputError, match="the name of a solver"):
        SweepConfig(("paper:5x2",), 1, 0, {"iterations": 1}, {"a": table})  # type: ignore[dict-item]


def test_a_solver_file_is_found_beside_the_sweep_file(tmp_path: Path):
    (tmp_path / "tuned.toml").write_text('solver = "own.py:f"\n')
    (tmp_path / "own.py").write_text("def f(problem, rng): return [0] * problem.tasks\n")
    config = read(tmp_path, solvers='[solvers.a]\nsolver = "tuned.toml"')
    assert config.solvers == {"a": {"solver": str(tmp_path / "tuned.toml")}}
