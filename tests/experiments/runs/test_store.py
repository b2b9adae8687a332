"""The folder of a sweep."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.runs.checks import sealed_json
from edgeopt.experiments.runs.compaction import compact
from edgeopt.experiments.runs.files import (
    JOURNALS,
    METADATA,
    append_row,
    journal_rows,
    new_journal,
    part_path,
    write_part,
)
from edgeopt.experiments.runs.index import index_of, index_path
from edgeopt.experiments.runs.store import (
    CELLS,
    CONFIG,
    INDEX,
    OLDER,
    folder_index,
    is_compact,
    missing_note,
    older_cells,
    open_folder,
    read_cells,
    read_description,
    scan_store,
    write_description,
)
from edgeopt.experiments.sweep.cell import SWEEP as KIND
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.experiments.sweep.summary import read_solver_cells
from edgeopt.problems.errors import InputError

SWEEP = SweepConfig(("paper:5x2",), 2, 1, {"evaluations": 10}, {"mct": {"solver": "mct"}})


def open_sweep(folder: Path, config: SweepConfig = SWEEP) -> None:
    open_folder(folder, config, index_of(config.cells(), config.kind))


def row(key: str, **values: Any) -> Row:
    names = {"key": key, "code": "c", "problem": "p", "solver": "s", "repetition": 0, "seed": 0}
    numbers = dict.fromkeys(("tasks", "nodes", "iterations", "evaluations"), 1)
    floats = dict.fromkeys(("makespan", "lower_bound", "gap", "seconds"), 1.0)
    length = len(values.get("trace_makespan", [1]))
    trace = {name: [1] * length for name in KIND.columns if name.startswith("trace")}
    numbers["tasks"] = len(values.get("assignment", [0]))
    run = {} if values.get("status") == "failed" else {**numbers, **floats, **trace}
    return {**names, **run, "status": "done", "cell_seconds": 0.5, **values}


def entry(key: str, **values: object) -> Row:
    """Return the entry of an index for a row of `row`."""
    columns = ("key", "code", "problem", "solver", "repetition", "seed")
    return {name: row(key, **values)[name] for name in columns} | {"contents": "{}"}


def name_cells(folder: Path, keys: str, **values: object) -> None:
    """Give the folder an index of cells with these keys, repetitions of one name."""
    entries = [entry(key, **{"repetition": i, **values}) for i, key in enumerate(keys)]
    write_description(folder, read_description(folder), entries)


def check_compact(folder: Path) -> bool:
    """Whether the folder needs no compaction."""
    return is_compact(folder, folder_index(folder, read_description(folder)), KIND)


def keep(folder: Path, *rows: Row) -> Path:
    """Put rows into a new journal."""
    journal = new_journal(folder)
    for one in rows:
        append_row(journal, one)
    return journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the opened folder of `SWEEP`."""
    path = tmp_path / "deep" / "out"
    open_sweep(path)
    return path


def test_a_new_folder_says_what_it_is_for(folder: Path):
    description = read_description(folder)
    assert description["config"] == SWEEP.as_dict()
    assert {"edgeopt", "python", "numpy", "machine", "command"} <= description["provenance"].keys()
    index = index_path(folder, description[INDEX]).name
    assert sorted(path.name for path in folder.iterdir()) == [index, JOURNALS, CONFIG]


def test_a_folder_holds_its_latest_configuration(folder: Path):
    before = (folder / CONFIG).read_bytes()
    open_sweep(folder)
    assert (folder / CONFIG).read_bytes() == before
    other = replace(SWEEP, seed=2, repetitions=3)
    open_sweep(folder, other)
    assert read_description(folder)["config"] == other.as_dict()
    assert len(folder_index(folder, read_description(folder))) == 3
    assert len(list(folder.glob("index-*"))) == 1


def test_a_folder_of_another_kind_or_of_other_columns_is_refused(folder: Path):
    description = read_description(folder)
    for changes, message in (
        ({"kind": "other"}, "a folder for runs of the kind sweep: this one holds a other"),
        ({"columns": description["columns"] | {"x": "float"}}, "it has other columns; a new"),
    ):
        (folder / CONFIG).write_text(json.dumps(description | changes))
        with pytest.raises(InputError, match=message):
            open_sweep(folder)


def test_a_lost_index_is_written_again(folder: Path):
    index_path(folder, read_description(folder)[INDEX]).unlink()
    with pytest.raises(InputError, match="run the sweep again"):
        read_cells(folder)
    open_sweep(folder)
    assert read_cells(folder).attrs["missing"] == 2


def test_a_sweep_killed_while_opening_its_folder_resumes(folder: Path):
    (folder / JOURNALS).rmdir()
    open_sweep(folder)
    (folder / CONFIG).rename(folder / f"_{CONFIG}.123")
    (folder / JOURNALS).rmdir()
    open_sweep(folder)
    assert read_description(folder)["config"] == SWEEP.as_dict()


def test_folders_of_other_content_are_refused_and_left_alone(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    for name in ("file", "full", "file/below"):
        with pytest.raises(InputError, match=r"^--out: got"):
            open_sweep(tmp_path / name)
    assert len(list(tmp_path.rglob("*"))) == 3


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"config": 3}', "\xff"])
def test_broken_descriptions_are_refused(folder: Path, text: str):
    (folder / CONFIG).write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError):
        open_sweep(folder)


@pytest.mark.parametrize("name", ["\0", "../../x", 3, "X" * 16])
def test_an_index_is_no_path(folder: Path, name: Any):
    description = {**read_description(folder), INDEX: name}
    (folder / CONFIG).write_bytes(sealed_json(description))
    outside = folder.parent / "x.parquet"
    outside.touch()
    with pytest.raises(InputError, match="written by edgeopt"):
        open_sweep(folder)
    assert outside.exists()


@pytest.mark.parametrize("column", ["makespan", "assignment", "trace_seconds"])
def test_a_folder_without_a_column_of_its_kind_is_refused(folder: Path, column: str):
    description = read_description(folder)
    del description["columns"][column]
    (folder / CONFIG).write_bytes(sealed_json(description))
    with pytest.raises(InputError, match="written by edgeopt"):
        read_cells(folder)


def test_rows_come_back_from_the_journals(folder: Path):
    rows = [row("a", makespan=0.1 + 0.2), row("b", gap=float("inf"), assignment=[1, 0])]
    assert list(journal_rows(keep(folder, *rows))) == rows
    assert scan_store(folder).keys() == {"a", "b"}
    assert scan_store(folder)["a"]["cell_seconds"] == 0.5


@pytest.mark.parametrize("order", [("failed", "done"), ("done", "failed")])
def test_a_finished_row_counts_whatever_failed_before_or_after(
    folder: Path, order: tuple[str, str]
):
    keep(folder, *(row("a", status=status) for status in order))
    assert scan_store(folder)["a"]["status"] == "done"
    for status in order:
        keep(folder, row("b", status=status))
    assert scan_store(folder)["b"]["status"] == "done"
    name_cells(folder, "ab")
    compact(folder)
    assert read_cells(folder)["status"].tolist() == ["done", "done"]


def test_the_last_failure_of_a_journal_counts(folder: Path):
    keep(folder, row("a", status="failed", error="1"), row("a", status="failed", error="2"))
    name_cells(folder, "a")
    compact(folder)
    keep(folder, row("a", status="failed", error="3"))
    name_cells(folder, "a")
    compact(folder)
    assert read_cells(folder)["error"].tolist() == ["3"]


@pytest.mark.parametrize("tail", ['{"key": "b", "ma', '{"key": "b"', "\0\0\0", "\xff", "\n\n"])
def test_torn_lines_are_passed_over(folder: Path, tail: str):
    journal = keep(folder, row("a"))
    journal.write_bytes(journal.read_bytes() + tail.encode("latin-1"))
    assert list(journal_rows(journal)) == [row("a")]


def test_every_cut_of_a_journal_gives_the_whole_rows_before_it(folder: Path):
    journal = keep(folder, *(row(key, text="line\nbreak \u2028 ü") for key in "abc"))
    data = journal.read_bytes()
    ends = [index for index, byte in enumerate(data) if byte == ord("\n")]
    for cut in range(len(data)):
        journal.write_bytes(data[:cut])
        assert len(scan_store(folder)) == sum(end <= cut for end in ends)


def test_a_journal_that_another_sweep_has_moved_is_empty(folder: Path):
    assert list(journal_rows(new_journal(folder))) == []


def test_compaction_keeps_all_rows_in_order_and_drops_the_journals(folder: Path):
    for key, repetition in (("b", 1), ("a", 0)):
        keep(folder, row(key, repetition=repetition, trace_makespan=[2.0, 1.0]))
    assert not check_compact(folder)
    name_cells(folder, "ab")
    compact(folder)
    assert check_compact(folder)
    cells = read_cells(folder)
    assert cells["key"].tolist() == ["a", "b"]
    assert tuple(cells.columns) == tuple(KIND.table)
    assert [list(trace) for trace in cells["trace_makespan"]] == [[2.0, 1.0]] * 2
    assert list((folder / JOURNALS).iterdir()) == []
    assert list(scan_store(folder)) == ["a", "b"]


def test_parts_share_their_types_where_all_of_one_has_failed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("edgeopt.experiments.runs.compaction.PART", 2)
    keep(folder, *(row(key, makespan=1.0, assignment=[0]) for key in "abc"))
    keep(folder, *(row(key, status="failed", error="no") for key in "de"))
    name_cells(folder, "abdec")
    compact(folder)
    assert len(list((folder / CELLS).iterdir())) == 3
    cells = pd.read_parquet(folder / CELLS)
    assert cells["key"].tolist() == list("abdec")
    assert cells["makespan"].isna().tolist() == [False, False, True, True, False]


def test_every_part_says_where_it_comes_from(folder: Path):
    keep(folder, row("a"))
    name_cells(folder, "a")
    compact(folder)
    metadata = json.loads(pq.read_metadata(part_path(folder / CELLS, 0)).metadata[METADATA])
    assert metadata["config"] == SWEEP.as_dict()
    facts = metadata["provenance"]
    assert {"edgeopt", "numpy", "machine", "command", "code"} <= facts.keys()
    assert facts.get("dirty", "no") in ("yes", "no")


def test_rows_that_are_not_named_are_kept_apart_and_used_again(folder: Path):
    keep(folder, row("a"), row("b"))
    name_cells(folder, "ab")
    compact(folder)
    keep(folder, row("A", code="d"), row("B", code="d"))
    name_cells(folder, "AB", code="d")
    compact(folder)
    assert read_cells(folder)["key"].tolist() == ["A", "B"]
    assert older_cells(folder) == 2
    assert pd.read_parquet(folder / OLDER)["key"].tolist() == ["a", "b"]
    assert scan_store(folder).keys() == {"a", "b", "A", "B"}
    name_cells(folder, "ab")
    assert not check_compact(folder)
    assert read_cells(folder)["key"].tolist() == ["a", "b"]
    compact(folder)
    assert check_compact(folder)
    assert older_cells(folder) == 2
    before = sorted((folder / OLDER).iterdir())
    name_cells(folder, "aA")
    compact(folder)
    assert read_cells(folder)["key"].tolist() == ["a", "A"]
    assert sorted((folder / OLDER).iterdir()) == before  # nothing is kept twice


def test_pruning_leaves_the_rows_that_are_named(folder: Path):
    keep(folder, row("a"), row("b"), row("c"))
    name_cells(folder, "abc")
    compact(folder)
    keep(folder, row("d"))
    name_cells(folder, "ca")
    compact(folder)
    assert older_cells(folder) == 2
    compact(folder, prune=True)
    assert scan_store(folder).keys() == {"a", "c"}
    assert read_cells(folder)["key"].tolist() == ["c", "a"]
    assert not (folder / OLDER).exists()


def test_cells_that_share_a_key_share_its_row(folder: Path):
    keep(folder, row("a", makespan=3.0), row("b", makespan=4.0))
    names = [("x", "a", 0), ("y", "a", 0), ("x", "b", 1), ("z", "c", 0)]
    entries = [entry(key, solver=name, repetition=number) for name, key, number in names]
    write_description(folder, read_description(folder), entries)
    unfinished = read_cells(folder)
    assert unfinished["solver"].tolist() == ["x", "y", "x"]
    assert unfinished["makespan"].tolist() == [3.0, 3.0, 4.0]
    assert unfinished["repetition"].tolist() == [0, 0, 1]
    compact(folder)
    pd.testing.assert_frame_equal(read_cells(folder), unfinished, check_exact=True)
    assert check_compact(folder)


def test_what_is_missing_is_counted(folder: Path):
    keep(folder, row("b"))
    name_cells(folder, "abc")
    assert missing_note(read_cells(folder)) == "2 of 3 cells are missing: not run yet"
    keep(folder, row("a"), row("c"))
    assert missing_note(read_cells(folder)) is None


def test_a_folder_of_before_the_index_holds_its_table(
    folder: Path, caplog: pytest.LogCaptureFixture
):
    keep(folder, row("a"), row("b"))
    name_cells(folder, "ba")
    compact(folder)
    description = read_description(folder)
    del description[INDEX]
    (folder / CONFIG).write_text(json.dumps(description))
    assert read_cells(folder)["key"].tolist() == ["b", "a"]
    assert older_cells(folder) == 0
    assert caplog.text.count("without checksums") == 1
    open_sweep(folder)
    assert "check" in json.loads((folder / CONFIG).read_text())


def write_only_the_first(path: Path, *content: Any) -> None:
    """Write a part, or end as if interrupted."""
    if path.name != "part-00000.parquet":
        raise KeyboardInterrupt
    write_part(path, *content)


def test_a_crash_between_two_parts_loses_and_doubles_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("edgeopt.experiments.runs.compaction.PART", 1)
    keep(folder, row("a"), row("b"))
    name_cells(folder, "ab")
    with monkeypatch.context() as patch:
        patch.setattr("edgeopt.experiments.runs.compaction.write_part", write_only_the_first)
        with pytest.raises(KeyboardInterrupt):
            compact(folder)
    assert not (folder / CELLS).exists()
    assert read_cells(folder)["key"].tolist() == ["a", "b"]
    compact(folder)
    assert pd.read_parquet(folder / CELLS)["key"].tolist() == ["a", "b"]


def test_a_crash_while_rows_move_between_parts_loses_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("edgeopt.experiments.runs.compaction.PART", 1)
    keep(folder, row("a"), row("b"))
    name_cells(folder, "ab")
    compact(folder)
    name_cells(folder, "ba")
    kept = iter([True, True, False])  # the rows that move, and one of two parts

    def write(*content: Any) -> None:
        if not next(kept):
            raise KeyboardInterrupt
        write_part(*content)

    with monkeypatch.context() as patch:
        patch.setattr("edgeopt.experiments.runs.compaction.write_part", write)
        with pytest.raises(KeyboardInterrupt):
            compact(folder)
    assert pd.read_parquet(folder / CELLS)["key"].tolist() == ["b", "b"]
    assert read_cells(folder)["key"].tolist() == ["b", "a"]
    compact(folder)
    assert pd.read_parquet(folder / CELLS)["key"].tolist() == ["b", "a"]


def test_rows_stay_in_journals_while_another_process_holds_the_lock(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("edgeopt.experiments.runs.compaction._LOCK_SECONDS", 0.0)
    keep(folder, row("a"), row("b"))
    name_cells(folder, "ab")
    with FileLock(folder / ".lock"):
        compact(folder)
        with pytest.raises(InputError, match="one that can be locked"):
            compact(folder, prune=True)
    assert "rows stay in" in caplog.text
    assert not (folder / CELLS).exists()
    assert read_cells(folder)["key"].tolist() == ["a", "b"]
    compact(folder)
    assert pd.read_parquet(folder / CELLS)["key"].tolist() == ["a", "b"]


def test_an_index_without_rows_leaves_no_table(folder: Path):
    keep(folder, row("a"), row("b"))
    name_cells(folder, "ab")
    compact(folder)
    name_cells(folder, "c")
    compact(folder)
    assert not (folder / CELLS).exists()
    assert read_cells(folder).empty
    with pytest.raises(InputError, match="a sweep of which a cell has been run"):
        read_solver_cells(folder)
    compact(folder)
    name_cells(folder, "a")
    assert read_solver_cells(folder)["key"].tolist() == ["a"]


def test_a_broken_part_costs_its_cells(folder: Path):
    keep(folder, row("a"))
    name_cells(folder, "a")
    compact(folder)
    path = part_path(folder / CELLS, 0)
    whole = path.read_bytes()
    for data in (b"", b"junk", whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.warns(UserWarning, match="its rows are left out, and their cells run again"):
            assert read_cells(folder).attrs["missing"] == 1
        with pytest.warns(UserWarning, match="damaged"):
            assert scan_store(folder) == {}
    with pytest.warns(UserWarning, match="damaged"):
        compact(folder, [row("a")])
    assert (folder / "damaged" / path.name).read_bytes() == whole[: len(whole) // 2]
    assert read_cells(folder)["key"].tolist() == ["a"]


def test_the_journal_is_json_lines(folder: Path):
    journal = keep(folder, row("a"))
    (line,) = map(json.loads, journal.read_text().splitlines())
    assert len(line.pop("check")) == 16
    assert line == row("a")


@pytest.mark.parametrize(
    "broken",
    [[], 3, {"key": "a"}, row(["k"]), row("k", status=None), row("k", cell_seconds="x")],
)
def test_a_line_of_something_else_is_left_out(folder: Path, broken: Any):
    journal = keep(folder)
    journal.write_text(f"{json.dumps(row('a'))}\n{json.dumps(broken)}\n")  # without checksums
    with pytest.warns(UserWarning, match="1 of 2 lines are damaged"):
        assert list(scan_store(folder)) == ["a"]


def test_lines_that_are_no_json_are_left_out(folder: Path):
    journal = keep(folder, row("a"))
    torn = [b'{"key"', b"[" * 100_000, b"9" * 5000, b"\xff\xff"]
    journal.write_bytes(b"\n".join([*torn, journal.read_bytes()]))
    with pytest.warns(UserWarning, match="4 of 5 lines are damaged"):
        assert list(scan_store(folder)) == ["a"]


@pytest.mark.parametrize("values", [{"seed": -1}, {"seed": 2**70}, {"tasks": "x"}, {"error": 3}])
def test_a_row_of_wrong_types_becomes_no_part(folder: Path, values: dict[str, Any]):
    with pytest.raises(InputError, match="rows: "):
        write_part(folder / CELLS / "part-00000.parquet", [row("a", **values)], KIND, {})


def test_a_part_of_other_columns_or_types_is_left_out(folder: Path):
    (folder / CELLS).mkdir()
    name_cells(folder, "ab")
    path = part_path(folder / CELLS, 0)
    write_part(path, [row("a", makespan=1.0), row("b", repetition=1, makespan=2.0)], KIND, {})
    good = pd.read_parquet(path)
    assert read_cells(folder).equals(good)
    for bad in (
        good.drop(columns="makespan"),
        good.assign(makespan="x"),
        good.assign(assignment=1),
    ):
        bad.to_parquet(path)
        with pytest.warns(UserWarning, match=path.name):
            assert read_cells(folder).empty
        # whoever looks whether cells are finished agrees, without reading their outcomes
        with pytest.warns(UserWarning, match=path.name):
            assert scan_store(folder) == {}


def test_two_rows_of_one_run_are_refused(folder: Path):
    keep(folder, row("a"), row("b"))
    name_cells(folder, "ab", repetition=0)
    compact(folder)
    with pytest.raises(InputError, match="got 'p, s, 0', must be of one row alone"):
        read_solver_cells(folder)


def test_a_part_with_flipped_bits_is_left_out(folder: Path):
    (folder / CELLS).mkdir()
    name_cells(folder, "a")
    path = part_path(folder / CELLS, 0)
    write_part(path, [row("a", makespan=1.0, problem="a problem's name")], KIND, {})
    path.write_bytes(path.read_bytes().replace(b"a problem's name", b"a problem's lame", 1))
    with pytest.warns(UserWarning, match=path.name):
        assert read_cells(folder).empty


@pytest.mark.parametrize("text", ["[" * 100_000, '{"config": {}, "provenance": {}}', "{}", "3"])
def test_a_description_that_is_something_else_is_refused(folder: Path, text: str):
    (folder / CONFIG).write_text(text)
    with pytest.raises(InputError):
        read_description(folder)


def test_a_bound_is_not_above_a_makespan_by_rounding(folder: Path):
    """Two runs prove their schedules optimal, and their loads were summed in another order."""
    found = {"a": 5.0, "b": 5.000000000000001}
    rows = [
        row(key, repetition=i, makespan=makespan, lower_bound=makespan, gap=0.0)
        for i, (key, makespan) in enumerate(found.items())
    ]
    keep(folder, *rows, row("c", repetition=2, status="failed", error="no"))
    name_cells(folder, "abc")
    compact(folder)
    cells = read_solver_cells(folder)
    assert cells["lower_bound"].tolist()[:2] == [5.0, 5.0]
    assert cells["gap"].min() == 0.0
    assert pd.isna(cells["lower_bound"].iloc[2])
