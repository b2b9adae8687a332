"""What is printed: tables, hostile names, terminals that lack signs."""

import io
import sys

import pytest
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.text import Text

from edgeopt.experiments.terminal import make_console, prepare_streams, say, terminal_table
from edgeopt.problems.visible import visible

HOSTILE = "a\x1b[31m\u202eb\x9b2J\x07c"
ESCAPED = "a\\x1b[31m\\u202eb\\x9b2J\\x07c"


def test_a_terminal_table_by_hand() -> None:
    console = Console(width=40, color_system=None)
    with console.capture() as capture:
        console.print(terminal_table(["a", "b"], [["x", "1"], ["yy", "22"]], title="T"))
        console.print(terminal_table(["", ""], [["x", "1"]], align="l", gap=1))
    lines = [line.rstrip() for line in capture.get().splitlines()]
    assert lines == ["T", "a    b", "x    1", "yy  22", "x 1"]


def test_headings_give_way_before_names_and_numbers_do() -> None:
    console = Console(width=24, color_system=None)
    with console.capture() as capture:
        console.print(terminal_table(["solver", "mean of all gaps"], [["a-long-name", "12.34"]]))
    assert "a-long-name" in capture.get()
    assert "12.34" in capture.get()


def test_control_characters_are_escaped_and_letters_of_all_scripts_are_not() -> None:
    assert visible(HOSTILE) == ESCAPED
    for plain in ("naïve", "调度", "می\u200cخواهم", "x_1 [bold]", "👩\u200d💻", "a\xa0b"):
        assert visible(plain) == plain
    for sign in "\n\t\r\0\x7f\u2028\u2066\u200f\ufeff\udcff":
        assert visible(f"a{sign}b") == f"a{ascii(sign)[1:-1]}b"


def test_lines_and_whatever_a_console_prints_are_escaped(capsys: pytest.CaptureFixture) -> None:
    say(HOSTILE, "b\nedgeopt: all is well")
    say(HOSTILE, error=True)
    captured = capsys.readouterr()
    assert captured.out == f"{ESCAPED}\nb\\nedgeopt: all is well\n"
    assert captured.err == f"{ESCAPED}\n"
    console = make_console(width=80)
    table = terminal_table([HOSTILE, "b"], [[HOSTILE, Text(HOSTILE)]], title=HOSTILE)
    for printed in (HOSTILE, Text(HOSTILE), Padding(HOSTILE, 1), Markdown(HOSTILE), table):
        console.print(printed)
        out = capsys.readouterr().out
        assert "a\\x1b[31m\\u202eb\\x9b2J" in out
        assert not {*"\x1b\u202e\x9b\x07"} & {*out}


def test_styles_of_a_terminal_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    make_console(width=80).print(Text(HOSTILE, style="bold"))
    assert f"\x1b[1m{ESCAPED[:9]}" in sys.stdout.getvalue()
    assert "\u202e" not in sys.stdout.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_signs_that_an_encoding_lacks_are_replaced(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    prepare_streams()
    say("– ∞ ≤ 1 µs × 10⁻⁴ ▲ 调")
    sys.stdout.flush()
    out = sys.stdout.buffer.getvalue().decode(encoding)
    expected = {
        "ascii": "- inf <= 1 us x 10-4 ^ \\u8c03",
        "latin-1": "- inf <= 1 µs × 10-4 ^ \\u8c03",
        "cp1252": "– inf <= 1 µs × 10-4 ^ \\u8c03",
        "utf-8": "– ∞ ≤ 1 µs × 10⁻⁴ ▲ 调",
    }
    assert out == f"{expected[encoding]}\n"
