"""The files that come with the project."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.experiments.learning.config import read_learning
from edgeopt.optim.learning.networks.resnet import build_network

FOLDER = Path(__file__).parents[3] / "experiments" / "learnings"
FILES = [path for path in FOLDER.glob("*.toml") if "[schemes." in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_is_legal(path):
    config = read_learning(path)
    assert config.make_training().periods % 4 == 0  # the rate falls where it should
    assert config.make_system().pool.nodes > 1


def test_paper_trains_for_as_many_iterations_as_he_et_al():
    config = read_learning(FOLDER / "cifar10.toml")
    training = config.make_training()
    assert (training.tasks, training.batch) == (64_000, 128)
    assert (training.learning_rate, training.momentum, training.weight_decay) == (0.1, 0.9, 1e-4)
    network = build_network(config.network, channels=3, height=32, width=32, classes=10)
    cuts = {config.make_scheme(label).cut for label in config.schemes if "cut" in label}
    assert cuts == {7, 13, 20}
    assert len(network.layers) == 34
