"""All 56 points are there, and what they refer to exists."""

import ast
from pathlib import Path

import pytest

from edgeopt.experiments.paper.claims import read_points
from edgeopt.problems.errors import InputError

ROOT = Path(__file__).parents[3]
POINTS = read_points()


def names_in(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Return what the statements define, by name."""
    found: dict[str, ast.stmt] = {}
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found[statement.name] = statement
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        found |= {target.id: statement for target in targets if isinstance(target, ast.Name)}
    return found


def resolve(reference: str) -> None:
    """Raise AssertionError unless the file is there and defines the name."""
    file, _, dotted = reference.partition(":")
    path = ROOT / file
    assert path.is_file(), reference
    assert bool(dotted) == (path.suffix == ".py"), f"{reference}: Python files are named in part"
    body = ast.parse(path.read_text()).body if dotted else []
    for name in dotted.split(".") if dotted else []:
        assert name in names_in(body), reference
        body = getattr(names_in(body)[name], "body", [])


def test_there_are_56():
    assert [point.number for point in POINTS] == list(range(1, 57))


@pytest.mark.parametrize("point", POINTS, ids=lambda point: str(point.number))
def test_references_resolve(point):
    for reference in point.code:
        resolve(reference)


@pytest.mark.parametrize(
    "reference",
    ["problems/none.py:x", "problems/errors.py:none", "problems/errors.py:InputError.none",
     "problems/errors.py"],
)  # fmt: skip
def test_the_check_can_fail(reference):
    with pytest.raises(AssertionError):
        resolve(reference)


POINT = '[[points]]\nnumber = 1\nprinted = "a"\nreading = "b"\n'


@pytest.mark.parametrize(
    "text",
    [
        "points = 1\n",
        "[[points]]\nnumber = 1\n",
        f'{POINT}code = []\n',
        f'{POINT}code = ["x"]\nbecause = "y"\n',
        f'{POINT}code = [1]\n',
        f'{POINT}code = []\nbecause = ""\n',
        f'{POINT.replace("1", "0")}code = ["x"]\n',
        f'{POINT}code = ["x"]\n{POINT}code = ["x"]\n',
    ],
)  # fmt: skip
def test_broken_files_are_refused(tmp_path: Path, text):
    (tmp_path / "some.toml").write_text(text)
    with pytest.raises(InputError):
        read_points(tmp_path)


def test_why_nothing_embodies_a_point(tmp_path: Path):
    (tmp_path / "some.toml").write_text(f'{POINT}code = []\nbecause = "no formula"\n')
    (point,) = read_points(tmp_path)
    assert (point.topic, point.code, point.because) == ("some", (), "no formula")
