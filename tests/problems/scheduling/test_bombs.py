"""Small files that stand for any amount of numbers: refused before there is memory for them."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgeopt.problems import parquet
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling import formats, table_files
from edgeopt.problems.scheduling.formats import load_file


def header(descr: str, *shape: int) -> bytes:
    """Return the header of a NumPy array."""
    found = io.BytesIO()
    facts = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(found, facts)
    return found.getvalue()


def pack(path: Path, **arrays: bytes) -> Path:
    """Write an archive of arrays."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in arrays.items():
            archive.writestr(f"{name}.npy", data)
    return path


def test_arrays_of_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = header("<f8", 2, 1) + np.ones(2).tobytes()
    (tmp_path / "lie.npy").write_bytes(header("<f8", 10**12, 1) + bytes(80))
    pack(tmp_path / "lie.npz", et=header("<f8", 10**15, 1) + bytes(80))
    pack(tmp_path / "names.npz", et=times, task_names=header("<U0", 10**12))
    for name in ("lie.npy", "lie.npz", "names.npz"):
        with pytest.raises(InputError):
            load_file(tmp_path / name)
    monkeypatch.setattr(formats, "LARGEST_ARRAYS", 500)
    zeros = pack(tmp_path / "zeros.npz", et=header("<f8", 100, 1) + bytes(800))
    with pytest.raises(InputError, match="at most 500 bytes once unpacked"):
        load_file(zeros)
    (tmp_path / "zeros.npy").write_bytes(header("<f8", 100, 1) + bytes(800))
    with pytest.raises(InputError, match="a file of at most 500 bytes"):
        load_file(tmp_path / "zeros.npy")


@pytest.mark.parametrize("text", ["1000000000 1000000000\n1", "9999999999 9999999999 1\n1\n0 1"])
def test_counts_in_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "counts.txt").write_text(text)
    with pytest.raises(InputError, match=r"body: got '. numbers', must be"):
        load_file(tmp_path / "counts.txt")


def test_tables_of_too_many_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    monkeypatch.setattr(table_files, "_MOST_CELLS", 1000)
    (tmp_path / "line.csv").write_text("1," * 1001)
    book = openpyxl.Workbook()
    for row in range(1, 101):
        book.active.cell(row, 16384, 1)
    book.save(tmp_path / "wide.xlsx")
    for name in ("line.csv", "wide.xlsx"):
        with pytest.raises(InputError, match="a table of at most 1000 cells"):
            load_file(tmp_path / name)


def test_the_size_that_a_sheet_states_counts_for_nothing(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in ([1.5, 2.5], [3.5, 4.5]):
        book.active.append(row)
    book.save(tmp_path / "plain.xlsx")
    for stated in ("A1:XFD1048576", "A1"):
        path = tmp_path / f"stated-{stated[3:]}.xlsx"
        ref = f'ref="{stated}"'.encode()
        with zipfile.ZipFile(tmp_path / "plain.xlsx") as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(b'ref="A1:B2"', ref))
        assert load_file(path).matrix.tolist() == [[1.5, 2.5], [3.5, 4.5]]


def test_values_that_parquet_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = pa.array(np.ones(1000))
    pq.write_table(pa.table({"a": times}), tmp_path / "ones.parquet")
    codes = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), ["x" * 1000])
    pq.write_table(pa.table({"names": codes, "a": times}), tmp_path / "texts.parquet")
    plain = pa.table({"names": codes.cast(pa.string()), "a": times})
    pq.write_table(plain, tmp_path / "plain.parquet")
    assert (tmp_path / "texts.parquet").stat().st_size < 10_000
    assert load_file(tmp_path / "ones.parquet").tasks == 1000
    monkeypatch.setattr(parquet, "LARGEST_ARRAYS", 50_000)
    for name in ("texts", "plain"):
        with pytest.raises(InputError, match="'1000000 bytes', must be a file of at most 50000 by"):
            load_file(tmp_path / f"{name}.parquet")
    monkeypatch.setattr(parquet, "LARGEST_ARRAYS", 7_999)
    with pytest.raises(InputError, match="'8000 bytes', must be a file of at most 7999 bytes"):
        load_file(tmp_path / "ones.parquet")
