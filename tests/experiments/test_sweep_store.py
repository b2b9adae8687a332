"""The folder of a sweep."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.sweep.cell import COLUMNS, Row
from experiments.sweep.config import SweepConfig
from experiments.sweep.store import (
    CELLS,
    CONFIG,
    JOURNALS,
    append_row,
    compact,
    finished_rows,
    open_folder,
    read_cells,
    read_description,
)
from problems.errors import InputError

SWEEP = SweepConfig(("paper:5x2",), 2, 1, {"evaluations": 10}, {"mct": {"solver": "mct"}})


def row(key: str, **values: object) -> Row:
    return {"key": key, "problem": "p", "solver": "s", "repetition": 0, "status": "done", **values}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the opened folder of `SWEEP`."""
    path = tmp_path / "deep" / "out"
    open_folder(path, SWEEP)
    return path


def test_a_new_folder_says_what_it_is_for(folder: Path):
    description = read_description(folder)
    assert description["config"] == SWEEP.as_dict()
    assert {"edgeopt", "python", "numpy", "machine", "command"} <= description["provenance"].keys()
    assert sorted(path.name for path in folder.iterdir()) == [JOURNALS, CONFIG]


def test_a_folder_opens_again_for_the_same_sweep_alone(folder: Path):
    before = (folder / CONFIG).read_bytes()
    open_folder(folder, SWEEP)
    for other in (replace(SWEEP, seed=2), replace(SWEEP, repetitions=3)):
        with pytest.raises(InputError, match="this one holds another sweep"):
            open_folder(folder, other)
    assert (folder / CONFIG).read_bytes() == before


def test_a_sweep_killed_while_opening_its_folder_goes_on(folder: Path):
    (folder / JOURNALS).rmdir()
    open_folder(folder, SWEEP)
    (folder / CONFIG).rename(folder / f"_{CONFIG}.123")
    (folder / JOURNALS).rmdir()
    open_folder(folder, SWEEP)
    assert read_description(folder)["config"] == SWEEP.as_dict()


def test_folders_of_other_content_are_refused_and_left_alone(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    for name in ("file", "full", "file/below"):
        with pytest.raises(InputError, match=r"^--out: got"):
            open_folder(tmp_path / name, SWEEP)
    assert len(list(tmp_path.rglob("*"))) == 3


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"config": 3}', "\xff"])
def test_broken_descriptions_are_refused(folder: Path, text: str):
    (folder / CONFIG).write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError):
        open_folder(folder, SWEEP)


def test_rows_come_back_from_the_journals(folder: Path):
    rows = {"a": row("a", makespan=0.1 + 0.2), "b": row("b", gap=float("inf"), assignment=[1, 0])}
    for one in rows.values():
        append_row(folder, one)
    assert finished_rows(folder) == rows


def test_the_last_row_of_a_key_counts(folder: Path):
    append_row(folder, row("a", status="failed"))
    append_row(folder, row("a", status="done"))
    assert finished_rows(folder)["a"]["status"] == "done"


@pytest.mark.parametrize("tail", ['{"key": "b", "ma', '{"key": "b"', "\0\0\0", "\xff", "\n\n"])
def test_torn_lines_are_passed_over(folder: Path, tail: str):
    append_row(folder, row("a"))
    (journal,) = (folder / JOURNALS).iterdir()
    journal.write_bytes(journal.read_bytes() + tail.encode("latin-1"))
    assert finished_rows(folder) == {"a": row("a")}


def test_every_cut_of_a_journal_gives_the_whole_rows_before_it(folder: Path):
    for key in "abc":
        append_row(folder, row(key, text="line\nbreak \u2028 ü"))
    (journal,) = (folder / JOURNALS).iterdir()
    data = journal.read_bytes()
    ends = [index for index, byte in enumerate(data) if byte == ord("\n")]
    for cut in range(len(data)):
        journal.write_bytes(data[:cut])
        assert len(finished_rows(folder)) == sum(end <= cut for end in ends)


def test_compaction_keeps_all_rows_in_order_and_drops_the_journals(folder: Path):
    for key, repetition in (("b", 1), ("a", 0)):
        append_row(folder, row(key, repetition=repetition, trace_makespan=[2.0, 1.0]))
    compact(folder, list(finished_rows(folder).values()))
    cells = read_cells(folder)
    assert cells["key"].tolist() == ["a", "b"]
    assert tuple(cells.columns) == COLUMNS
    assert [list(trace) for trace in cells["trace_makespan"]] == [[2.0, 1.0]] * 2
    assert list((folder / JOURNALS).iterdir()) == []
    assert list(finished_rows(folder)) == ["a", "b"]


def test_newer_journals_go_before_the_compacted_rows(folder: Path):
    compact(folder, [row("a", status="failed"), row("b")])
    append_row(folder, row("a", status="done"))
    assert finished_rows(folder)["a"]["status"] == "done"
    assert finished_rows(folder)["b"]["repetition"] == 0


def test_missing_and_broken_tables_are_refused(folder: Path):
    with pytest.raises(InputError, match="must be a finished sweep"):
        read_cells(folder)
    compact(folder, [row("a")])
    whole = (folder / CELLS).read_bytes()
    for data in (b"", b"junk", whole[: len(whole) // 2]):
        (folder / CELLS).write_bytes(data)
        with pytest.raises(InputError, match="must be a Parquet file"):
            read_cells(folder)


def test_the_journal_is_json_lines(folder: Path):
    append_row(folder, row("a"))
    (journal,) = (folder / JOURNALS).glob("*.jsonl")
    assert [json.loads(line) for line in journal.read_text().splitlines()] == [row("a")]
