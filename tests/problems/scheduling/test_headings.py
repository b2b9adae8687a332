"""Tables whose names say that times are not in s, or that a row or column sums others up."""

from pathlib import Path

import pandas as pd
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.headings import UNITS, unit_in_cell, unit_in_heading
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

SUFFIXES = ("csv", "tsv", "xlsx", "parquet")


def written(frame: pd.DataFrame, folder: Path, suffix: str) -> Path:
    """Write a frame in the format of a suffix."""
    path = folder / f"times.{suffix}"
    if suffix == "xlsx":
        pytest.importorskip("openpyxl")
        frame.to_excel(path, index=False)
    elif suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="," if suffix == "csv" else "\t")
    return path


@pytest.mark.parametrize("heading", ["pi [ms]", "pi(ms)", "pi_ms", "pi / ms", "ms", "pi, MSEC"])
def test_milliseconds_are_told_from_seconds(tmp_path: Path, heading: str):
    frame = pd.DataFrame({"task": ["a", "b"], heading: [3.0, 1200.0], "tx2": [5.0, 2.0]})
    with pytest.raises(InputError, match=r"column: got .*, must be renamed.* 0.001 s in each ms"):
        Problem(frame)
    for suffix in SUFFIXES:
        path = written(frame, tmp_path, suffix)
        with pytest.raises(InputError, match=rf"{path.name} column: got .*{path.name}:unit=ms"):
            load_problem(path)
        assert load_problem(f"{path}:unit=ms").matrix.tolist() == [[0.003, 0.005], [1.2, 0.002]]
        assert load_problem(path, unit="s").matrix.tolist() == [[3.0, 5.0], [1200.0, 2.0]]


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("gpu (min)", "min"), ("gpu [h]", "h"), ("gpu (seconds)", None), ("gpu_s", None),
        ("gpu in µs", "us"), ("gpu [μs]", "us"), ("atoms", None), ("items", None), ("bus", None),
        ("pi (ms), warm", "ms"), ("gpu_h", None), ("t [ns]", "ns"), ("Raspberry Pi 4", None),
    ],
)  # fmt: skip
def test_which_headings_have_a_unit(heading: str, unit: str | None):
    assert unit_in_heading(heading) == unit


@pytest.mark.parametrize(
    ("cell", "unit"),
    [("ms", "ms"), ("1.5 ms", "ms"), ("3ms", "ms"), ("2,5 s", "s"), ("a", None), ("n1", None)],
)
def test_which_cells_have_a_unit(cell: str, unit: str | None):
    assert unit_in_cell(cell) == unit


def test_all_units_give_seconds(tmp_path: Path):
    path = written(pd.DataFrame({"pi": [1.5, 3.0], "tx2": [2.5, 4.5]}), tmp_path, "csv")
    for unit, seconds in zip(UNITS, (1e-9, 1e-6, 1e-3, 1.0, 60.0, 3600.0), strict=True):
        assert load_problem(path, unit=unit).matrix[1, 0] == pytest.approx(3.0 * seconds)
    with pytest.raises(InputError, match="unit: got 'day', must be one of ns, us, ms, s, min, h"):
        load_problem(path, unit="day")


def test_a_row_of_units_and_units_in_cells_name_the_option(tmp_path: Path):
    for row in ("resize,ms,ms", "resize,3 ms,5 ms"):
        (tmp_path / "t.csv").write_text(f"task,pi,tx2\n{row}\ndetect,1,2\n")
        with pytest.raises(InputError, match=r"t.csv line 2: got .*without a unit.*:unit=ms"):
            load_problem(tmp_path / "t.csv")


def test_sums_are_no_tasks_and_no_nodes(tmp_path: Path):
    times = pd.DataFrame({"task": ["a", "b"], "pi": [3.0, 1.0], "tx2": [5.0, 2.0]})
    total = pd.DataFrame({"task": ["Total"], "pi": [4.0], "tx2": [7.0]})
    below = pd.concat([times, total], ignore_index=True)
    beside = times.assign(mean=[4.0, 1.5])
    for frame, said in ((below, "row: got 'Total'"), (beside, "column: got 'mean'")):
        with pytest.raises(InputError, match=f"{said}, must be left out, as it sums"):
            Problem(frame)
        for suffix in SUFFIXES:
            with pytest.raises(InputError, match=said):
                load_problem(written(frame, tmp_path, suffix))
    assert Problem(below.set_index("task").to_numpy()).tasks == 3  # who says so knows


def test_numbers_as_texts_are_no_names():
    frame = pd.DataFrame({"pi": ["3,5", "1,0"], "tx2": [5.0, 2.0]})
    with pytest.raises(InputError, match="column pi: got '3,5', must be a name of a task, or"):
        Problem(frame)
    assert Problem(frame.assign(pi=["12", "7"])).task_names == ("12", "7")


def test_a_title_above_a_table_is_named(tmp_path: Path):
    (tmp_path / "t.csv").write_text("Measured in May\n\ntask,pi,tx2\na,1,2\nb,3,4\n")
    with pytest.raises(InputError, match=r"line 3: got '3 cells', must be 1 cells.*title begins"):
        load_problem(tmp_path / "t.csv")
