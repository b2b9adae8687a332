"""Numbers as text, and tables for Markdown, LaTeX and the terminal."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments import text
from edgeopt.experiments.text import (
    Entry,
    ReportTable,
    choose_columns,
    file_names,
    latex_table,
    latex_text,
    markdown_list,
    markdown_table,
    significant,
    table_width,
    turned,
)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (text.percent(0.12345), "12.35"),
        (text.percent(math.inf), "∞"),
        (text.decimal(math.nan), "–"),
        (text.decimal(-math.inf), "-∞"),
        (text.limits(0.5, math.inf), "[0.50, ∞]"),
        (text.p_value(0.0004), "<0.001"),
        (text.p_value(0.0312), "0.031"),
        (text.p_relation(1e-9), "p < 0.001"),
        (text.p_relation(0.25), "p = 0.250"),
        (text.p_digits(0.000123), "p = 0.00012"),
        (text.p_digits(9e-7), "p < 1e-06"),
        (text.seconds(0.00123), "1.23 ms"),
        (text.seconds(2.5e-9), "0.0025 µs"),
        (text.seconds(75.04), "75 s"),
        (text.seconds(math.inf), "∞"),
        (text.count(12345.6), "12,346"),
        (text.scaled(None), "–"),
        (text.scaled(0.0123, 1e3, ".1f"), "12.3"),
    ],
)
def test_numbers_as_text(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.0, 4, "0"),
        (12.0, 4, "12"),
        (0.123456, 4, "0.1235"),
        (1234.56, 4, "1235"),
        (1234.56, 5, "1234.6"),
        (123.4567, 5, "123.46"),
        (999_999.0, 4, "999999"),
        (2.5e7, 4, "2.5e+07"),
        (-1e-9, 4, "-1e-09"),
        (math.inf, 4, "∞"),
    ],
)
def test_significant_digits(value: float, digits: int, expected: str) -> None:
    assert significant(value, digits) == expected


@given(st.floats(-1e5, 1e5))
def test_four_digits_are_close(value: float) -> None:
    assert float(significant(value)) == pytest.approx(value, rel=6e-4)


def test_a_markdown_table_by_hand() -> None:
    assert markdown_table(["a", "b|c", "d"], [["x\ny", "1", "2"]], "lr") == [
        "| a | b\\|c | d |",
        "|---|---:|---:|",
        "| x y | 1 | 2 |",
    ]
    assert markdown_table(["a", "b"], []) == ["| a | b |", "|---|---|"]


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_a_markdown_row_stays_one_row_of_its_cells(rows: list[list[str]]) -> None:
    lines = markdown_table(["a", "b"], rows, "r")
    assert len(lines) == 2 + len(rows)
    for line in lines:
        assert "\n" not in line
        assert line.replace("\\|", "").count("|") == 3


def test_a_markdown_list() -> None:
    assert markdown_list(["a", "b"]) == ["- a", "- b"]


def test_latex_has_rules_and_escapes_what_users_named():
    rows = tuple((Entry(name), Entry("∞", math.inf)) for name in ("a_b & 50%", "[x]", "µ < 1"))
    code = latex_table(ReportTable("t", "Title", ("solver", "gap ≤ 1 %"), rows))
    for rule in ("\\toprule", "\\midrule", "\\bottomrule", "{lr}", "\\label{tab:t}"):
        assert rule in code
    assert r"a\_b \& 50\% & $\infty$ \\" in code
    assert "\n{}[x] &" in code
    assert r"\textmu{} $<$ 1" in code
    assert r"gap $\le$ 1 \%" in code


def test_the_best_entries_are_bold_and_the_table_is_centred():
    rows = ((Entry("a"), Entry("1", 1.0, best=True)), (Entry("b"), Entry("2", 2.0)))
    code = latex_table(ReportTable("t", "Title", ("solver", "n"), rows))
    assert code.splitlines()[1:4] == ["\\centering", "\\caption{Title}", "\\label{tab:t}"]
    assert r"a & \textbf{1} \\" in code
    assert r"b & 2 \\" in code


def test_every_sign_of_latex_is_a_text():
    signs = latex_text(r"\frac{1}$ #_%&~^ 10⁻⁶")
    assert signs == (
        r"\textbackslash{}frac\{1\}\$ \#\_\%\&\textasciitilde{}\textasciicircum{} 10$^{-6}$"
    )


def test_file_names_differ_whatever_the_names():
    names = ["x_1", "x-1", "x 1", "X-1", "节点", "任务", "a/b", "...", "ß" * 200, "SS" * 200]
    files = file_names(names)
    assert files[:6] == ["x_1", "x-1", "x-1-2", "X-1-3", "节点", "任务"]
    assert files[6:8] == ["a-b", "unnamed"]
    assert len({name.casefold() for name in files}) == len(names)
    assert all(len(name) <= 70 for name in files)


def test_columns_are_chosen_in_an_order():
    entries = tuple(Entry(sign) for sign in "xyz")
    table = ReportTable("t", "T", ("a", "b", "c"), (entries,))
    chosen = choose_columns(table, ["c", "none", "a"])
    assert (chosen.columns, chosen.rows) == (("c", "a"), ((entries[2], entries[0]),))
    assert choose_columns(table, ["b", "none"]) == table


def test_a_table_turns():
    columns, rows = ("", "p", "q"), [("a", "1", "2"), ("bb", "3", "4")]
    assert turned(columns, rows, str) == [("p", "1", "3"), ("q", "2", "4")]
    assert table_width(columns, rows) == len("bb  1  2")


def test_a_long_table_breaks_across_pages():
    rows = tuple((Entry(str(i), i),) for i in range(50))
    assert "\\begin{longtable}{r}" in latex_table(ReportTable("t", "Title", ("n",), rows))
