"""Small tunings: few tasks, few evaluations."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.problem_set import ProblemSet

TRAINING = ("paper:12x3:seed=100", "paper:12x3:seed=101", "paper:12x3:seed=102")
HELD_OUT = ("paper:12x3:seed=0", "paper:12x3:seed=1")
TOML = """
trials = 6
seed = 3
solver = { solver = "aco" }
budget = { evaluations = 60 }
training = { problems = ["paper:12x3:seed=100", "paper:12x3:seed=101"], repetitions = 3 }
held_out = { problems = ["paper:12x3:seed=0", "paper:12x3:seed=1"], repetitions = 2 }
"""
OWN = """
from dataclasses import dataclass
from edgeopt.problems.parameters import parameter
from edgeopt.optim.scheduling import ACO

@dataclass(frozen=True)
class Own:
    ants: int = parameter(4, "ants", at_least=1, search=(2, 8))
    wild: bool = parameter(False, "whether it chooses badly")
    broken: float = parameter(0.0, "raises from 0.5 on", search=(0, 1))

    def init(self, problem, rng):
        if self.broken >= 0.5:
            raise ValueError("out of order")
        return self._colony().init(problem, rng)

    def step(self, problem, state):
        return self._colony().step(problem, state)

    def _colony(self):
        return ACO(ants=self.ants, beta=0.0 if self.wild else 1.0)
"""


@pytest.fixture
def make_config() -> Callable[..., TuneConfig]:
    """Return a maker of configurations."""

    def make(**given: Any) -> TuneConfig:
        values: dict[str, Any] = {
            "solver": {"solver": "aco"},
            "trials": 8,
            "budget": {"evaluations": 60},
            "training": ProblemSet("training", TRAINING, 2),
            "held_out": ProblemSet("held_out", HELD_OUT, 2),
            "seed": 3,
        }
        return TuneConfig(**(values | given))

    return make


@pytest.fixture
def tune_file(tmp_path: Path) -> Path:
    """Return a tuning file."""
    path = tmp_path / "small.toml"
    path.write_text(TOML)
    return path


@pytest.fixture
def own_solver(tmp_path: Path) -> str:
    """Return the name of a user's own solver, which raises for some of its parameters."""
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return f"{path}:Own"


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not draw."""
    monkeypatch.setattr("edgeopt.experiments.tuning.results.draw_figures", lambda *anything: [])
