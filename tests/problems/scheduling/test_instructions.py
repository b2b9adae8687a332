"""Tasks in million instructions on nodes of so many MIPS, in all forms that a user may have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.instructions import from_instructions
from edgeopt.problems.scheduling.problem import UniformTimes
from edgeopt.problems.scheduling.spec import load_problem

TASKS = {
    "length_mi": [9000, 3000, 600],
    "size_bytes": [2e6, 1e6, 0],
    "task_memory_bytes": [5, 1, 1],
}
NODES = {"mips": [1000.0, 1500.0], "rate_bit_s": [8e6, 4e6], "node_capacity_bytes": [6, 6]}
NODES["ready_s"] = [0.5, 0.0]
TIMES = [[11.0, 10.0], [4.0, 4.0], [0.6, 0.4]]  # 9000/1000 + 16e6/8e6, 9000/1500 + 16e6/4e6, ...


def frames():
    """Return the columns as data frames with named rows."""
    return pd.DataFrame(TASKS, index=["a", "b", "c"]), pd.DataFrame(NODES, index=["vm1", "vm2"])


def save(folder: Path, **options) -> tuple[Path, Path]:
    """Write the columns as two tables."""
    paths = folder / "jobs.csv", folder / "vms.csv"
    for frame, path in zip(frames(), paths, strict=True):
        frame.to_csv(path, **options)
    return paths


def test_all_forms_give_the_same_problem(tmp_path: Path):
    forms = [
        (TASKS, NODES),
        ({name: np.array(column) for name, column in TASKS.items()}, NODES),
        frames(),
        save(tmp_path),
        (str(tmp_path / "jobs.csv"), frames()[1].reset_index(names="name")),
    ]
    for tasks, nodes in forms:
        problem = from_instructions(tasks, nodes)
        assert problem.matrix.tolist() == TIMES
        assert problem.task_memory.tolist() == [5, 1, 1]
        assert problem.node_capacity.tolist() == [6, 6]
        assert problem.ready.tolist() == [0.5, 0.0]
    assert problem.task_names == ("a", "b", "c")
    assert problem.node_names == ("vm1", "vm2")


def test_without_transfers_the_times_are_uniform():
    problem = from_instructions([9000, 3000], pd.Series([1000, 1500]))
    assert isinstance(problem.et, UniformTimes)
    assert problem.matrix.tolist() == [[9.0, 6.0], [3.0, 2.0]]


def test_two_files_have_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save(tmp_path, sep=";", decimal=",")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    problem = load_problem("../jobs.csv:nodes=vms.csv")
    assert problem.matrix.tolist() == TIMES
    assert problem.name == "jobs"
    with pytest.raises(InputError, match=r"options: got 'nodes=vms.csv, header=no'"):
        load_problem("../jobs.csv:nodes=vms.csv:header=no")
    with pytest.raises(InputError, match="must be an existing file"):
        load_problem("../jobs.csv:nodes=vmz.csv")


def test_a_first_column_that_counts_is_what_its_heading_says(tmp_path: Path):
    (tmp_path / "jobs.csv").write_text("length_mi,size_bytes\n1,8\n2,8\n3,8\n4,8\n")
    (tmp_path / "vms.csv").write_text("id,mips,rate_bit_s\n1,2,64\n2,4,64\n3,8,64\n")
    problem = load_problem(f"{tmp_path / 'jobs.csv'}:nodes=vms.csv")
    assert problem.matrix[:2].tolist() == [[1.5, 1.25, 1.125], [2.0, 1.5, 1.25]]
    assert problem.node_names == ("1", "2", "3")


@pytest.mark.parametrize("name", ["jobs.csv", "vms.csv"])
def test_they_are_no_tables_of_times(tmp_path: Path, name: str):
    save(tmp_path)
    with pytest.raises(InputError, match=r"column: got .*, must be a node's times in s; .*:nodes="):
        load_problem(tmp_path / name)


@pytest.mark.parametrize(
    ("tasks", "nodes", "message"),
    [
        ({"length": [1]}, [1], "tasks.length: got 'length', must be one of the columns length_mi"),
        ({}, [1], "tasks.length_mi: got None, must be given"),
        ([1.0, -1.0], [1], r"tasks.length_mi\[1\]: got -1.0, must be finite >= 0"),
        ([1], [0], r"nodes.mips\[0\]: got 0.0, must be finite > 0"),
        ([1], {"mips": ["fast"]}, "nodes.mips: got"),
        (pd.DataFrame({"length_mi": [1.0, None]}), [1], r"tasks.length_mi\[1\]: got inf"),
        ({"length_mi": [1, 2], "size_bytes": [1]}, NODES, r"tasks.size_bytes.shape: got \(1,\)"),
        (TASKS, [1], "nodes.rate_bit_s: got None, must be given, as there is size_bytes"),
        ([1], {"mips": [1], "rate_bit_s": [1]}, "tasks.size_bytes: got None, .* rate_bit_s"),
        (
            {"length_mi": [1], "task_memory_bytes": [1]}, [1],
            "nodes.node_capacity_bytes: got None, must be given",
        ),
        (
            {"length_mi": [1], "size_bytes": [1e308]}, {"mips": [1], "rate_bit_s": [1e-3]},
            "time of task 0 on node 0: got inf, must be finite",
        ),
        ("none.csv", [1], "must be an existing file"),
    ],
)  # fmt: skip
def test_bad_columns_are_refused(tasks, nodes, message):
    with pytest.raises(InputError, match=message):
        from_instructions(tasks, nodes)


def test_messages_name_the_file(tmp_path: Path):
    jobs, vms = save(tmp_path)
    jobs.write_text("length_mi,size_mb\n1,2\n")
    with pytest.raises(InputError, match=r"jobs.csv: size_mb: got 'size_mb', must be one of"):
        from_instructions(jobs, vms)
    jobs.write_text("length_mi,length_mi\n1,2\n")
    with pytest.raises(InputError, match=r"jobs.csv: .* different names of columns"):
        from_instructions(jobs, vms)
