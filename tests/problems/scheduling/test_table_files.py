"""Tables in files as people have them."""

import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import load_file
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

AB = ("a", "b")
TWO = [[1.0, 2.5], [3.0, 0.0]]
INF = np.inf


def save(folder: Path, text: str, name: str = "times.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "tasks", "nodes"),
    [
        ("1,2.5\n3,0\n", None, None),
        ("a,b\n1,2.5\n3,0", None, AB),
        ("\ufeff1,2.5\n3,0\n", None, None),
        ("\ufeffa,b\r\n1,2.5\r\n\r\n3,0\r\n", None, AB),
        ('"pi, 4",jetson\n 1 ,"2.5"\n3,0\n', None, ("pi, 4", "jetson")),
        ("a;b\n1;2,5\n3;0\n", None, AB),
        ("a;b\n1;2.5\n3;0\n", None, AB),
        ("a\tb\n1\t2,5\n3\t0\n", None, AB),
        ("a b\n 1  2.5\n3 0 \n", None, AB),
        ('"a","b"\n"1","2,5"\n"3","0"\n', None, AB),
        ("sep=;\na;b\n1;2,5\n3;0\n", None, AB),
        ("# one\na,b\n# two, three\n1,2.5\n3,0\n# four\n", None, AB),
        ("# a,b\n1,2.5\n3,0\n", None, AB),
        ("# made by me\n1,2.5\n3,0\n", None, None),
        ("#,a,b\n7,1,2.5\n9,3,0\n", ("7", "9"), AB),
        ("a,b,\n1,2.5,\n3,0,\n", None, AB),
        ("a,b\n1,2.5,\n3,0,\n", None, AB),
        ("1,2.5,,\n3,0,,\n,,,\n", None, None),
        (",a,b\n0,1,2.5\n1,3,0\n", ("0", "1"), AB),
        ("Unnamed: 0,a,b\n4,1,2.5\n2,3,0\n", ("4", "2"), AB),
        ('"","a","b"\n"1",1,2.5\n"2",3,0\n', ("1", "2"), AB),
        ('"a","b"\n"1",1,2.5\n"2",3,0\n"3",1,1', ("1", "2", "3"), AB),
        ('"a","b"\n"x",1,2.5\n"y",3,0\n', ("x", "y"), AB),
        ("   a  b\n0  1  2.5\n1  3  0\n", ("0", "1"), AB),
        ("task,a,b\nx,1,2.5\ny,3,0\n", ("x", "y"), AB),
        ("any,a,b\nx,1,2.5\ny,3,0\n", ("x", "y"), AB),
        ("Task_ID,a,b\n17,1,2.5\n4,3,0\n", ("17", "4"), AB),
        ("x,1,2.5\ny,3,0\n", ("x", "y"), None),
        ("0,1\n1.0,2.5\n3.0,0.0\n", None, ("0", "1")),
        (",0,1\n0,1,2.5\n1,3,0\n", ("0", "1"), ("0", "1")),
        (",10,20\n1,1.0,2.5\n2,3.0,0.0\n", ("1", "2"), ("10", "20")),
        ("task,0,1\nx,1.0,2.5\ny,3.0,0.0\n", ("x", "y"), ("0", "1")),
        ("task,10,20\n0,1,2.5\n1,3,0\n", ("0", "1"), ("10", "20")),
        ("task,10,20\nx,1,2.5\ny,3,0\n", ("x", "y"), ("10", "20")),
        ("mine,0,1\n9,1,2.5\n4,3,0\n", ("9", "4"), ("0", "1")),
    ],
)
def test_kinds_of_tables(tmp_path: Path, text: str, tasks: tuple | None, nodes: tuple | None):
    problem = load_file(save(tmp_path, text))
    rows = [*TWO, [1.0, 1.0]][: problem.tasks]
    assert problem.matrix.tolist() == rows
    assert problem.name == "times"
    assert problem.task_names == tasks
    assert problem.node_names == nodes


@pytest.mark.parametrize(
    ("text", "matrix"),
    [
        ("1.234,5;2,0\n3,0;4,0\n", [[1234.5, 2.0], [3.0, 4.0]]),
        ("1,234.5;2.0\n3.0;4.0\n", [[1234.5, 2.0], [3.0, 4.0]]),
        ('"1,234.5",2.0\n3.0,"1,234,567"\n', [[1234.5, 2.0], [3.0, 1234567.0]]),
        ("1'234.5,2\n3,4\n", [[1234.5, 2.0], [3.0, 4.0]]),
        ("1\u202f234,5;2\n3;1\u00a0000\n", [[1234.5, 2.0], [3.0, 1000.0]]),
        ("1 234,5;2\n3;4\n", [[1234.5, 2.0], [3.0, 4.0]]),
        ("1,5e3;+2\n,5;1e-2\n", [[1500.0, 2.0], [0.5, 0.01]]),
        ("1.234,5.678\n9.012,3.456\n", [[1.234, 5.678], [9.012, 3.456]]),
        ("0.234;5.678\n9.012;3.456\n", [[0.234, 5.678], [9.012, 3.456]]),
        ("7\n3.5\n", [[7.0], [3.5]]),
        (",2,3\n4,5.5,6\n4,7,8\n", [[INF, 2.0, 3.0], [4.0, 5.5, 6.0], [4.0, 7.0, 8.0]]),
        ("1,2\n2,1\n3,3\n", [[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]]),
        ("1,2,3\n4,5,6\n7,8,9\n", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
        ("1,2,3,4\n5,6,7,8\n", [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]),
        ("1,NA\nnan,2\ninf,2\n,2\nInf,#N/A\n4,4\n", None),
    ],
)
def test_numbers_as_people_write_them(tmp_path: Path, text: str, matrix: list | None):
    if matrix is None:
        with pytest.raises(InputError, match=r"times.csv: et\[4\]"):  # a task that runs nowhere
            load_file(save(tmp_path, text))
        text = text.replace("Inf,#N/A", "Inf,1")
        matrix = [[1.0, INF], [INF, 2.0], [INF, 2.0], [INF, 2.0], [INF, 1.0], [4.0, 4.0]]
    assert load_file(save(tmp_path, text)).matrix.tolist() == matrix


@pytest.mark.parametrize(
    ("text", "options", "shapes"),
    [
        ("0,1,2\n3,4,5\n6,7,1\n", "header", [(2, 3), (3, 3)]),
        ("10,20\n3.5,4.5\n6.5,7.5\n", "header", [(2, 2), (3, 2)]),
        ("0\n3.5\n6.5\n", "header", [(2, 1), (3, 1)]),
        ("1,2,3,4\n5,6,7,3\n", "header", [(1, 4), (2, 4)]),
        ("1,2,3\n5,6.5,7\n5,7,3.5\n", "header", [(2, 3), (3, 3)]),
        (",5,6\n1,2,3\n2,4,7\n", "header", [(2, 2), (3, 3)]),
        (",5,6\n3,2,3\n2,4,7\n", "header", [(2, 2), (3, 3)]),
        (",0.5,1.5\n0,2,3\n1,4,7\n", "header", [(2, 2), (3, 3)]),
        ("x,0,1\ny,2,3\n", "header", [(1, 2), (2, 2)]),
        ("0,5.5\n1,2.5\n2,4.5\n", "index", [(3, 1), (3, 2)]),
        ("a,b\n1,5.5\n2,2.5\n3,4.5\n", "index", [(3, 1), (3, 2)]),
        ("1,5\n2,2\n3,4\n4,7\n", "index", [(4, 1), (4, 2)]),
        ("5,5\n2,2\n3,4\n4,7\n0,1\n1,1\n", "index", [(6, 1), (6, 2)]),
        ("task,b\n7,5.5\n7,2.5\n", "index", [(2, 1), (2, 2)]),
        (",b\n0.5,5.5\n7,2.5\n", "index", [(2, 1), (2, 2)]),
        ("1.234;2.500\n3.000;4.000\n", "decimal", [(2, 2), (2, 2)]),
        ("time\n1,5\n2,3\n3,7\n", "decimal", [(3, 1), (3, 1)]),
        ("x 1,3\nx 2,5\n", "separator", [(2, 1), (2, 1)]),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(
    tmp_path: Path, text: str, options: str, shapes: list
):
    path = save(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_file(path)
    if options == "header":
        first = (f"{path} line 1", text.splitlines()[0])
        assert (caught.value.field, caught.value.value) == first
    choices = {"decimal": ("point", "comma"), "separator": ("comma", "space")}
    for choice, shape in zip(choices.get(options, ("yes", "no")), shapes, strict=True):
        spec = f"{path}:{options}={choice}"
        assert f"({spec})" in caught.value.rule or options in ("decimal", "separator")
        assert load_problem(spec).matrix.shape == shape
        value = choice if options in choices else choice == "yes"
        assert load_problem(path, **{options: value}).matrix.shape == shape


def test_readings_are_described(tmp_path: Path):
    path = save(tmp_path, "1.234;2.500\n3.000;4.000\n")
    with pytest.raises(InputError) as caught:
        load_file(path)
    assert caught.value.rule == (
        f"marked as 2 x 2 up to 4 ({path}:decimal=point) or as 2 x 2 up to 4000 "
        f"({path}:decimal=comma)"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("a,b\n", "no rows"),
        ("# a\n\n", "no rows"),
        ("1,2\n3\n", "line 2: got '1 cells', must be 2 cells"),
        ("a,b\n1,2\n\n3,4,5\n", "line 4: got '3 cells', must be 2 cells"),
        ("# x\na;b\n1;2\n3\n", "line 4: got '1 cells', must be 2 cells"),
        ("a,b\n1,2\n3\n", "line 3: got '1 cells', must be 2 cells"),
        ("1,2\n3,4,5\n6,7,8\n", "line 2: got '3 cells', must be 2 cells"),
        ("a,b\n1,2,3\n9,5,6\n", "line 2: got '3 cells', must be 2 cells"),
        ("5,b\nx,1,2\ny,5,6\n", "line 2: got '3 cells', must be 2 cells"),
        ("1,2\n3,x\n", "line 2: got 'x', must be a number"),
        ("a,2\n3,4\n", "line 1: got 'a', must be a number .or header=yes"),
        ("1,x\n3,4\n", "line 1: got 'x', must be a number"),
        ("a,b\nx,1\n3,4\n", "line 2: got 'x', must be a number"),
        ("a;b\n1,5;2.5\n", "line 2: got '1,5', must be a number with a decimal point"),
        ("1,2\n3,1_0\n", "line 2: got '1_0'"),
        ("1,2\n3,٣\n", "line 2: got '٣'"),
        ("1,2\n3,1e400\n", "line 2: got '1e400', must be at most 1.8e308"),
        ("1,2\n3,-4\n", r"times.csv: et\[1, 1\]: got -4"),
        ("a,,b\n1,2,3\n", "column 2: got '', must be a name"),
        ("a,memory\n1,2\n", "line 1: got 'memory', must be left out"),
        ("1,2\n3,\0\n", "must be CSV text"),
        ("1,2\n,\n3,4\n", r"times.csv: et\[1\]: got"),
        ('a\n1\n""\n', r"times.csv: et\[1\]: got"),
    ],
)
def test_broken_tables_are_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError, match=message):
        load_file(save(tmp_path, text))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("name", ["t.csv", "t.CSV", "t.tsv", "t.csv.gz"])
def test_encodings(tmp_path: Path, encoding: str, name: str):
    path = save(tmp_path, "Gerät;Knoten\n1,5;2\n", name, encoding)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    problem = load_file(path)
    assert problem.node_names == ("Gerät", "Knoten")
    assert problem.matrix.tolist() == [[1.5, 2.0]]
    assert problem.name == "t"


def test_a_comma_cannot_do_both(tmp_path: Path):
    path = save(tmp_path, "a,b\n1,2\n")
    with pytest.raises(InputError, match="must be of another separator, or quoted"):
        load_problem(f"{path}:decimal=comma")


def test_binary_tables_are_refused(tmp_path: Path):
    for data in (b"\xff\xfe1,2", b"\x8d\x81", b"a,\0\n1,2"):
        (tmp_path / "x.csv").write_bytes(data)
        with pytest.raises(InputError, match="must be CSV text"):
            load_file(tmp_path / "x.csv")


# Frames through files.


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Draw execution times with labels or without, some of them missing."""
    k, x = draw(st.integers(2, 5)), draw(st.integers(2, 4))
    times = st.floats(0.001, 1e6).filter(lambda time: time != round(time))
    values = draw(arrays(np.float64, (k, x), elements=times))
    if draw(st.booleans()):
        values[draw(st.integers(0, k - 1)), draw(st.integers(0, x - 1))] = np.nan
    labels = st.text("abcXYZ -_/äé", min_size=1, max_size=6).filter(
        lambda text: text == text.strip()
    )
    labels = labels.filter(lambda text: text.lower() not in ("na", "nan", "null", "none", "inf"))
    frame = pd.DataFrame(values)
    if draw(st.booleans()):
        frame.columns = draw(st.lists(labels, min_size=x, max_size=x, unique=True))
    if draw(st.booleans()):
        frame.index = draw(st.lists(labels, min_size=k, max_size=k, unique=True))
        frame.index.name = draw(st.sampled_from([None, "task"]))
    return frame


def check(problem: Problem, frame: pd.DataFrame, named: bool) -> None:
    """Compare a problem with the frame that it came from, to the bit."""
    assert problem.digest == Problem(frame).digest
    assert problem.task_names == (tuple(map(str, frame.index)) if named else None)
    assert problem.node_names in (None, tuple(map(str, frame.columns)))


@given(
    frame=frames(),
    index=st.booleans(),
    sep=st.sampled_from(",;\t"),
    decimal=st.sampled_from(".,"),
    missing=st.sampled_from(["", "NA", "inf", "nan"]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_frames_through_text(
    tmp_path_factory: pytest.TempPathFactory,
    frame: pd.DataFrame,
    index: bool,
    sep: str,
    decimal: str,
    missing: str,
    end: str,
    encoding: str,
):
    path = tmp_path_factory.getbasetemp() / "frame.csv"
    written = {"sep": sep, "decimal": decimal, "na_rep": missing, "lineterminator": end}
    frame.to_csv(path, index=index, encoding=encoding, **written)
    check(load_file(path), frame, named=index)
    named = index and not isinstance(frame.index, pd.RangeIndex)
    frame.to_csv(path, index=named, header=False, encoding=encoding, **written)
    check(load_file(path), frame, named)


@settings(max_examples=8)
@given(frame=frames(), index=st.booleans())
def test_frames_through_excel(
    tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame, index: bool
):
    pytest.importorskip("openpyxl")
    path = tmp_path_factory.getbasetemp() / "frame.xlsx"
    frame.to_excel(path, index=index)
    problem = load_file(path)
    # openpyxl writes 16 digits.
    np.testing.assert_allclose(problem.matrix, Problem(frame).matrix, rtol=1e-15)
    assert problem.task_names == (tuple(map(str, frame.index)) if index else None)


@settings(max_examples=20)
@given(frame=frames())
def test_frames_through_parquet(tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame):
    path = tmp_path_factory.getbasetemp() / "frame.parquet"
    frame.to_parquet(path)
    check(load_file(path), frame, named=not isinstance(frame.index, pd.RangeIndex))


def test_parquet_files_are_asked_about_too(tmp_path: Path):
    path = tmp_path / "times.parquet"
    pd.DataFrame({"a": [0, 1, 2], "b": [1.5, 2.5, 3.5]}).to_parquet(path)
    with pytest.raises(InputError, match=r"times.parquet column a: got .*index=yes or index=no"):
        load_file(path)
    assert load_problem(f"{path}:index=yes").task_names == ("0", "1", "2")
    assert load_problem(f"{path}:index=no").nodes == 2
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="a Parquet file"):
        load_file(path)


def test_sheets(tmp_path: Path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["task", "pi"])
    book.active.append(["x", 1.5])
    book.create_sheet("empty")
    path = tmp_path / "t.xlsx"
    book.save(path)
    assert load_file(path).task_names == ("x",)
    book.create_sheet("more").append([2, 3])
    book.save(path)
    with pytest.raises(InputError, match="sheet: got None, must be one of the sheets Sheet, more"):
        load_file(path)
    assert load_problem(f"{path}:sheet=more").matrix.tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("=1+1", "sheet Sheet row 2: got '=1\\+1', must be computed"),
        (True, "row 2: got 'True', must be a number or a name"),
        (pd.Timestamp("2024-05-01"), "row 2: got '2024-05-01 00:00:00', must be a number"),
        ("1,5", "row 2: got '1,5', must be a number with a decimal point"),
    ],
)
def test_cells_that_are_no_numbers(tmp_path: Path, value: object, message: str):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1.5, value])
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match=message):
        load_file(tmp_path / "t.xlsx")


def test_broken_workbooks_and_other_programs(tmp_path: Path):
    (tmp_path / "t.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(InputError, match=r"must be saved as .xlsx or .csv"):
        load_file(tmp_path / "t.xls")
    pytest.importorskip("openpyxl")
    for data in (b"", b"PK\x03\x04", b"1,2"):
        (tmp_path / "t.xlsx").write_bytes(data)
        with pytest.raises(InputError, match="must be an Excel file"):
            load_file(tmp_path / "t.xlsx")


def test_a_saved_text_keeps_numbers_to_the_bit(tmp_path: Path):
    matrix = np.random.default_rng(1).uniform(size=(50, 7))
    text = io.StringIO()
    np.savetxt(text, matrix, delimiter=",", header="a,b,c,d,e,f,g")
    problem = load_file(save(tmp_path, text.getvalue()))
    assert problem.node_names == tuple("abcdefg")
    assert problem.digest == Problem(np.loadtxt(io.StringIO(text.getvalue()), delimiter=",")).digest
