"""CSV: a row a task."""

from pathlib import Path

import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import load_file


def save(folder: Path, text: str) -> Path:
    path = folder / "times.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "1,2.5\n3,0\n",
        "pi,jetson\n1,2.5\n3,0",
        "\ufeff1,2.5\n3,0\n",
        "\ufeffpi,jetson\r\n1,2.5\r\n\r\n3,0\r\n",
        '"pi, 4",jetson\n 1 ,"2.5"\n3,0\n',
    ],
)
def test_rows_with_or_without_names(tmp_path: Path, text: str):
    problem = load_file(save(tmp_path, text))
    assert problem.matrix.tolist() == [[1.0, 2.5], [3.0, 0.0]]
    assert problem.name == "times"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("a,b\n", "no rows"),
        ("1,2\n3\n", "line 2: got '1 cells', must be 2 cells"),
        ("a,b\n1,2\n\n3,4,5\n", "line 4: got '3 cells', must be 2 cells"),
        ("1,2\n3,x\n", "line 2: got 'x', must be a number"),
        ("1,2\n3,\n", "line 2: got '', must be a number"),
        ("a,2\n3,4\n", "line 1: got 'a', must be a number"),
        ("1,2\n3,nan\n", r"et\[1, 1\]: got nan"),
        ("1;2\n3;4\n", "line 2: got '3;4', must be a number"),
        ("1,2\n3,\0\n", "must be"),
    ],
)
def test_broken_tables_are_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError, match=message):
        load_file(save(tmp_path, text))


def test_binary_tables_are_refused(tmp_path: Path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe1,2")
    with pytest.raises(InputError, match="must be CSV text"):
        load_file(tmp_path / "x.csv")
