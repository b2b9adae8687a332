"""Checksums of lines, documents and parts: every flipped bit costs what it hits, and is said."""

import json
import shutil
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.runs.checks import (
    DamageError,
    append_line,
    open_lines,
    read_json,
    read_lines,
    sealed_json,
    sealed_line,
)
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.store import read_cells
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.problems.errors import InputError

RECORDS = [
    {"key": key, "text": 'a "check": "0123456789abcdef"} ü \u2028', "x": 0.1} for key in "abc"
]


def flip(path: Path, bit: int) -> bytes:
    """Flip a bit of a file; return what it was."""
    before = path.read_bytes()
    data = bytearray(before)
    place = bit // 8 % len(data)
    data[place] ^= 1 << bit % 8
    path.write_bytes(data)
    return before


def test_a_flipped_bit_of_a_file_of_lines_costs_one_line(tmp_path: Path):
    path = tmp_path / "lines"
    whole = b"".join(map(sealed_line, RECORDS))
    for bit in range(0, 8 * len(whole), 11):
        path.write_bytes(whole)
        flip(path, bit)
        found = read_lines(path)
        left = [record for record in found if record is not None]
        assert left == [record for record in RECORDS if record in left]
        assert len(left) >= 2
        assert len(left) == 3 or found.count(None) == 1


def test_a_flipped_bit_of_a_document_is_found(tmp_path: Path):
    path, table = tmp_path / "table.json", {"provenance": "ü", "numbers": [1, 2.5], "text": None}
    whole = sealed_json(table)
    for bit in range(0, 8 * len(whole), 11):
        path.write_bytes(whole)
        flip(path, bit)
        try:
            assert read_json(path, ("provenance", "numbers", "text"))[0] == table
        except DamageError:
            continue


def test_lines_of_before_there_were_checksums_get_them(tmp_path: Path):
    path = tmp_path / "lines"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in RECORDS) + '{"key": "d')
    assert open_lines(path, "") == RECORDS
    append_line(path, RECORDS[0])
    assert read_lines(path) == [*RECORDS, RECORDS[0]]
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"b"', b'"c"'))
    with pytest.warns(UserWarning, match="1 of 4 lines are damaged; so"):
        assert open_lines(path, "so") == [RECORDS[0], RECORDS[2], RECORDS[0]]
    path.write_bytes(data.replace(b'"b"', b'"c"'))
    with pytest.warns(UserWarning, match="1 of 4 lines are damaged; so"):
        assert open_lines(path, "so", prefix=True) == [RECORDS[0]]
    assert len(list((tmp_path / "damaged").iterdir())) == 2


CONFIG = SweepConfig(("braun:u_c_hihi:6x2",), 3, 1, {"evaluations": 20}, {"mct": {"solver": "mct"}})


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished sweep, some of it still in a journal."""
    folder = tmp_path_factory.mktemp("flips") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgeopt.experiments.runs.run.compact", lambda *_: None)
        run_sweep(CONFIG, folder)
    shutil.copytree(folder / "journal", folder / "kept")
    run_sweep(CONFIG, folder)
    (folder / "kept").rename(folder / "journal2")
    return folder


def outcomes(folder: Path) -> list[tuple[object, ...]]:
    """Return what the rows say, except how long they took."""
    cells = read_cells(folder)
    return [(row["key"], row["makespan"], *row["assignment"]) for _, row in cells.iterrows()]


@given(st.sampled_from(["sweep.json", "index-*", "cells/*", "journal2/*"]), st.integers(0, 2**20))
def test_no_flipped_bit_changes_a_table_in_silence(swept: Path, name: str, bit: int):
    (path,) = swept.glob(name)
    target = path
    if name == "journal2/*":  # instead of the parts
        target = swept / "journal" / path.name
        shutil.copy(path, target)
        (swept / "cells").rename(swept / "away")
    whole = outcomes(swept)
    assert len(whole) == 3
    before = flip(target, bit)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = outcomes(swept)
        assert found == [row for row in whole if row in found]
        assert len(found) == 3 or said
        assert len(found) >= (2 if name == "journal2/*" else 0)
    except InputError:
        if name not in ("sweep.json", "index-*"):
            raise
    finally:
        target.write_bytes(before)
        if name == "journal2/*":
            target.unlink()
            (swept / "away").rename(swept / "cells")
