"""The folder of a tuning: to which tuning it belongs, and which process uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.folder import open_tuning_folder
from edgeopt.problems.errors import InputError

Make = Callable[..., TuneConfig]


def test_a_folder_keeps_its_worker(make_config: Make, tmp_path: Path) -> None:
    with open_tuning_folder(tmp_path / "new" / "deep", make_config()) as first:
        pass
    with open_tuning_folder(tmp_path / "new" / "deep", make_config()) as second:
        assert first == second
    with open_tuning_folder(tmp_path / "other", make_config()) as other:
        assert other["worker"] != first["worker"]
        assert {"optuna", "numpy", "command"} <= other["provenance"].keys()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seed": 4}, "seed"),
        ({"budget": {"evaluations": 61}}, "budget"),
        ({"solver": {"solver": "aco", "rho": 0.4}}, "solver"),
        ({"objective": "makespan"}, "objective"),
    ],
)
def test_another_tuning_is_refused(
    make_config: Make, tmp_path: Path, change: dict[str, object], field: str
) -> None:
    with open_tuning_folder(tmp_path, make_config()):
        pass
    with (
        pytest.raises(InputError, match="another --out") as error,
        open_tuning_folder(tmp_path, make_config(**change)),
    ):
        pass
    assert error.value.field == field


def test_what_processes_share_does_not_change(make_config: Make, tmp_path: Path) -> None:
    with open_tuning_folder(tmp_path, make_config(), shared=True):
        pass
    with open_tuning_folder(tmp_path, make_config(trials=9, held_out=None), shared=True):
        pass
    with (
        pytest.raises(InputError, match="--storage") as error,
        open_tuning_folder(tmp_path, make_config(racing=0.1), shared=True),
    ):
        pass
    assert error.value.field == "racing"


def test_a_second_process_is_refused(make_config: Make, tmp_path: Path) -> None:
    with (
        open_tuning_folder(tmp_path, make_config()),
        pytest.raises(InputError, match="no other process"),
        open_tuning_folder(tmp_path, make_config()),
    ):
        pass


def test_folders_of_other_things_are_left_alone(make_config: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path, tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError), open_tuning_folder(folder, make_config()):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"study": 1}', "\udcff"])
def test_a_broken_description(make_config: Make, tmp_path: Path, text: str) -> None:
    (tmp_path / "tune.json").write_text(text, errors="surrogateescape")
    with pytest.raises(InputError), open_tuning_folder(tmp_path, make_config()):
        pass


def test_a_process_killed_at_its_start(make_config: Make, tmp_path: Path) -> None:
    (tmp_path / ".lock").touch()
    (tmp_path / "_tune.json.123").write_text("{")
    with open_tuning_folder(tmp_path, make_config()) as description:
        written = json.loads((tmp_path / "tune.json").read_text())
        assert written.items() >= description.items()


def test_other_code_is_accepted_on_request_only(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_tuning_folder(tmp_path, make_config()):
        pass
    monkeypatch.setattr(TuneConfig, "code", "new")
    config = make_config()
    with pytest.raises(InputError, match="--accept-code"), open_tuning_folder(tmp_path, config):
        pass
    with open_tuning_folder(tmp_path, config, accept_code=True) as description:
        assert description["codes"][1:] == ["new"]
    with open_tuning_folder(tmp_path, config) as description:
        assert description["codes"][1:] == ["new"]


def test_passwords_are_not_recorded(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = "postgresql+psycopg://me:geheim@host:5/x --storage=mysql://me:ge/h:eim@host/x"
    monkeypatch.setattr("sys.argv", ["edgeopt", "tune", "a.toml", "--storage", *urls.split()])
    with open_tuning_folder(tmp_path, make_config()) as description:
        command = description["provenance"]["command"]
    assert command.endswith("psycopg://me:***@host:5/x --storage=mysql://me:***@host/x")
