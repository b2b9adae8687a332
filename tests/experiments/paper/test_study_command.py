"""`edgeopt study` writes tables and figures, and refuses bad input in one line."""

import pytest

from edgeopt.experiments.paper import scale, windows


def test_windows(edgeopt, tmp_path, monkeypatch):
    monkeypatch.setattr(windows, "SCHEDULERS", ("mct",))
    outcome = edgeopt("study", "windows", "--out", "new/folder", "--seeds", "1", "--tasks", "100")
    assert outcome.code == 0, outcome.err
    files = ("windows.csv", "windows.png", "windows.pdf")
    assert outcome.out.split() == [f"new/folder/{name}" for name in files]
    assert all((tmp_path / "new/folder" / name).stat().st_size for name in files)
    lines = (tmp_path / "new/folder/windows.csv").read_text().splitlines()
    assert len(lines) == 1 + 6 * (4 + 7)


def test_scale(edgeopt, tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "MASTER_SOLVERS", ("mct",))
    monkeypatch.setattr(scale, "NODES", (10,))
    outcome = edgeopt("study", "scale", "--out", ".", "--tasks", "150")
    assert outcome.code == 0, outcome.err
    names = ("cost.csv", "masters.csv", "simulated.csv", "scale.png", "scale.pdf")
    assert outcome.out.split() == list(names)
    assert all((tmp_path / name).stat().st_size for name in names)


@pytest.mark.parametrize(
    "arguments",
    [
        ["everything", "--out", "."],
        ["windows"],
        ["windows", "--out", ".", "--seeds", "0"],
        ["scale", "--out", ".", "--tasks", "3"],
        ["scale", "--out", "file/folder"],
    ],
)
def test_bad_input_is_one_line(edgeopt, tmp_path, arguments):
    (tmp_path / "file").write_text("")
    outcome = edgeopt("study", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("edgeopt: ")
    assert outcome.err.count("\n") == 1
