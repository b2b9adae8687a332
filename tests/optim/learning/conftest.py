"""A small learning problem."""

import pytest
from learning_files import learning_file, one_thread

__all__ = ["learning_file", "one_thread"]


@pytest.fixture
def make_problem(learning_file):
    """Return a function of `Training` fields and ``nodes`` that makes a problem."""
    pytest.importorskip("torch", reason="the extra torch is not installed")
    from edgeopt.optim.framework.conditions import LinkTrace
    from edgeopt.optim.learning.problem import LearningProblem
    from edgeopt.optim.learning.training import Training
    from edgeopt.problems.datasets.load import load_dataset
    from edgeopt.problems.systems.load import load_system

    def make(*, nodes=3, seed=(0, 0), round_trips_s=(0.016,), **training):
        system = load_system(learning_file.parent / "system.toml")
        if nodes == 1:
            system = load_system("pi_lte", nodes=1)
        link = LinkTrace(list(round_trips_s), [20e6] * len(round_trips_s), 1.0)
        numbers = {"periods": 2, "window": 4, "batch": 8, **training}
        data = load_dataset("digits", None)
        return LearningProblem(data, "resnet-digits", system, Training(**numbers), link, seed)

    return make
