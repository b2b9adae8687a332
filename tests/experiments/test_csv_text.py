"""CSV tables whose names could be formulas."""

import csv
import io

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.csv_text import csv_rows, csv_table, guarded, unguarded

FORMULAS = ("=1+1", "+cmd|x", "-a", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "＝1")


def test_formulas_are_texts_and_numbers_stay_numbers() -> None:
    for text in FORMULAS:
        assert guarded(text) == f"'{text}"
    for plain in (
        "a=1",
        "lpt",
        "'quoted'",
        "",
        "-1.5",
        "+2e3",
        "-inf",
        -1.5,
        None,
        "paper:20x4:seed=1",
    ):
        assert guarded(plain) == plain


@given(st.text(st.sampled_from("=+-@\t\r'a1＝")))
def test_names_come_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in {*"=@\t\r＝"}


def test_tables_are_read_back_with_their_names() -> None:
    table = pd.DataFrame({"=name": [*FORMULAS, None], "gap": -0.5, "n": range(10)})
    found = pd.read_csv(io.BytesIO(csv_table(table, "%.3g")), lineterminator="\n")
    assert [*found.columns] == ["'=name", "gap", "n"]
    assert [*found["'=name"].dropna().map(unguarded)] == [*FORMULAS]
    assert found["gap"].tolist() == [-0.5] * 10
    rows = csv_rows([("task", "node"), ("=a,b", 1), ("\udcff", "-2")])
    assert [*csv.reader(io.StringIO(rows.decode()))] == [
        ["task", "node"],
        ["'=a,b", "1"],
        ["\\udcff", "-2"],
    ]
