"""Numbers in pages are those of the committed result files."""

import re
from pathlib import Path

import pytest

from edgeopt.experiments.page_numbers import MARK, ROOT, TABLE, fill, pages, table_text, value_text
from edgeopt.problems.errors import InputError

MARKED = [
    page
    for page in pages()
    if any(mark.search(page.read_text(encoding="utf-8")) for mark in (MARK, TABLE))
]


@pytest.mark.parametrize("page", MARKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_says_what_its_files_say(page: Path):
    text = page.read_text(encoding="utf-8")
    assert fill(text) == text, "python -m edgeopt.experiments.page_numbers"


def test_every_mark_is_whole():
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for kind, mark in (("value", MARK), ("table", TABLE)):
            begun = re.findall(rf"(?<!`)<!-- {kind} ", text)  # in backticks a mark is spoken of
            assert len(begun) == len(mark.findall(text)), page


def test_there_are_marked_pages():
    assert len(MARKED) >= 3


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text("name,nodes,gap\na b,10,0.125\na b,20,0.5\nc,10,0.25\n")
    (tmp_path / "o.json").write_text('{"values": {"x, y": {"value": 2.5}}, "none": Infinity}')
    return tmp_path


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("t.csv 'name=a b' nodes=10 get=gap", "0.125"),
        ("t.csv 'name=a b' get=gap by=mean times=100 as=.1f", "31.2"),
        ("t.csv get=gap by=max", "0.5"),
        ("t.csv nodes=10 'name=a b' get=gap over=name=c", "0.5"),
        ("t.csv nodes=10 'name=a b' get=gap over=name=c plus=-1 times=100 as=.0f", "-50"),
        ("t.csv nodes=20 get=gap+nodes", "20.5"),
        ("o.json 'get=values/x, y/value' plus=0.5", "3"),
        ("o.json get=none as=.1f", "∞"),
        ("o.json 'get=values/x, y/value' as=.2f", "2.50"),
    ],
)
def test_numbers_by_hand(root: Path, query: str, text: str):
    assert value_text(query, root) == text


def test_a_stale_number_is_replaced_and_nothing_else(root: Path):
    page = "a <!-- value t.csv name=c get=gap -->0.3<!-- end --> b"
    assert fill(page, root) == "a <!-- value t.csv name=c get=gap -->0.25<!-- end --> b"
    assert fill("no marks", root) == "no marks"


@pytest.mark.parametrize(
    "query",
    ["t.csv get=gap", "t.csv name=d get=gap", "t.csv name=c", "t.csv name=c get=none",
     "t.csv nodes=10 get=gap by=sum", "t.csv c get=gap", "o.json get=values/z"],
)  # fmt: skip
def test_broken_marks_are_refused(root: Path, query: str):
    with pytest.raises(InputError):
        value_text(query, root)


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        (
            "t.csv rows=name,nodes get=gap times=100 as=.1f",
            ["| name | nodes | gap |", "|---|---|---:|", "| a b | 10 | 12.5 |",
             "| a b | 20 | 50.0 |", "| c | 10 | 25.0 |"],
        ),
        (
            "t.csv rows=name columns=nodes get=gap as=.2f best=min 'head=,ten,twenty'",
            ["|  | ten | twenty |", "|---|---:|---:|", "| a b | **0.12** | **0.50** |",
             "| c | 0.25 | – |"],
        ),
        (
            "t.csv 'name=c|d' rows=nodes get=name,gap",
            ["| nodes | name | gap |", "|---|---|---:|", "| 10 | c | 0.25 |"],
        ),
    ],
)  # fmt: skip
def test_tables_by_hand(root: Path, query: str, lines: list[str]):
    assert table_text(query, root).splitlines() == lines
    page = f"a\n\n<!-- table {query} -->\nold\n<!-- end -->\nb"
    assert fill(page, root) == page.replace("old", "\n".join(lines))


@pytest.mark.parametrize(
    "query",
    ["t.csv rows=name", "t.csv rows=name get=gap", "t.csv rows=name get=none",
     "t.csv name=d rows=name get=gap", "t.csv rows=name,nodes get=gap head=a,b",
     "t.csv rows=name columns=nodes get=gap,nodes",
     "t.csv nodes=10 rows=name get=gap as=f best=no"],
)  # fmt: skip
def test_broken_tables_are_refused(root: Path, query: str):
    with pytest.raises(InputError):
        table_text(query, root)
