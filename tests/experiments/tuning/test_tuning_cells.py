"""The runs by which parameters are judged."""

import math
from collections.abc import Callable

import pytest

from edgeopt.experiments.runs.cell import run_cell as run_sweep_cell
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.experiments.tuning.cells import TrialCell, run_trial_cell, trial_cells
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.problem_set import ProblemSet, check_apart
from edgeopt.optim.scheduling.colony.atsa import ACO
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.spec import load_problem

SPEC = "paper:30x5:seed=7"


def test_the_same_bits_as_a_sweep() -> None:
    problem = load_problem(SPEC)
    solvers = {"x": {"solver": "pso", "particles": 7}}
    sweep = SweepConfig((SPEC,), 2, 4, {"evaluations": 100}, solvers)
    row = run_sweep_cell(list(sweep.cells())[1])
    gap = run_trial_cell(TrialCell(problem, 1), PSO(particles=7), {"evaluations": 100}, 4)
    assert gap == row["gap"]


def test_seconds() -> None:
    cell = TrialCell(load_problem(SPEC), 0)
    assert math.isfinite(run_trial_cell(cell, ACO(ants=5), {"seconds": 0.02}, 0))


def test_no_schedule_is_an_infinite_gap() -> None:
    def nothing(problem: object, rng: object) -> list[int]:
        return [-1] * 30

    cell = TrialCell(load_problem(SPEC), 0)
    assert run_trial_cell(cell, nothing, {"evaluations": 9}, 0) == math.inf


def test_every_problem_comes_before_any_comes_again(make_config: Callable[..., TuneConfig]) -> None:
    config = make_config()
    cells = trial_cells(config.training, config.seed)
    assert [cell.repetition for cell in cells] == [0, 0, 0, 1, 1, 1]
    names = [cell.problem.name for cell in cells]
    assert names[:3] == names[3:]
    assert sorted(names[:3]) == sorted(config.training.specs)


def test_sets_are_told_apart_by_content() -> None:
    training = ProblemSet("training", ("paper:12x3:seed=1", "paper:12x3"), 1)
    check_apart(training, ProblemSet("held_out", ("paper:12x3:seed=2",), 1))
    with pytest.raises(InputError, match=r"held_out.*seed=0.*unseen in training.*paper:12x3"):
        check_apart(training, ProblemSet("held_out", ("paper:12x3:seed=0",), 1))


@pytest.mark.parametrize(
    ("specs", "repetitions"),
    [
        ((), 1),
        (("paper:12x3",), 0),
        (("paper:12x3", "paper:12x3"), 1),
        (("paper:12x3", "paper:12x3:seed=0"), 1),
        (("nowhere.txt",), 1),
    ],
)
def test_bad_sets(specs: tuple[str, ...], repetitions: int) -> None:
    with pytest.raises(InputError):
        ProblemSet("training", specs, repetitions)
