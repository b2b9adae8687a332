"""The points of a close reading of the paper, and the code that embodies each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.toml_file import check_fields, check_strings, check_tables, read_toml
from problems.errors import InputError, check_integer

FOLDER = Path(__file__).parent / "points"
_FIELDS = ("number", "printed", "reading", "code", "because")


@dataclass(frozen=True)
class Point:
    """An error, gap or contradiction of the paper.

    Attributes
    ----------
    number : int
        Its number.
    topic : str
        What it is about: the name of its file.
    printed, reading : str
        What the paper prints, and how it is read here.
    code : tuple of str
        Files of this project that embody the reading, ``FILE:NAME`` or ``FILE``.
    because : str
        Why nothing does, where nothing does.
    """

    number: int
    topic: str
    printed: str
    reading: str
    code: tuple[str, ...]
    because: str = ""


def read_points(folder: Path = FOLDER) -> tuple[Point, ...]:
    """Return the points of all files in a folder, in the order of their numbers.

    Parameters
    ----------
    folder : Path
        TOML files with a table ``[[points]]`` for each point, with the fields of `Point`.

    Raises
    ------
    InputError
        If a field is unknown, missing or illegal, or a number is used twice.
    """
    points: dict[int, Point] = {}
    for path in sorted(folder.glob("*.toml")):
        for point in _points(path):
            if point.number in points:
                raise InputError(f"{path} number", point.number, "used once")
            points[point.number] = point
    return tuple(points[number] for number in sorted(points))


def _points(path: Path) -> list[Point]:
    """Return the points of a file."""
    table = read_toml(path)
    check_fields(path, table, ("points",), ("points",))
    return [_point(path, entry) for entry in check_tables("points", table["points"])]


def _point(path: Path, table: dict[str, Any]) -> Point:
    """Return the point of a table."""
    check_fields(path, table, _FIELDS, _FIELDS[:4])
    number = check_integer(f"{path} number", table["number"], at_least=1)
    place = f"{path} point {number}"
    code = tuple(check_strings(f"{place}: code", table["code"]))
    if bool(code) == ("because" in table):
        raise InputError(f"{place}: code", list(code), "given, or because")
    texts = {key: table[key] for key in ("printed", "reading", "because") if key in table}
    for key, text in texts.items():
        if not isinstance(text, str) or not text:
            raise InputError(f"{place}: {key}", text, "a text")
    return Point(number=number, topic=path.stem, code=code, **texts)
