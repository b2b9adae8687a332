"""Files that are there whole or not at all."""

import os
from pathlib import Path

import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically


def test_a_file_is_written_and_replaced(tmp_path: Path):
    path = tmp_path / "table.csv"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "table.csv"
    write_atomically(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_before_the_rename_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "table.csv"
    write_atomically(path, b"old")

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert all(left.name.startswith("_") for left in tmp_path.iterdir() if left != path)


@pytest.mark.parametrize("name", ["missing/x", "file/x", "folder", "n" * 300])
def test_places_that_cannot_be_written_are_refused(tmp_path: Path, name: str):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="must be a writable path"):
        write_atomically(tmp_path / name, b"data")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_pipe_or_device_is_not_replaced(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path(os.devnull)):
        with pytest.raises(InputError, match=r"device or pipe.*must be a writable path"):
            write_atomically(path, b"data")
    assert pipe.is_fifo()
    assert Path(os.devnull).is_char_device()


def test_a_path_without_a_name_is_refused():
    with pytest.raises(InputError, match="the name of a file"):
        write_atomically(Path(), b"data")
