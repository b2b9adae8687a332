"""Journals that were torn, and databases that are not there."""

import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from tuning_runs import run_study

from edgeopt.experiments.runs.checks import read_lines, seal_lines
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.folder import JOURNAL
from edgeopt.experiments.tuning.storage import (
    open_database,
    open_journal,
    open_study,
    study_name,
)
from edgeopt.problems.errors import InputError

Make = Callable[..., TuneConfig]


def finished(config: TuneConfig, path: Path) -> optuna.Study:
    """Run a tuning into a journal and return its study."""
    study = open_study(config, open_journal(path))
    assert run_study(config, study, "me", alone=True) == 0
    return study


def test_anyone_can_load_the_study(make_config: Make, tmp_path: Path) -> None:
    study = finished(make_config(trials=3), tmp_path / JOURNAL)
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / JOURNAL))
    loaded = optuna.load_study(study_name=None, storage=optuna.storages.JournalStorage(backend))
    assert loaded.study_name == study.study_name
    assert [t.params for t in loaded.trials] == [t.params for t in study.trials]


def test_a_torn_line_and_a_lock_left_behind(make_config: Make, tmp_path: Path) -> None:
    config, path = make_config(trials=4), tmp_path / JOURNAL
    wanted = [(t.params, t.values) for t in finished(config, path).trials]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-9]) + lines[-9][:20])
    Path(f"{path}.lock").symlink_to(path)
    (tmp_path / f"{JOURNAL}.lock0815.rename").touch()
    open_journal(path)
    assert list(tmp_path.iterdir()) == [path]
    assert [(t.params, t.values) for t in finished(config, path).trials] == wanted


@pytest.mark.parametrize("text", ["nonsense\nmore\n", "[1]\n", '{"op_code": 0}\n', "{}\n{}\n"])
def test_a_broken_journal_is_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / JOURNAL
    path.write_text(text)
    with pytest.warns(UserWarning, match="damaged; trials are drawn again from there on"):
        open_journal(path)
    assert (tmp_path / "damaged" / JOURNAL).exists()
    assert path.read_bytes() == b""
    open_journal(path)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("step", "step", "x"),
        ("step", "step", 70),
        ("step", "intermediate_value", []),
        ("step", "intermediate_value", math.nan),
        ("values", "values", [math.nan]),
        ("values", "values", [1.0, 2.0]),
        ("values", "values", None),
        ("datetime_complete", "datetime_complete", None),
        ("param_name", "param_name", "other"),
        ("param_name", "param_name", True),
        ("param_name", "param_value_internal", math.nan),
        ("param_name", "param_value_internal", -100.0),
    ],
)
def test_lines_that_no_tuning_writes_are_damaged(
    make_config: Make, tmp_path: Path, line: str, name: str, value: Any
) -> None:
    config, path = make_config(trials=3), tmp_path / JOURNAL
    wanted = [(t.params, t.values) for t in finished(config, path).trials]
    logs = read_lines(path)
    last = max(place for place, log in enumerate(logs) if log is not None and line in log)
    seal_lines(path, [{**log, name: value} if i == last else log for i, log in enumerate(logs)])
    with pytest.warns(UserWarning, match=f"line .* of {len(logs)} is damaged"):
        open_journal(path)
    assert [(t.params, t.values) for t in finished(config, path).trials] == wanted


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.mkdir, (str(self.path), 0o700)


def test_a_pickle_in_the_journal_is_not_opened(make_config: Make, tmp_path: Path) -> None:
    config, path = make_config(sampler="cma-es", trials=12), tmp_path / JOURNAL
    study = open_study(config, open_journal(path))
    trial = study.ask(dict(config.space))
    bomb = pickle.dumps(Bomb(tmp_path / "exploded")).hex()
    study._storage.set_trial_system_attr(trial._trial_id, "cma:optimizer:0", bomb)
    study._storage.set_trial_system_attr(trial._trial_id, "cma:generation", 0)
    finished(config, path)
    assert not (tmp_path / "exploded").exists()
    pickle.loads(bytes.fromhex(bomb))
    assert (tmp_path / "exploded").exists()  # it would have


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "foo://edge:geheim@host/x",
        "sqlite:////nowhere/at/all.db",
        "mysql+nodriver://edge:geheim@host/x",
        "postgresql+psycopg://edge:geheim@127.0.0.1:1/x",
    ],
)
def test_unreachable_storages(url: str) -> None:
    if "psycopg" in url:
        pytest.importorskip("psycopg")
    with pytest.raises(InputError) as error, open_database(url):
        pass
    assert error.value.field == "--storage"
    assert "geheim" not in str(error.value)


def test_a_database_is_as_good_as_a_journal(make_config: Make, tmp_path: Path) -> None:
    config = make_config(trials=5)
    url = f"sqlite:///{tmp_path / 'x.db'}"
    journal = finished(config, tmp_path / JOURNAL)
    with open_database(url) as storage:
        study = open_study(config, storage)
        run_study(config, study, "me", alone=False)
        assert [(t.params, t.values) for t in study.trials] == [
            (t.params, t.values) for t in journal.trials
        ]


def test_names_belong_to_one_tuning(make_config: Make) -> None:
    assert study_name(make_config().identity) == study_name(make_config().identity)
    assert study_name(make_config().identity) != study_name(make_config(seed=1).identity)
