"""Trials: values, races, failures, and interruptions anywhere."""

import itertools
import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from tuning_runs import run_study

from edgeopt.experiments.tuning.cells import run_trial_cell, trial_cells
from edgeopt.experiments.tuning.config import SAMPLERS, TuneConfig
from edgeopt.experiments.tuning.problem_set import ProblemSet
from edgeopt.experiments.tuning.run import trial_count
from edgeopt.experiments.tuning.storage import CheckedJournal, open_journal, open_study
from edgeopt.experiments.tuning.trial import best_trial
from edgeopt.experiments.tuning.trial_table import measured, trials_table
from edgeopt.optim.scheduling.colony.atsa import ACO

Make = Callable[..., TuneConfig]


def run(config: TuneConfig, path: Path) -> optuna.Study:
    """Run a tuning into a journal."""
    study = open_study(config, open_journal(path))
    run_study(config, study, "me", alone=True)
    return study


def content(study: optuna.Study) -> list[tuple[object, ...]]:
    """Return all that a study says of its trials."""
    return [
        (t.number, t.state, t.params, t.values, t.intermediate_values, t.user_attrs)
        for t in study.trials
    ]


def test_a_value_is_the_mean_gap(make_config: Make, tmp_path: Path) -> None:
    config = make_config(racing=0, trials=3)
    study = run(config, tmp_path / "j")
    for trial in study.trials:
        gaps = [
            run_trial_cell(cell, ACO(**trial.params), config.budget, config.seed)
            for cell in trial_cells(config.training, config.seed)
        ]
        assert trial.values == [pytest.approx(sum(gaps) / len(gaps))]
        assert trial.intermediate_values == dict(enumerate(gaps))


def test_racing_gives_up_poor_trials_and_keeps_the_best(make_config: Make, tmp_path: Path) -> None:
    full = run(make_config(racing=0, trials=25, sampler="random"), tmp_path / "full")
    raced = run(make_config(racing=0.05, trials=25, sampler="random"), tmp_path / "raced")
    assert [t.params for t in full.trials] == [t.params for t in raced.trials]
    states = [t.state for t in raced.trials]
    assert states.count(TrialState.PRUNED) > 8
    runs = [sum(len(t.intermediate_values) for t in study.trials) for study in (full, raced)]
    assert runs[1] < 0.7 * runs[0]
    best, wanted = best_trial(raced), best_trial(full)
    assert best is not None
    assert wanted is not None
    assert best.number == wanted.number


def test_no_run_is_begun_in_vain(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gaps = iter([0.1] * 6 + [0.7] + [0.19] * 9)
    begun: list[float] = []

    def flat(*anything: object) -> float:
        begun.append(next(gaps))
        return begun[-1]

    monkeypatch.setattr("edgeopt.experiments.tuning.cells.run_trial_cell", flat)
    run(make_config(trials=3), tmp_path / "j")
    assert begun == [0.1] * 6 + [0.7] + [0.19] * 4  # 0.7 and 4 x 0.19 are more than 6 x 0.1


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_interrupted_anywhere_is_as_never_interrupted(
    sampler: str, make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(
        sampler=sampler, trials=14, levels=3, parameters=("ants", "alpha"), racing=0.1
    )
    wanted = content(run(config, tmp_path / "whole"))
    lines = len((tmp_path / "whole").read_bytes().splitlines())
    append, count = CheckedJournal.append_logs, itertools.count(1)

    def fail_often(self: CheckedJournal, logs: list[dict[str, object]]) -> None:
        if next(count) % 11 == 0:
            raise KeyboardInterrupt
        append(self, logs)

    monkeypatch.setattr(CheckedJournal, "append_logs", fail_often)
    for _ in range(lines):
        with suppress(KeyboardInterrupt):
            run(config, tmp_path / "torn")
            break
    monkeypatch.setattr(CheckedJournal, "append_logs", append)
    assert content(run(config, tmp_path / "torn")) == wanted
    assert next(count) > lines


def test_a_finished_tuning_runs_nothing(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(trials=4)
    wanted = content(run(config, tmp_path / "j"))
    monkeypatch.setattr("edgeopt.experiments.tuning.run.run_trial", None)
    assert content(run(config, tmp_path / "j")) == wanted


def test_a_solver_that_raises(make_config: Make, tmp_path: Path, own_solver: str) -> None:
    config = make_config(solver={"solver": own_solver}, trials=12, sampler="random")
    study = run(config, tmp_path / "j")
    for trial in study.trials:
        assert (trial.state == TrialState.FAIL) == (trial.params["broken"] >= 0.5)
        if trial.state == TrialState.FAIL:
            assert "ValueError: out of order" in trial.user_attrs["error"]
    table = trials_table(study)
    assert set(table.loc[table["state"] == "fail", "error"]) == {"ValueError: out of order"}
    assert measured(table)["state"].isin(["complete", "pruned"]).all()


def test_trials_that_find_no_schedule(make_config: Make, tmp_path: Path) -> None:
    own = tmp_path / "none.py"
    own.write_text(
        "from dataclasses import dataclass\n"
        "from edgeopt.problems.parameters import parameter\n"
        "from edgeopt.optim.scheduling import ACO\n"
        "@dataclass(frozen=True)\n"
        "class Picky:\n"
        "    ants: int = parameter(2, 'ants', search=(1, 4))\n"
        "    def init(self, problem, rng):\n"
        "        return ACO(ants=self.ants).init(problem, rng)\n"
        "    def step(self, problem, state):\n"
        "        state = ACO(ants=self.ants).step(problem, state)\n"
        "        if self.ants < 3:\n"
        "            state.assignment, state.makespan = None, float('inf')\n"
        "        return state\n"
    )
    study = run(make_config(solver={"solver": f"{own}:Picky"}, trials=8), tmp_path / "j")
    for trial in study.trials:
        gaps = list(trial.intermediate_values.values())
        assert all(math.isfinite(gap) == (trial.params["ants"] >= 3) for gap in gaps)
    best = best_trial(study)
    assert best is not None
    assert best.params["ants"] >= 3


def test_a_small_grid_ends_early(make_config: Make, tmp_path: Path) -> None:
    config = make_config(
        sampler="grid",
        trials=50,
        parameters=("ants", "rho"),
        search={"ants": [2, 4], "rho": [0.1, 0.5]},
    )
    study = run(config, tmp_path / "j")
    points = {(t.params["ants"], t.params["rho"]) for t in study.trials}
    assert trial_count(config, []) == len(study.trials) == len(points) == 4


def test_a_trial_of_another_worker_is_left_alone(make_config: Make, tmp_path: Path) -> None:
    config = make_config(trials=4)
    study = open_study(config, open_journal(tmp_path / "j"))
    other, orphan = study.ask(dict(config.space)), study.ask(dict(config.space))
    other.set_user_attr("worker", "you")
    assert run_study(config, study, "me", alone=False) == 2
    assert run_study(config, study, "you", alone=False) == 1
    assert run_study(config, study, "me", alone=True) == 0
    assert study.trials[orphan.number].state.is_finished()


def test_seconds_as_budget(make_config: Make, tmp_path: Path) -> None:
    training = ProblemSet("training", ("paper:12x3:seed=100", "paper:12x3:seed=101"), 1)
    config = make_config(budget={"seconds": 0.01}, trials=2, training=training)
    assert len(run(config, tmp_path / "j").trials) == 2
