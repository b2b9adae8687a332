"""HCSP text, read and written."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import load_file, write_hcsp
from edgeopt.problems.scheduling.problem import Problem

BODY = "1\n2.5\n0\n4e3\n5\n6\n"
MATRIX = [[1.0, 2.5], [0.0, 4000.0], [5.0, 6.0]]

times = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(0, 1e300) | st.just(np.inf),
).filter(lambda matrix: np.isfinite(matrix).any(axis=1).all() and matrix[np.isfinite(matrix)].any())


def save(folder: Path, text: str, name: str = "u_c_hihi.0") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("header", ["3 2", "3 2 0", "  3\t2  1 "])
def test_the_third_header_number_is_optional(tmp_path: Path, header: str):
    problem = load_file(save(tmp_path, f"{header}\n{BODY}"))
    assert problem.matrix.tolist() == MATRIX
    assert problem.name == "u_c_hihi.0"


@pytest.mark.parametrize("body", ["1 2.5\n0 4e3\n5 6", "1 2.5 0\r\n\r\n4e3 5 6\r\n"])
def test_the_layout_of_the_numbers_is_free(tmp_path: Path, body: str):
    assert load_file(save(tmp_path, f"3 2\n{body}")).matrix.tolist() == MATRIX


def test_packed_files(tmp_path: Path):
    path = tmp_path / "u_c_hihi.0.gz"
    path.write_bytes(gzip.compress(f"3 2 0\n{BODY}".encode()))
    problem = load_file(path)
    assert problem.matrix.tolist() == MATRIX
    assert problem.name == "u_c_hihi.0"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(matrix=times, suffix=st.sampled_from([".hcsp", ".gz"]))
def test_the_way_through_a_file_keeps_every_bit(tmp_path: Path, matrix: np.ndarray, suffix: str):
    path = tmp_path / f"problem{suffix}"
    problem = Problem(matrix)
    write_hcsp(path, problem)
    assert load_file(path).matrix.tobytes() == problem.matrix.tobytes()
    assert load_file(path).matrix.shape == matrix.shape


def test_packing_is_reproducible(tmp_path: Path):
    problem = Problem(MATRIX)
    write_hcsp(tmp_path / "a.gz", problem)
    write_hcsp(tmp_path / "b.gz", problem)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty file"),
        (" \n\n", "an empty file"),
        ("3 2 0\n1\n2\n", "body: got '2 numbers', must be 6 numbers"),
        (f"3 2\n{BODY}7\n", "body: got '7 numbers', must be 6 numbers"),
        (f"3\n{BODY}", "header: got '3'"),
        (f"3 2 0 0\n{BODY}", "header: got '3 2 0 0'"),
        (f"three 2\n{BODY}", "header: got 'three 2'"),
        (f"3.0 2\n{BODY}", "header: got '3.0 2'"),
        ("0 2\n", "tasks: got 0"),
        ("2 0\n", "nodes: got 0"),
        ("-1 -6\n1 2 3 4 5 6", "tasks: got -1"),
        ("1 2\n1 x\n", "body: got 'x', must be a number"),
        ("1 2\n1 1,5\n", "body: got '1,5', must be a number"),
        ("1 2\n1 nan\n", r"et\[0, 1\]: got nan"),
        ("1 2\n1 1e400\n", "body: got '1e400', must be at most 1.8e308, or inf"),
        ("1 2\n1 -inf\n", r"et\[0, 1\]: got -inf"),
        ("1 2\ninf Infinity\n", r"et\[0\]: got"),
        ("2 1\n1 -2\n", r"et\[1, 0\]: got -2.0"),
        ("1 2\n0 0\n", "all entries 0"),
        ("999999999999999999999999 2\n1 2", "numbers"),
    ],
)
def test_broken_texts_are_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError, match=message):
        load_file(save(tmp_path, text))


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01", b"3 2\n1 2 3 4 5 \xe9"])
def test_binary_files_are_refused(tmp_path: Path, data: bytes):
    (tmp_path / "binary").write_bytes(data)
    with pytest.raises(InputError, match="a readable text file"):
        load_file(tmp_path / "binary")


@pytest.mark.parametrize("cut", [0, 5, 15, -1])
def test_truncated_packed_files_are_refused(tmp_path: Path, cut: int):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(f"3 2 0\n{BODY}".encode())[:cut])
    with pytest.raises(InputError):
        load_file(path)


def test_a_missing_folder_is_refused_when_writing(tmp_path: Path):
    with pytest.raises(InputError, match="a writable path"):
        write_hcsp(tmp_path / "missing" / "x", Problem(MATRIX))


@pytest.mark.parametrize(
    ("name", "shape", "last"),
    [
        ("512x16/u_c_hihi.0", (512, 16), 2113779.0),
        ("1024x32/B.u_c_hihi", (1024, 32), 921414.69),
        ("2048x64/B.u_s_hihi", (2048, 64), 1531983.12),
    ],
)
def test_published_instances(
    hcsp: Callable[[str], Problem],
    name: str,
    shape: tuple[int, int],
    last: float,
):
    problem = hcsp(name)
    assert problem.matrix.shape == shape
    assert problem.name == name.split("/")[1]
    assert problem.matrix[-1, -1] == last
