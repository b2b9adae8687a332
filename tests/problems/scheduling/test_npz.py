"""NumPy files, read and written."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import load_file, write_npz
from edgeopt.problems.scheduling.generators import braun
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

positive = st.floats(1e-3, 1e9)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw a problem in either form, with memory or without, and with any name."""
    k, x = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    work, speed = draw(arrays(np.float64, k, elements=positive)), np.arange(1.0, x + 1)
    et = UniformTimes(work, speed) if draw(st.booleans()) else work[:, None] / speed
    memory = (work, np.full(x, work.sum())) if draw(st.booleans()) else (None, None)
    ready = draw(st.sampled_from([None, speed]))
    name = draw(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
    if not isinstance(et, UniformTimes) and draw(st.booleans()):
        et[0, 1:] = np.inf
    labels = st.text("ab é", min_size=1).filter(lambda text: not text.endswith("\0"))
    names = [draw(st.none() | st.lists(labels, min_size=n, max_size=n)) for n in (k, x)]
    return Problem(et, *memory, name=name, ready=ready, task_names=names[0], node_names=names[1])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problem=problems())
def test_the_way_through_a_file_keeps_every_bit(tmp_path: Path, problem: Problem):
    write_npz(tmp_path / "problem.npz", problem)
    again = load_file(tmp_path / "problem.npz")
    assert again.digest == problem.digest
    assert again.name == problem.name
    assert again.task_names == problem.task_names
    assert again.node_names == problem.node_names
    assert isinstance(again.et, UniformTimes) == isinstance(problem.et, UniformTimes)
    assert (again.task_memory is None) == (problem.task_memory is None)


def test_work_and_speed_stay_small(tmp_path: Path):
    write_npz(tmp_path / "big.npz", paper_pool(2000, 500, rng=0))
    assert (tmp_path / "big.npz").stat().st_size < 50_000


def test_matrices(tmp_path: Path):
    np.save(tmp_path / "mine.npy", np.array([[1, 2], [3, 4]], dtype=np.int16))
    problem = load_file(tmp_path / "mine.npy")
    assert problem.matrix.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert problem.name == "mine"


@pytest.mark.parametrize("key", ["matrix", "times", "ETC", "etc", "p"])
def test_the_matrix_by_other_names(tmp_path: Path, key: str):
    np.savez(tmp_path / "mine.npz", **{key: [[1, 2]]})
    assert load_file(tmp_path / "mine.npz").matrix.tolist() == [[1.0, 2.0]]


def test_an_archive_without_a_name_is_named_by_its_file(tmp_path: Path):
    np.savez(tmp_path / "mine.npz", et=np.ones((2, 2)))
    assert load_file(tmp_path / "mine.npz").name == "mine"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "keys"),
        ({"work": [1.0]}, "keys"),
        ({"speed": [1.0]}, "keys"),
        ({"et": [[1.0]], "work": [1.0], "speed": [1.0]}, "keys"),
        ({"et": [[1.0]], "speed": [1.0]}, "keys"),
        ({"et": [[1.0]], "times": [1.0]}, r"keys: got \['et', 'times'\], must be one matrix"),
        ({"p": [[1.0]], "ETC": [[1.0]]}, r"keys: got \['ETC', 'p'\], must be one matrix"),
        ({"p": [[1.0]], "work": [1.0], "speed": [1.0]}, "keys"),
        ({"et": [[1.0]], "costs": [[1.0]]}, "keys"),
        ({"et": [[1.0]], "task_names": "a"}, "task_names: got"),
        ({"et": [[1.0]], "node_names": ["a", "b"]}, "node_names: got"),
        ({"et": [1.0]}, "et.shape"),
        ({"et": [["a"]]}, "et: got"),
        ({"et": [[1j]]}, "et: got"),
        ({"et": [[1.0]], "task_memory": [1.0]}, "node_capacity: got None"),
        ({"et": [[1.0]], "task_memory": [2.0], "node_capacity": [1.0]}, r"task_memory\[0\]"),
        ({"work": [1.0], "speed": [0.0]}, r"speed\[0\]"),
    ],
)
def test_archives_of_other_content_are_refused(tmp_path: Path, arrays: dict, message: str):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(InputError, match=message):
        load_file(tmp_path / "x.npz")


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_python_objects_are_not_loaded(tmp_path: Path, suffix: str):
    path = tmp_path / f"x{suffix}"
    save = np.savez if suffix == ".npz" else np.save
    save(path, np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="without Python objects"):
        load_file(path)


@pytest.mark.parametrize("data", [b"", b"x" * 50, b"PK\x03\x04", b"\x93NUMPY\x01\x00v\x00{'descr'"])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_other_files_are_refused(tmp_path: Path, suffix: str, data: bytes):
    (tmp_path / f"x{suffix}").write_bytes(data)
    with pytest.raises(InputError, match=f"x{suffix}"):
        load_file(tmp_path / f"x{suffix}")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), suffix=st.sampled_from([".npy", ".npz"]))
def test_damaged_files_are_refused_or_hold_a_problem(
    tmp_path: Path, data: st.DataObject, suffix: str
):
    path = tmp_path / f"x{suffix}"
    if suffix == ".npz":
        write_npz(path, braun(tasks=5, nodes=3, rng=0))
    else:
        np.save(path, np.ones((5, 3)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(InputError):
        assert load_file(path).tasks > 0
