"""Folders joined into one: the union of rows and cells, and what is said about the rest."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fake_runs import FakeConfig
from pandas.testing import assert_frame_equal

from edgeopt.experiments.runs.checks import sealed_json
from edgeopt.experiments.runs.files import append_row, new_journal
from edgeopt.experiments.runs.merge import merge_runs
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.select import Selection
from edgeopt.experiments.runs.store import CONFIG, older_cells, read_cells, read_description
from edgeopt.problems.errors import InputError

BOTH = FakeConfig({"p": "1", "q": "2"}, {"x": "X", "y": "Y"}, repetitions=2)


def assert_same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Compare tables bit by bit, but for the times that were measured."""
    tables = (each.drop(columns="cell_seconds") for each in (first, second))
    assert_frame_equal(*tables, check_exact=True)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    return tmp_path / "a", tmp_path / "b", tmp_path / "c"


def test_two_parts_make_the_whole(folders: tuple[Path, Path, Path], tmp_path: Path):
    a, b, c = folders
    run_sweep(replace(BOTH, solvers={"x": "X"}), a)
    run_sweep(replace(BOTH, solvers={"y": "Y"}), b)
    assert merge_runs([a, b], c) == []
    whole = run_sweep(BOTH, tmp_path / "whole")
    assert_same(read_cells(c), whole)
    assert_same(pd.read_parquet(c / "cells"), whole)
    assert read_description(c)["config"] == BOTH.as_dict()
    assert [each["folder"] for each in read_description(c)["sources"]] == [str(a), str(b)]
    assert run_sweep(BOTH, c)["cell_seconds"].tolist() == read_cells(c)["cell_seconds"].tolist()


def test_shards_of_one_sweep_make_the_whole(tmp_path: Path):
    parts = [tmp_path / str(number) for number in range(1, 4)]
    sizes = []
    for number, folder in enumerate(parts, 1):
        cells = run_sweep(BOTH, folder, select=Selection(shard=f"{number}/3"))
        sizes.append(len(cells))
        assert cells.attrs["missing"] == 8 - len(cells)
    assert sorted(sizes) == [2, 3, 3]
    assert merge_runs(parts, tmp_path / "all") == []
    assert_same(read_cells(tmp_path / "all"), run_sweep(BOTH, tmp_path / "whole"))


def test_the_result_of_a_merge_takes_more_later(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    run_sweep(replace(BOTH, solvers={"x": "X"}), a)
    run_sweep(replace(BOTH, solvers={"y": "Y"}), b, select=Selection(("problem=p",)))
    merge_runs([a, b], c)
    assert read_cells(c).attrs["missing"] == 2
    run_sweep(replace(BOTH, solvers={"y": "Y"}), b)
    assert merge_runs([a, b], c) == merge_runs([a, b], c) == []
    assert read_cells(c).attrs["missing"] == 0


def test_a_problem_of_two_names_has_the_first(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    run_sweep(replace(BOTH, solvers={"x": "X"}), a)
    run_sweep(FakeConfig({"/home/p": "1", "q": "2"}, {"y": "Y"}, 2), b)
    assert merge_runs([a, b], c) == [f"{b}: problem /home/p is p"]
    assert list(read_description(c)["config"]["problems"]) == ["p", "q"]
    assert read_cells(c).groupby("problem")["solver"].nunique().tolist() == [2, 2]


def test_another_problem_of_a_name_stays_out_of_the_table(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    run_sweep(replace(BOTH, solvers={"x": "X"}), a)
    run_sweep(FakeConfig({"p": "other", "q": "2"}, {"y": "Y"}, 2), b)
    note = f"{b}: problem p is another one in an earlier folder: it is not in the table"
    assert note in merge_runs([a, b], c)
    assert read_cells(c)["problem"].tolist() == ["p", "p", "q", "q", "q", "q"]
    assert older_cells(c) == 2


def test_another_budget_is_said_and_stays_out_of_the_table(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    run_sweep(BOTH, a)
    run_sweep(replace(BOTH, budget=2, solvers={"y": "Y", "z": "Z"}), b)
    assert merge_runs([a, b], c) == [
        f"{b}: budget is 2, in {a} 1",
        f"{b}: 4 rows are not in the table, which has others of the same names; they differ in "
        "budget",
    ]
    assert read_cells(c)["solver"].drop_duplicates().tolist() == ["x", "y", "z"]
    assert older_cells(c) == 4


def test_another_solver_of_a_name_is_said(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    run_sweep(BOTH, a)
    run_sweep(replace(BOTH, seed=3, solvers={"y": "Y", "x": "other"}), b)
    notes = merge_runs([a, b], c)
    assert notes[0] == f"{b}: solvers.x is other, in {a} X"
    assert notes[1].endswith("they differ in solvers.x")
    assert_same(read_cells(c), run_sweep(BOTH, a))


def test_another_seed_gives_further_repetitions(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    run_sweep(BOTH, a)
    config = replace(BOTH, seed=5, repetitions=3, solvers={"x": "X"})
    other = run_sweep(config, b)
    notes = [f"{b}: its seed is another one; repetitions 0 to 2 are counted as 2 to 4"]
    assert merge_runs([a, b], c) == notes
    cells = read_cells(c)
    assert cells.groupby("solver")["repetition"].apply(list).tolist() == [
        [0, 1, 2, 3, 4] * 2,
        [0, 1] * 2,
    ]
    assert cells["key"].is_unique
    found = cells[cells["repetition"] > 1]
    assert found["makespan"].tolist() == other["makespan"].tolist()
    assert read_description(c)["config"]["repetitions"] == 5
    run_sweep(replace(config, repetitions=4), b)  # it grows, and is merged into the result
    assert merge_runs([c, b], a.parent / "d")[0].endswith("3 to 3 are counted as 5 to 5")


def test_other_code_of_another_seed_gives_no_repetitions(
    folders: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
):
    a, b, c = folders
    run_sweep(BOTH, a)
    cells = [replace(cell, code="other", seed=5) for cell in BOTH.cells()]
    monkeypatch.setattr(FakeConfig, "cells", lambda _: iter(cells))
    run_sweep(replace(BOTH, seed=5), b)
    note = f"{b}: 8 rows are not in the table, which has others of the same names; they differ in "
    assert merge_runs([a, b], c) == [note + "code, the content of files, or a solver's parameters"]


def test_paths_of_two_machines_are_no_difference(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    run_sweep(replace(BOTH, solvers={"x": "/home/ann/own.py:f"}), a)
    run_sweep(replace(BOTH, solvers={"x": "C:\\ben\\own.py:f", "y": "Y"}, seed=4), b)
    assert merge_runs([a, b], c) == [
        f"{b}: its seed is another one; repetitions 0 to 1 are counted as 2 to 3"
    ]


def test_named_and_listed_problems_are_joined(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    for folder, problems in ((a, ["p"]), (b, {"q": "file"})):
        run_sweep(replace(BOTH, problems={name: name for name in problems}), folder)
        description = read_description(folder)
        description["config"]["problems"] = problems
        (folder / CONFIG).write_bytes(sealed_json(description))
    merge_runs([a, b], c)
    assert read_description(c)["config"]["problems"] == {"p": "p", "q": "file"}


def test_a_finished_row_counts_whoever_has_failed(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    done = run_sweep(BOTH, a)
    row = {**done.iloc[0].to_dict(), "status": "failed", "error": "lost", "trace": None}
    run_sweep(BOTH, b, select=Selection(("problem=q",)))
    append_row(new_journal(b), row)
    merge_runs([b, a], c)
    assert_same(read_cells(c), done)


def test_contradictions_are_said(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    done = run_sweep(BOTH, a)
    run_sweep(BOTH, b, select=Selection(("problem=q",)))
    other = {**done.iloc[0].to_dict(), "makespan": 1.5, "trace": [], "error": None}
    append_row(new_journal(b), other)
    makespan = done["makespan"].iloc[0]
    assert merge_runs([a, b], c) == [
        "cells with two results, of which the first is kept: 1, for example "
        f"{a}, {b}: problem=p, solver=x, repetition=0: makespan {makespan} and 1.5"
    ]
    assert_same(read_cells(c), done)


def test_files_that_are_named_by_their_content_go_along(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    for folder, name in ((a, "1.npz"), (b, "2.npz")):
        spec = folder.resolve() / "problems" / name
        run_sweep(replace(BOTH, solvers={name: str(spec)}), folder)
        spec.parent.mkdir()
        spec.write_text(name)
    merge_runs([a, b], c)
    assert read_description(c)["config"]["solvers"] == {
        name: str(c.resolve() / "problems" / name) for name in ("1.npz", "2.npz")
    }
    assert sorted(path.name for path in (c / "problems").iterdir()) == ["1.npz", "2.npz"]


def test_what_cannot_be_merged_is_refused(folders: tuple[Path, Path, Path]):
    a, b, c = folders
    run_sweep(BOTH, a)
    run_sweep(BOTH, b)
    for inputs, out, message in (
        ([], c, "at least one folder"),
        ([a, b], a, "a folder of its own"),
        ([a, a], c, "all different"),
        ([a, c], c.parent / "d", "the output of a sweep"),
        ([a, b], c.parent, "a new or empty folder"),
    ):
        with pytest.raises(InputError, match=message):
            merge_runs(inputs, out)
    assert not c.exists()
    (b / CONFIG).write_bytes(sealed_json(read_description(b) | {"kind": "other"}))
    with pytest.raises(InputError, match="kind fake: this one holds a other"):
        merge_runs([a, b], c)
