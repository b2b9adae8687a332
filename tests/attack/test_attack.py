"""A few tries of the attack; ``python -m attack`` makes all of them."""

from pathlib import Path

import pytest

from attack import bits, folders
from attack.part import Part, Try
from attack.samples import make_sample
from attack.table import changes, run_again


def test_two_tries_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_sample("sweep", tmp_path / "samples" / "sweep")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folders, "_KINDS", ("sweep",))
    for part, module in ((bits.PART, bits), (folders.PART, folders)):
        monkeypatch.setattr(module, "_READERS", {"sweep": (["sweep", "--status"],)})
        assert attempted(part, 0, tmp_path) == ""


def attempted(part: Part, number: int, work: Path) -> str:
    """Make one try and return what it finds."""
    folder = work / f"{part.name}-{number}"
    folder.mkdir()
    return part.attempt(Try(1, number, work / "samples", work, folder))


def test_a_row_that_is_run_again_has_other_times_and_nothing_else():
    row = {"makespan": "3.5", "seconds": "0.1", "trace_seconds": "[0.1]", "cell_seconds": "0.2"}
    again = {**row, "seconds": "0.3", "trace_seconds": "[0.3]", "cell_seconds": "0.4"}
    assert changes("sweep", {"a": row}, {"a": again}) == []
    assert run_again("sweep", {"a": row, "b": row}, {"a": again}) == ["a", "b"]
    assert changes("sweep", {"a": row}, {"a": {**row, "seconds": "0.3"}}) != []
    assert changes("sweep", {"a": row}, {"a": {**again, "makespan": "3.6"}}) != []
