"""`edgeopt paper`: what is asked for is made, and bad input is one line."""

from pathlib import Path

import pytest


def test_parts_that_are_asked_for(edgeopt, tmp_path: Path):
    arguments = ("paper", "--quick", "--only", "fig5", "--only", "table1", "--out", "new/folder")
    outcome = edgeopt(*arguments)
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[-1] == "written: new/folder/README.md"
    text = (tmp_path / "new/folder/README.md").read_text()
    assert text.count("**reproduced") == 3
    for name in ("table1/cuts.png", "fig5/memory.png"):
        assert f"({name})" in text
        assert (tmp_path / "new/folder" / name).stat().st_size
    again = edgeopt(*arguments)
    assert again.out.splitlines()[:2] == ["table1: up to date", "fig5: up to date"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--out", "x", "--only", "fig4"],
        ["--out", "x", "--only", "fig5", "--only", "all"],
        ["--out", "x", "--jobs", "0"],
        ["--out", "file/x", "--only", "fig5"],
        ["--only", "fig5"],
        ["fig5", "--out", "x"],
    ],
)
def test_bad_input_is_one_line(edgeopt, tmp_path: Path, arguments):
    (tmp_path / "file").write_text("")
    outcome = edgeopt("paper", *arguments)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert outcome.err.startswith("edgeopt: ")
    assert not (tmp_path / "x").exists()


def test_what_is_missing_is_said_and_stops_no_other(edgeopt, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("edgeopt.experiments.paper.dormancy.PAPER_FOLDER", tmp_path / "nowhere")
    outcome = edgeopt("paper", "--quick", "--only", "dormancy", "--only", "table1", "--out", "x")
    assert outcome.code == 1
    assert "dormancy: configuration file: got" in outcome.out
    assert outcome.out.splitlines()[-1] == "not made, for the reasons above: dormancy"
    assert "## Table 1" in (tmp_path / "x/README.md").read_text()
