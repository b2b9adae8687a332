"""Problems from files: by suffix and form, and whatever a file holds."""

import contextlib
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import load_file, write_hcsp, write_npz
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def test_every_format_gives_the_same_problem(tmp_path: Path):
    write_hcsp(tmp_path / "a.0", PROBLEM)
    write_hcsp(tmp_path / "a.gz", PROBLEM)
    write_npz(tmp_path / "a.npz", PROBLEM)
    np.save(tmp_path / "a.npy", PROBLEM.matrix)
    (tmp_path / "a.csv").write_text("1,2\n3,4\n5,6\n")
    pd.DataFrame(PROBLEM.matrix, columns=["a", "b"]).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.txt").write_text("3 2 1\n2\n0 1 1 2\n0 3 1 4\n0 5 1 6\n")
    digests = {load_file(path).digest for path in tmp_path.iterdir()}
    assert digests == {PROBLEM.digest}


@pytest.mark.parametrize("name", ["missing", "missing.npz", "", "n" * 300, "\0", "folder.csv"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="must be an existing file"):
        load_file(tmp_path / name)


words = st.sampled_from(
    [
        "2",
        "3",
        "1",
        "0",
        "nan",
        "-1",
        "1e999",
        "x",
        "1_0",
        ",",
        "٣",
        "\0",
        ";",
        "inf",
        "1,5",
        '"',
        "#",
    ]
)
lines = st.lists(st.lists(words, max_size=7).map(" ".join), max_size=6).map("\n".join)
contents = lines.map(str.encode) | st.binary(max_size=60)


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=contents, suffix=st.sampled_from(["", ".gz", ".csv", ".npy", ".npz", ".parquet"]))
def test_any_content_is_a_problem_or_bad_input(tmp_path: Path, content: bytes, suffix: str):
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        problem = load_file(path)
        assert problem.matrix.shape == (problem.tasks, problem.nodes)
        assert np.isfinite(problem.matrix).any(axis=1).all()


@pytest.mark.parametrize("name", ["zeros.gz", "zeros.csv.gz"])
def test_packed_instances_are_unpacked_up_to_a_limit(tmp_path, monkeypatch, name):
    monkeypatch.setattr("edgeopt.problems.files.read_content.__defaults__", (1000, None))
    (tmp_path / name).write_bytes(gzip.compress(b"0 " * 10_000))
    with pytest.raises(InputError, match="a file of at most 1000 bytes once unpacked"):
        load_file(tmp_path / name)
