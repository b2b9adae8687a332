"""`edgeopt learn` without what it needs."""

import sys

import pytest

from edgeopt.experiments import cli


def fails_with(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["edgeopt", "learn", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    assert ended.value.code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_without_torch(learning_file, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pip install 'edgeopt[torch]'" in fails_with(monkeypatch, capsys, learning_file)


def test_bad_input_is_one_line(learning_file, tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="the extra torch is not installed")
    assert "an existing file" in fails_with(monkeypatch, capsys, tmp_path / "nothing.toml")
    assert "--jobs" in fails_with(monkeypatch, capsys, learning_file, "--jobs", 0)
    text = learning_file.read_text(encoding="utf-8").replace("digits", "cifar10", 1)
    learning_file.write_text(text, encoding="utf-8")
    line = fails_with(monkeypatch, capsys, learning_file, "--data", tmp_path / "none")
    assert "none" in line
    learning_file.write_text(text.replace("cut = 5", "cut = 99"), encoding="utf-8")
