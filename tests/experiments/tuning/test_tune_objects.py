"""`tune` with objects, as a notebook has them."""

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

import edgeopt as eo
from edgeopt.experiments.tuning.config import read_tuning

pytestmark = [pytest.mark.usefixtures("no_figures"), pytest.mark.long]
TIMES = np.random.default_rng(0).uniform(1, 9, (5, 12, 3))
PROBLEMS = [eo.Problem(times, name=f"p{number}") for number, times in enumerate(TIMES)]
BUDGET = eo.Evaluations(60)


def wrong(problem: Any, rng: Any, *, k: int = 1) -> Any:
    """Give task i to the node that is k-th best for it; 0 is the best."""
    return np.argsort(problem.matrix, axis=1)[:, k % problem.nodes]


def nodes_used(result: Any) -> float:
    """Return the negative number of nodes used."""
    return -float(len(set(result.assignment.tolist())))


def test_a_function_is_tuned_on_problems_in_memory() -> None:
    found = eo.tune(
        wrong,
        training=[pd.DataFrame(TIMES[0]), PROBLEMS[1]],
        held_out=PROBLEMS[2:],
        distributions={"k": [0, 1, 2]},
        sampler="grid",
        trials=9,
    )
    assert found.best_params == {"k": 0}
    assert found.solver(PROBLEMS[0], None).tolist() == TIMES[0].argmin(axis=1).tolist()
    assert found.held_out is not None
    assert found.held_out.table["problem"].tolist() == ["p2", "p3", "p4"]
    assert found.held_out.difference < 0
    assert len(found.trials_dataframe()) == len(found.study.trials) == 3
    assert "<th>k</th><td>0</td>" in found._repr_html_()
    assert "<p>Tuned - default: -" in found.held_out._repr_html_()
    assert found.paths == []
    with pytest.raises(eo.InputError, match="out"):
        found.config.to_toml()


def test_what_is_written_down_is_the_same_tuning(tmp_path: Path) -> None:
    def tuned(**options: Any) -> Any:
        return eo.tune(
            eo.ATSA(beta=3.0),
            ["rho", "ants"],
            PROBLEMS[:2],
            PROBLEMS[2:],
            trials=4,
            budget=BUDGET,
            distributions={"rho": (0.1, 0.5), "ants": IntDistribution(2, 8, step=2)},
            **options,
        )

    found = tuned(out=tmp_path / "out")
    assert all(trial.params["ants"] % 2 == 0 for trial in found.study.trials)
    (tmp_path / "tuning.toml").write_text(found.config.to_toml())
    config = read_tuning(tmp_path / "tuning.toml")
    assert (config.identity, config.code) == (found.config.identity, found.config.code)
    again = eo.run_tuning(config, tmp_path / "out", figures=False)
    assert again.best_params == found.best_params == tuned().best_params


@pytest.mark.parametrize("kind", ["TPESampler", "QMCSampler", "NSGAIISampler"])
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_sampler_of_optunas_is_resumed(kind: str, tmp_path: Path) -> None:
    settings = {"TPESampler": {"n_startup_trials": 2}, "NSGAIISampler": {"population_size": 2}}
    sampler = getattr(optuna.samplers, kind)(**settings.get(kind, {}))

    def params(trials: int, out: Path | None = None) -> list[dict[str, Any]]:
        found = eo.tune(
            *(eo.ACO(), ["rho"], PROBLEMS[:2]),
            trials=trials,
            budget=BUDGET,
            sampler=sampler,
            pruner=optuna.pruners.MedianPruner(),
            out=out,
        )
        return [trial.params for trial in found.study.trials]

    params(3, tmp_path)
    whole = params(6)
    assert params(6, tmp_path) == whole
    assert len({row["rho"] for row in whole}) > 3


def test_the_objective_is_the_users(tmp_path: Path) -> None:
    found = eo.tune(
        *(wrong, ["k"], PROBLEMS[:2], PROBLEMS[2:]),
        distributions={"k": (0, 2)},
        objective=nodes_used,
        trials=4,
        out=tmp_path / "out",
    )
    (tmp_path / "tuning.toml").write_text(found.config.to_toml())
    again = eo.run_tuning(read_tuning(tmp_path / "tuning.toml"), tmp_path / "out", figures=False)
    assert again.page == found.page
    assert found.best_value <= -1
    assert "nodes_used" in found.trials_dataframe()
    assert "default nodes_used" in found.page
    makespan = eo.tune(
        eo.ACO(), ["rho"], PROBLEMS[:2], objective="makespan", trials=2, budget=BUDGET
    )
    assert makespan.best_value > 1


def test_figures_draw_where_they_are_told() -> None:
    from matplotlib.figure import Figure

    found = eo.tune(
        *(eo.ACO(), ["rho", "beta"], PROBLEMS[:2]), trials=12, sampler="random", budget=BUDGET
    )
    panels = Figure().subplots(2, 2).ravel()
    plot = found.plot
    drawn = [
        plot.history(ax=panels[0]),
        plot.slice("rho", ax=panels[1]),
        plot.contour("rho", "beta", ax=panels[2]),
        plot.importance(ax=panels[3]),
    ]
    assert [axes is panel for axes, panel in zip(drawn, panels, strict=True)] == [True] * 4
    assert drawn[2].get_xlabel() == "rho"
    with pytest.raises(eo.InputError, match="parameter"):
        plot.slice("gamma")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"training": None}, "training"),
        ({"parameters": "rho"}, "parameters"),
        ({"parameters": {"rho": (0, 1)}}, "parameters"),
        ({"distributions": {"rho": FloatDistribution(0.1, 2.0)}}, "search.rho.high"),
        ({"objective": "speed"}, "objective"),
        ({"jobs": 0}, "jobs"),
        ({"held_out": PROBLEMS[:2]}, "held_out.problems"),
        ({"trials": 0}, "trials"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], field: str, tmp_path: Path) -> None:
    values = {"solver": eo.ACO(), "training": PROBLEMS[:2], "budget": BUDGET, **arguments}
    with pytest.raises(eo.InputError) as error:
        eo.tune(**values)
    assert error.value.field == field


def test_a_folder_of_other_things_gets_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(eo.InputError, match="empty folder"):
        eo.tune(eo.ACO(), ["rho"], PROBLEMS[:2], out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["training", "held_out"])
def test_a_bound_of_zero_is_named(name: str) -> None:
    free = eo.Problem([[0.0, 1.0], [1.0, 0.0]], name="free")
    problems = {"training": PROBLEMS[:1], "held_out": PROBLEMS[1:3]}
    problems[name] = [*problems[name], free]
    with pytest.raises(eo.InputError, match="positive lower bound") as error:
        eo.tune(eo.ACO(), ["rho"], **problems, trials=1, budget=BUDGET)
    assert error.value.field == f"{name}.problems"
    found = eo.tune(eo.ACO(), ["rho"], **problems, trials=2, budget=BUDGET, objective="makespan")
    assert np.isfinite(found.best_value)
