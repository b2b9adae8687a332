"""Parquet files, which Arrow reads in threads of its own."""

import io

import pandas as pd
import pytest

from edgeopt.problems.parquet import read_parquet

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def test_threads_that_may_outlive_python_hold_none_of_its_objects(monkeypatch, tmp_path):
    file = io.BytesIO()
    pd.DataFrame({"text": ["a", "b"], "number": [1, 2]}).to_parquet(file)
    data, seen = file.getvalue(), []
    reader = pq.ParquetFile

    def look(source, **options):
        seen.append(source.read_buffer())
        source.seek(0)
        return reader(source, **options)

    monkeypatch.setattr(pq, "ParquetFile", look)
    table = read_parquet(tmp_path / "any.parquet", data=data)
    assert table.to_pydict() == {"text": ["a", "b"], "number": [1, 2]}
    (buffer,) = seen
    assert buffer.to_pybytes() == data
    assert buffer.address != pa.py_buffer(data).address
