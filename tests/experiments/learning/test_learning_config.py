"""Learning files: what is read and what is refused."""

import dataclasses
import json

import pytest

from edgeopt.problems.errors import InputError

pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.experiments.learning.config import LearningConfig, read_learning
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.optim.learning.schemes import CollaborativeTraining


def changed(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_read(learning_file):
    config = read_learning(learning_file)
    assert config.system == str(learning_file.parent / "system.toml")
    assert config.make_system().pool.nodes == 3
    assert config.make_training().periods == 2
    scheme = config.make_scheme("dormant")
    assert scheme == CollaborativeTraining(
        cut=5, threshold="fixed", fixed_s=0.02, dispatch={"solver": "fcfs"}
    )


def test_paths_are_relative_to_the_file(learning_file):
    (learning_file.parent / "mine.py").write_text(
        "def last(problem, rng):\n    return [problem.nodes - 1] * problem.tasks\n"
    )
    changed(learning_file, '"fcfs"', '"mine.py:last"')
    config = read_learning(changed(learning_file, 'data = "digits"', 'data = "digits"\nfolder="x"'))
    assert config.folder == str(learning_file.parent / "x")
    assert config.dispatch["solver"] == f"{learning_file.parent / 'mine.py'}:last"
    assert read_learning(learning_file, "/elsewhere").folder == "/elsewhere"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("repetitions = 2", "repetitions = 0", "repetitions"),
        ("repetitions = 2", "repetition = 2", "repetition"),
        ("seed = 1", "seed = -1", "seed"),
        ("seed = 1", 'device = "tpu"', "device"),
        ("seed = 1", "target_error = 2", "target_error"),
        ("seed = 1", "data_folder = 3", "data_folder"),
        ("seed = 1", "folder = 3", "folder"),
        ('data = "digits"', "", "data"),
        ('data = "digits"', "data = 3", "data"),
        ('"system.toml"', '"nowhere.toml"', "system"),
        ("periods = 2", "epochs = 2", "epochs"),
        ("periods = 2", 'periods = "2"', "periods"),
        ("round_trips_s = [0.01, 0.03]", "round_trips_s = [-1]", "round_trip"),
        ('solver = "fcfs"', 'solver = "nobody"', "solver"),
        ("[schemes.federated]", "[schemes.something]", "something"),
        ("cut = 5", "cuts = 5", "collaborative"),
        ("cut = 5", 'cut = "5"', "cut"),
        ("cut = 5", "cut = -1", "cut"),
        ("cut = 5", "a = -1", "a"),
        ("exits = [2, 5]", 'exits = ["2"]', "exits"),
        ("exits = [2, 5]", "exits = 2", "exits"),
        ("fixed_s = 0.02", "fixed_s = inf", "fixed_s"),
    ],
)
def test_refused(learning_file, old, new, field):
    with pytest.raises(InputError, match=field):
        read_learning(changed(learning_file, old, new))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("cut = 5", "cut = 9", "cut"),
        ("exits = [2, 5]", "exits = [8]", "exits"),
        ('data = "digits"', 'data = "letters"', "data"),
        (
            'data = "digits"',
            'data = "cifar10"\nfolder = "missing"',
            r"data folder: got .*files of cifar10",
        ),
        ('data = "digits"', 'data = "cifar10"', "folder"),
        ('"resnet-digits"', '"lenet"', "network"),
    ],
)
def test_refused_before_any_work(learning_file, tmp_path, old, new, field):
    config = read_learning(changed(learning_file, old, new))
    with pytest.raises(InputError, match=field):
        run_sweep(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_more_nodes_than_examples(learning_file):
    system = learning_file.parent / "system.toml"
    config = read_learning(learning_file)
    changed(system, "count = 2", "count = 2000")
    with pytest.raises(InputError, match="nodes"):
        config.check()


def key_of(config, label, repetition=0):
    """Return the key of a cell."""
    cells = (cell for cell in config.cells() if cell.repetition == repetition)
    return next(cell.key for cell in cells if cell.label == label)


def test_key_knows_what_a_run_depends_on(learning_file, monkeypatch):
    config = read_learning(learning_file)
    assert len({cell.key for cell in config.cells()}) == 5 * 2
    key = key_of(config, "dormant")
    assert key_of(dataclasses.replace(config, repetitions=9, target_error=0.2), "dormant") == key
    keys = {
        key,
        key_of(config, "dormant", 1),
        key_of(config, "federated"),
        key_of(dataclasses.replace(config, seed=2), "dormant"),
        key_of(dataclasses.replace(config, dispatch={}), "dormant"),
        key_of(dataclasses.replace(config, settings={"cloud.flops": 1e9}), "dormant"),
    }
    monkeypatch.setattr(
        "edgeopt.experiments.learning.config.data_digest", lambda *data: "other data"
    )
    assert len(keys | {key_of(config, "dormant")}) == 7


def test_a_configuration_is_restored_from_its_plain_values(learning_file):
    config = read_learning(learning_file)
    assert LearningConfig(**json.loads(json.dumps(config.as_dict()))) == config
