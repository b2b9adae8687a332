"""Fanjul-Ruiz text: machine and time in pairs."""

from pathlib import Path

import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import load_file

TEXT = "2 3 1\n3\n0 11 1 12 2 13\n0 21 1 22 2 23\n"
MATRIX = [[11.0, 12.0, 13.0], [21.0, 22.0, 23.0]]


def load(folder: Path, text: str) -> list[list[float]]:
    path = folder / "111.txt"
    path.write_text(text)
    return load_file(path).matrix.tolist()


def test_machine_and_time_in_pairs(tmp_path: Path):
    assert load(tmp_path, TEXT) == MATRIX


def test_machines_in_any_order_and_blank_lines(tmp_path: Path):
    assert load(tmp_path, "2 3 1\n\n3\n\n2 13 0 11 1 12\n1 22 2 23 0 21\n") == MATRIX


def test_hcsp_with_one_number_a_line_is_not_taken_for_it(tmp_path: Path):
    assert load(tmp_path, "3 1 0\n5\n6\n7\n") == [[5.0], [6.0], [7.0]]
    assert load(tmp_path, "1 1 0\n5\n") == [[5.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 3 1\n3\n0 11 1 12 2 13\n", "got '6 numbers', must be 12 numbers"),
        (TEXT.replace("2 23", "2"), "got '11 numbers', must be 12 numbers"),
        (TEXT.replace("1 22", "0 22"), r"row of task 1: got .*, must be each machine 0..2 once"),
        (TEXT.replace("2 13", "3 13"), "row of task 0"),
        (TEXT.replace("1 12", "1.5 12"), "row of task 0"),
        (TEXT.replace("1 12", "nan 12"), "row of task 0"),
        (TEXT.replace("11", "-11"), r"et\[0, 0\]: got -11.0"),
        (TEXT.replace("11", "x"), "got 'x', must be a number"),
        (TEXT.replace("2 3 1", "2 x 1"), "header"),
        (TEXT.replace("2 3 1", "0 3 1"), "tasks: got 0"),
    ],
)
def test_broken_texts_are_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError, match=message):
        load(tmp_path, text)
