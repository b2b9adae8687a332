"""Configurations of sweeps, and files that are refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.experiments.runs.config import LARGEST_SEED
from edgeopt.experiments.sweep.cell import problem_of
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
        ({"solvers": '[solvers.atsa]\ndeposit_by = [["makespan"]]'}, "deposit_by: got"),
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


def test_a_folder_stands_for_what_can_be_loaded_in_it(tmp_path: Path):
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
    assert len(config.left_out) == 1
    assert config.left_out[0].startswith("README (")
    assert str(tmp_path) not in config.left_out[0]
    assert config.time_limit == 2
    path.write_text(path.read_text().replace("instances/", "inst*/[ab].csv"))
    assert read_config(path).problems == config.problems
    for name in ("a.csv", "b.csv"):
        (folder / name).unlink()
    with pytest.raises(InputError, match="a folder or a pattern with files that can"):
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


def test_a_pattern_stands_for_what_can_be_loaded(tmp_path: Path):
    folder = tmp_path / "deep" / "er[1]"
    folder.mkdir(parents=True)
    for name in ("b.csv", "a.csv", ".c.csv"):
        (folder / name).write_text("1,2\n3,4\n")
    (folder / "bad.csv").write_text("1,2\n3,x\n")
    (tmp_path / "d[1].csv").write_text("1,2\n")
    config = read(tmp_path, problems='problems = ["deep/**/*.csv", "d[1].csv", "deep/er?1?/a.*"]')
    places = (folder / "a.csv", folder / "b.csv", tmp_path / "d[1].csv")
    assert config.problems == tuple(map(str, places))
    assert [text.split(" ")[0] for text in config.left_out] == ["bad.csv"]
    assert "'x'" in config.left_out[0]
    options = read(tmp_path, problems='problems = ["deep/er[[]1]/a*:header=no"]').problems
    assert options == (f"{folder / 'a.csv'}:header=no",)
    with pytest.raises(InputError, match=r"problems: got 'deep/\*.csv', must be a folder or a"):
        read(tmp_path, problems='problems = ["deep/*.csv"]')


OWN = """
def f(problem, rng, *, k=1, weights: list[float] = (1.0,), table: list[list[int]] = (), any=None):
    return [0] * problem.tasks
"""


def test_a_list_of_values_is_a_grid(tmp_path: Path):
    (tmp_path / "own.py").write_text(OWN)
    table = "[solvers.atsa]\nbeta = [1, 2, 5]\nalpha = [1, 2]\nants = 3"
    config = read(tmp_path, solvers=f'{table}\n[solvers.mct]\n[solvers."own.py:f"]\nk = [4]')
    pairs = [(beta, alpha) for beta in (1, 2, 5) for alpha in (1, 2)]
    assert list(config.solvers) == [
        *(f"atsa[alpha={alpha},beta={beta}]" for beta, alpha in pairs),
        "mct",
        "own.py:f[k=4]",
    ]
    assert config.solvers["atsa[alpha=2,beta=5]"] == {
        "solver": "atsa",
        "beta": 5,
        "alpha": 2,
        "ants": 3,
    }
    assert restore_sweep(json.loads(json.dumps(config.as_dict()))) == config
    assert read(tmp_path, solvers="[solvers.pso]\ndecoding = ['discrete']").solvers.keys() == {
        "pso[decoding=discrete]"
    }


def test_a_parameter_that_is_a_list_is_no_grid_unless_it_gets_lists(tmp_path: Path):
    (tmp_path / "own.py").write_text(OWN)

    def solvers(line: str) -> dict[str, dict[str, object]]:
        return read(tmp_path, solvers=f'[solvers.f]\nsolver = "own.py:f"\n{line}').solvers

    assert solvers("weights = [1.0, 2.0]")["f"]["weights"] == [1.0, 2.0]
    assert solvers("table = [[1, 2]]")["f"]["table"] == [[1, 2]]
    found = solvers("weights = [[1.0], [2.0, 3.0]]")
    assert [each["weights"] for each in found.values()] == [[1.0], [2.0, 3.0]]
    assert list(found) == ["f[weights=[1.0]]", "f[weights=[2.0, 3.0]]"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[solvers.atsa]\nbeta = []", "solvers.atsa.beta: got .*at least one value"),
        ("[solvers.atsa]\nbeta = [1, 1]", "got 'atsa.beta=1.', must be all different"),
        ("[solvers.atsa]\nbeta = [1, 'x']", "beta: got 'x'"),
        ("[solvers.atsa]\nbeth = [1, 2]", "parameter: got 'beth'"),
        ("[solvers.atsa]\nbeta=[1]\n['solvers'.'atsa[beta=1]']\nsolver = 'mct'", "all different"),
        ('[solvers."own.py:f"]\nany = [1, 2]', "a parameter of a known type: annotate any"),
        ('[solvers."own.py:f"]\nk = [1, 2.5]', "k: got 2.5, must be an integer, like its default"),
    ],
)
def test_bad_grids_are_refused(tmp_path: Path, table: str, message: str):
    (tmp_path / "own.py").write_text(OWN)
    with pytest.raises(InputError, match=message):
        read(tmp_path, solvers=table)


names = st.text(min_size=1, max_size=9)
numbers = st.floats(1e-3, 9.0)
counts = st.lists(st.integers(1, 99), min_size=1, unique=True)


def table(solver: str, **optional: st.SearchStrategy) -> st.SearchStrategy:
    """Return tables of a solver with some of its parameters."""
    return st.fixed_dictionaries({"solver": st.just(solver)}, optional=optional)


tables = st.one_of(
    table("atsa", beta=numbers, rho=st.just(0.5)),
    table("OWN:f", k=st.integers(), weights=st.lists(numbers)),
    table("pso", particles=counts),
)


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(["paper:9x3", "ONE", "TWO"]), min_size=1, unique=True),
    st.integers(1, 99),
    st.integers(0, LARGEST_SEED),
    st.sampled_from([{"evaluations": 60}, {"seconds": 0.25, "target_gap": 1e-9}]),
    st.dictionaries(names, tables, min_size=1, max_size=3),
    st.none() | numbers,
    st.sampled_from([None, "mct"]),
    st.sampled_from(["", "below", "below/deeper"]),
    st.booleans(),
)
def test_what_is_written_is_read(
    places: Path, problems, repetitions, seed, budget, solvers, limit, start, folder, named
):
    texts = {
        "ONE": f"{places / 'one [1].csv'}:header=no:index=no",
        "TWO": str(places / "below" / "ö'\".csv"),
    }
    for each in solvers.values():
        each["solver"] = each["solver"].replace("OWN", str(places / "below" / "own.py"))
    specs = tuple(texts.get(name, name) for name in problems)
    if named:
        specs = {f"solver {number}": spec for number, spec in enumerate(specs)}
    config = SweepConfig(specs, repetitions, seed, budget, solvers, limit, start)
    file = places / folder / "written.toml"
    file.write_text(config.to_toml(file.parent), encoding="utf-8")
    assert str(places) not in file.read_text(encoding="utf-8")
    assert read_config(file) == config
    file.write_text(config.to_toml(), encoding="utf-8")
    assert read_config(file) == config


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two problems and a solver."""
    root = tmp_path_factory.mktemp("places")
    (root / "below" / "deeper").mkdir(parents=True)
    (root / "one [1].csv").write_text("1,2\n3,4\n")
    (root / "below" / "ö'\".csv").write_text("1,2\n3,4\n5,6\n")
    (root / "below" / "own.py").write_text(OWN)
    return root


def test_options_of_a_table_stay_with_its_path(tmp_path: Path):
    (tmp_path / "t.csv").write_text("0,1\n2,3\n")
    config = read(tmp_path, problems='problems = ["t.csv:header=yes:index=no"]')
    spec = f"{tmp_path / 't.csv'}:header=yes:index=no"
    assert config.problems == (spec,)
    assert 'problems = [\n    "t.csv:header=yes:index=no",\n]' in config.to_toml(tmp_path)
    assert problem_of(spec).tasks == 1
    (tmp_path / "t.csv").write_text("0,1\n2,3\n4,5\n")
    assert problem_of(spec).tasks == 2  # loaded again


def test_the_second_of_two_tables_that_has_changed_is_read_again(tmp_path: Path):
    (tmp_path / "jobs.csv").write_text("length_mi\n6\n")
    for text in ("mips\n2\n", "mips\n2\n3\n"):
        (tmp_path / "vms.csv").write_text(text)
        assert problem_of(f"{tmp_path / 'jobs.csv'}:nodes=vms.csv").nodes == text.count("\n") - 1
