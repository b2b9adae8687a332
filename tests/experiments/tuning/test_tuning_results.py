"""The results of whole tunings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.run import run_tuning
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.spec import load_problem

Make = Callable[..., TuneConfig]


def test_results_of_a_whole_tuning(make_config: Make, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    config = make_config(trials=12)
    outcome = run_tuning(config, tmp_path, report=lambda *step: seen.append(step))
    assert (outcome.running, seen[0], seen[-1]) == (0, ("trials", 0, 12), ("runs", 8, 8))
    names = {path.name for path in outcome.paths}
    assert names >= {"best.toml", "comparison.md", "comparison.csv", "trials.csv"}
    assert names >= {
        f"{n}.{s}" for n in ("history", "slices", "importance") for s in ("png", "pdf")
    }
    trials = pd.read_csv(tmp_path / "trials.csv")
    best = trials[trials["state"] == "complete"].nsmallest(1, "gap").iloc[0]
    solver = make_solver(str(tmp_path / "best.toml"))
    for name in config.space:
        assert getattr(solver, name) == best[f"params_{name}"]
    comparison = pd.read_csv(tmp_path / "comparison.csv")
    for row in comparison.itertuples():
        problem = load_problem(str(row.problem))
        for label, chosen in (("default", config.default), ("tuned", solver)):
            gaps = [
                solve(problem, chosen, stop=Evaluations(60), rng=_seeds(problem.digest, r)).gap
                for r in range(2)
            ]
            assert getattr(row, label) == pytest.approx(np.mean(gaps))
    before = {path: path.read_bytes() for path in outcome.paths}
    assert run_tuning(config, tmp_path).page == outcome.page
    assert {path: path.read_bytes() for path in outcome.paths} == before


def _seeds(digest: str, repetition: int) -> np.random.SeedSequence:
    """Return the seeds of a sweep's cell."""
    return np.random.SeedSequence(3, spawn_key=(int(digest[:16], 16), repetition))


def test_a_solver_that_never_works(make_config: Make, tmp_path: Path, own_solver: str) -> None:
    search = {"broken": {"low": 0.6, "high": 0.9}}
    config = make_config(solver={"solver": own_solver}, search=search, trials=3)
    with pytest.raises(InputError, match="out of order"):
        run_tuning(config, tmp_path / "out")
