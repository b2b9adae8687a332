"""The bar of long work."""

import io
import sys

import pytest

from edgeopt.experiments.runs.progress import progress


def test_nothing_is_shown_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("cells") as report:
        report(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_what_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress("cells") as report:
        report(1, 2)
        report(3, 4, "runs")
    assert "runs" in screen.getvalue()
    assert "3/4" in screen.getvalue()
