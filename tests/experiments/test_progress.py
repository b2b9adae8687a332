"""The bar of long work, and lines where there is no terminal."""

import io
import logging
import sys
from collections.abc import Callable

import pytest

import edgeopt.experiments.runs.progress as module
from edgeopt.experiments.runs.progress import log_progress, progress


def test_short_work_is_not_mentioned_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("cells") as report:
        report(1, 2)
        report(2, 2)
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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the present time in s, to be changed."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_log_has_a_line_every_ten_seconds_and_at_the_end(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edgeopt")
    report = log_progress("cells")
    for done in range(2, 13):  # two were there before
        report(done, 12)
        clock[0] += 4.0
    assert caplog.messages == [
        "cells: 5 of 12, 0:00:12 so far, about 0:00:28 left",
        "cells: 8 of 12, 0:00:24 so far, about 0:00:16 left",
        "cells: 11 of 12, 0:00:36 so far, about 0:00:04 left",
        "cells: 12 of 12, 0:00:40 so far",
    ]


def test_the_time_left_leaves_out_the_first_step(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edgeopt")
    report = log_progress("cells")
    for done, seconds in ((0, 14.0), (1, 10.0), (101, 0.0)):  # kernels are compiled in the first
        report(done, 1001)
        clock[0] += seconds
    assert caplog.messages == [
        "cells: 1 of 1001, 0:00:14 so far",
        "cells: 101 of 1001, 0:00:24 so far, about 0:01:30 left",
    ]


def test_the_command_line_prints_the_log(
    edgeopt: Callable, sweep_file: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LINE_SECONDS", 0.0)
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    lines = outcome.err.splitlines()
    assert lines[0].startswith("cells: 0 of 18, 0:0")
    assert lines[-1].startswith("cells: 18 of 18, 0:0")
