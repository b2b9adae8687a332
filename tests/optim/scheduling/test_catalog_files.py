"""A solver from a TOML file."""

from pathlib import Path

import pytest

from edgeopt.experiments.tuning.results import write_solver
from edgeopt.optim.scheduling.catalog import find_solver, make_solver
from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA
from edgeopt.problems.errors import InputError

OWN = """
from dataclasses import dataclass
from edgeopt.problems.parameters import check_parameters, parameter

@dataclass(frozen=True)
class Own:
    ants: int = parameter(3, "how many", at_least=1)
    def __post_init__(self):
        check_parameters(self)
    def init(self, problem, rng): ...
    def step(self, problem, state): ...
"""


@pytest.fixture
def own_solver(tmp_path: Path) -> str:
    """Return the name of a user's own solver."""
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return f"{path}:Own"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    table = {
        "solver": "atsa",
        "ants": 7,
        "rho": 1e-05,
        "beta": 0.1 + 0.2,
        "heuristic": "memory*execution-time",
        "pheromone_bounds": True,
    }
    write_solver(tmp_path / "best.toml", table, ["a comment"])
    parameters = {key: value for key, value in table.items() if key != "solver"}
    assert make_solver(str(tmp_path / "best.toml")) == ATSA(**parameters)
    assert (tmp_path / "best.toml").read_text().startswith("# a comment\n")


def test_single_parameters_can_still_be_set(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('solver = "aco"\nrho = 0.25\n')
    assert find_solver(str(tmp_path / "a.toml")) == ACO(rho=0.25)
    assert make_solver(str(tmp_path / "a.toml"), {"ants": "3"}) == ACO(rho=0.25, ants=3)


def test_own_solver_with_odd_path(tmp_path: Path, own_solver: str) -> None:
    folder = tmp_path / 'ö "quoted" \\ name'
    folder.mkdir()
    path = folder / "own.py"
    path.write_text(Path(own_solver.removesuffix(":Own")).read_text())
    write_solver(tmp_path / "a.toml", {"solver": f"{path}:Own", "ants": 5}, [])
    assert make_solver(str(tmp_path / "a.toml")).ants == 5


@pytest.mark.parametrize(
    "text",
    [
        None,
        "solver = ",
        "ants = 3",
        "solver = 3",
        'solver = "other.toml"',
        'solver = "nothing"',
        'solver = "aco"\nrho = 2.0',
        'solver = "aco"\ngamma = 2.0',
        'solver = "aco"\nants = 2.5',
        'solver = "fcfs"\nants = 2',
    ],
)
def test_bad_files(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "a.toml").write_text(text)
    with pytest.raises(InputError):
        make_solver(str(tmp_path / "a.toml"))


def test_a_path_in_the_file_is_relative_to_the_file(tmp_path: Path, own_solver: str) -> None:
    (tmp_path / "a.toml").write_text('solver = "own.py:Own"\n')
    assert type(make_solver(str(tmp_path / "a.toml"))).__name__ == "Own"
