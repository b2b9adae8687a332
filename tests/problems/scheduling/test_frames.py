"""Data frames, series and masked arrays as problems."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

NAMED = pd.DataFrame({"pi": [3.0, 2.0, 4.0], "tx2": [5, 1, 4]}, index=["a", "b", "c"])
VALUES = [[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]]


@pytest.mark.parametrize("label", ["id", "Task", "Unnamed: 0", "nr"])
@pytest.mark.parametrize("ids", [[0, 1, 2], [7, 9, 8], [1, 1, 2]])
@pytest.mark.parametrize("times", [[1.5, 2.5, 3.5], [2, 2, 2]])
def test_integers_under_a_known_heading_are_read_as_in_a_file(
    tmp_path: Path, label: str, ids: list[int], times: list[float]
) -> None:
    frame = pd.DataFrame({label: ids, "n1": times, "n2": times})
    frame.to_csv(tmp_path / "t.csv", index=False)
    if len(set(ids)) < len(ids):
        for read in (lambda: Problem(frame), lambda: load_problem(tmp_path / "t.csv")):
            with pytest.raises(InputError, match=r"1, ?1, ?2"):
                read()
    else:
        assert Problem(frame).task_names == tuple(map(str, ids))
        assert load_problem(tmp_path / "t.csv").task_names == Problem(frame).task_names


def test_labels_become_names():
    problem = Problem(NAMED)
    assert problem.matrix.tolist() == VALUES
    assert problem.task_names == ("a", "b", "c")
    assert problem.node_names == ("pi", "tx2")
    assert Problem(NAMED, node_names=["x", "y"]).node_names == ("x", "y")
    plain = Problem(pd.DataFrame(VALUES))
    assert plain.task_names is None
    assert plain.node_names is None
    assert plain.digest == problem.digest


@pytest.mark.parametrize(
    ("frame", "tasks", "nodes"),
    [
        (NAMED.reset_index(), ("a", "b", "c"), ("pi", "tx2")),
        (NAMED.reset_index(drop=True).reset_index(names="Unnamed: 0"), ("0", "1", "2"), NAMED),
        (pd.DataFrame([["x", 1, 2], ["y", 3, 4]]), ("x", "y"), None),
        (NAMED.set_index(pd.MultiIndex.from_tuples([("r", i) for i in range(3)])), None, NAMED),
        (NAMED.convert_dtypes(), ("a", "b", "c"), NAMED),
        (NAMED.astype(object), ("a", "b", "c"), NAMED),
    ],
)
def test_first_columns_and_other_types(frame: pd.DataFrame, tasks: tuple | None, nodes: object):
    problem = Problem(frame)
    assert problem.task_names == (("r 0", "r 1", "r 2") if tasks is None else tasks)
    assert problem.node_names == (tuple(nodes.columns) if nodes is NAMED else nodes)


def test_times_can_be_1_2_3():
    frame = NAMED.reset_index(drop=True).assign(pi=range(1, 4))
    assert Problem(frame).nodes == 2


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA, np.inf])
def test_a_missing_entry_forbids_the_pair(missing: object):
    frame = pd.DataFrame({"a": [1.0, missing], "b": [2, 3]})
    assert Problem(frame.convert_dtypes()).allowed.tolist() == [[True, True], [False, True]]
    assert Problem(frame).allowed.tolist() == [[True, True], [False, True]]


def test_a_masked_entry_forbids_the_pair():
    masked = np.ma.masked_equal([[1, 2], [9, 3]], 9)
    assert Problem(masked).matrix.tolist() == [[1.0, 2.0], [np.inf, 3.0]]
    with pytest.raises(InputError, match="ready: got"):
        Problem(VALUES, ready=np.ma.masked_equal([1.0, 9.0], 9))
    with pytest.raises(InputError, match="et: got"):
        Problem(np.ma.masked_equal([["a"]], "b"))


def test_frames_of_other_libraries_are_converted():
    class Frame:
        def to_pandas(self) -> pd.DataFrame:
            return NAMED

    assert Problem(Frame()).node_names == ("pi", "tx2")


ROWS = range(3)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (NAMED.assign(site="x"), "column site: got 'str', must be numbers|column site: got 'x'"),
        (NAMED.assign(busy=[True, False, True]), "column busy: got 'bool'"),
        (NAMED.assign(at=pd.Timestamp(0)), "column at: got 'datetime64"),
        (NAMED.assign(took=pd.Timedelta(1)), "column took: got 'timedelta64"),
        (NAMED.assign(z=[1j, 2, 3]), "column z: got 'complex128'"),
        (NAMED.assign(memory=1.0), "column 2: got 'memory', must be left out: give memory as"),
        (NAMED.reset_index(names="x").set_index("pi"), "column x: got 'a', must be numbers"),
        (NAMED.assign(pi=ROWS), "column pi: got .0, 1, 2., must be made the index"),
        (NAMED.assign(pi=range(1, 4), tx2=NAMED["pi"]), "column pi"),
        (NAMED.rename(columns={"pi": "Task"}).assign(Task=[7, 3, 5]), "column Task"),
        (NAMED.iloc[:0], "et.shape"),
        (NAMED.iloc[:, :0], "et.shape"),
        (NAMED.index.to_frame(index=False), "et.shape"),
        (pd.DataFrame({"a": [np.nan], "b": [np.nan]}), r"et\[0\]"),
    ],
)
def test_frames_that_can_mean_something_else_are_refused(frame: pd.DataFrame, message: str):
    with pytest.raises(InputError, match=message):
        Problem(frame)


def test_series_are_aligned_or_refused():
    memory = pd.Series([1, 2, 3], index=["a", "b", "c"])
    room = pd.Series([4, 5], index=["pi", "tx2"])
    problem = Problem(NAMED, memory, room, ready=pd.Series([0.5, 1.0]))
    assert problem.task_memory.tolist() == [1.0, 2.0, 3.0]
    assert problem.ready.tolist() == [0.5, 1.0]
    with pytest.raises(InputError, match=r"task_memory\.index"):
        Problem(NAMED, memory.iloc[::-1], room)
    with pytest.raises(InputError, match=r"node_capacity\.index"):
        Problem(NAMED, memory, room.iloc[::-1])
    with pytest.raises(InputError, match=r"ready\.index"):
        Problem(NAMED, ready=pd.Series([1, 2], index=["x", "y"]))
    with pytest.raises(InputError, match=r"task_memory\[1\]: got nan"):
        Problem(NAMED, memory.replace(2, np.nan), room)


def test_positions_do_not_stand_for_numbered_tasks():
    shuffled = pd.DataFrame(VALUES).iloc[[2, 0, 1]]
    with pytest.raises(InputError, match=r"task_memory\.index"):
        Problem(shuffled, pd.Series([1, 2, 3]), [9, 9])
    assert Problem(shuffled).task_names == ("2", "0", "1")
