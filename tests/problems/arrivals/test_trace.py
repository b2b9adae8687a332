"""Traces: CSV files in several formats, good and bad."""

from decimal import Decimal

import numpy as np
import pytest

from edgeopt.problems.arrivals.spec import read_trace
from edgeopt.problems.errors import InputError


@pytest.fixture
def write(tmp_path):
    def writer(text):
        path = tmp_path / "trace.csv"
        path.write_bytes(text.encode())
        return path

    return writer


def test_the_azure_trace(shared):
    path = shared / "traces/azure_llm_2023/AzureLLMInferenceTrace_code.csv"
    stream = read_trace(path, "TIMESTAMP", "GeneratedTokens", tasks=8819)
    assert stream.name == "AzureLLMInferenceTrace_code"
    assert stream.tasks == 8819
    assert stream.time[:3] == pytest.approx([0.0, 0.052, 0.098189], abs=1e-6)
    assert stream.size.mean() == pytest.approx(1.0)
    first = read_trace(path, "TIMESTAMP", "GeneratedTokens", sample_size=10.0, tasks=3, speed_up=2)
    assert first.size.tolist() == [1.0, 0.8, 2.7]
    assert first.time == pytest.approx(stream.time[:3] / 2)


@pytest.mark.parametrize(
    "times",
    [
        ["5", "6.5", "6.5"],
        ["2023-11-16 18:17:05", "2023-11-16 18:17:06.5", "2023-11-16T18:17:06.500"],
        ["2023-11-16T18:17:05Z", "2023-11-16T18:17:06.5000000Z", "2023-11-16T19:17:06.5+01:00"],
    ],
)
def test_formats_of_time(write, times):
    text = "\ufeffx,when,size\r\n" + "".join(
        f"-,{time},{i + 1}\r\n\r\n" for i, time in enumerate(times)
    )
    stream = read_trace(write(text), "when", "size", sample_size=1.0)
    assert stream.time.tolist() == [0.0, 1.5, 1.5]
    assert stream.size.tolist() == [1.0, 2.0, 3.0]
    assert read_trace(write(text), "when").size.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("start", ["9223372036854775807", "1000000000000000", "-7", "1.7e9"])
def test_only_the_time_since_the_first_arrival_counts(write, start):
    first = Decimal(start)
    times = [first, first + Decimal("0.001"), first + Decimal("0.0035")]
    stream = read_trace(write("when\n" + "".join(f"{time}\n" for time in times)), "when")
    assert stream.time.tolist() == [0.0, 0.001, 0.0035]


@pytest.mark.parametrize("last", ["1e15", "1e308", "9223372036854775807"])
def test_absurd_spans_are_refused(write, last):
    with pytest.raises(InputError, match=r"time: got .*at most 1e.10 s: subtract the first"):
        read_trace(write(f"when\n0\n1e-999999999\n{last}\n"), "when")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"column: got 'when', must be one of the columns \(none\)"),
        ("time,size\n1,1\n", "column: got 'when', must be one of the columns time, size"),
        ("when,size\n", "got 'no rows'"),
        ("when,size\n1,1\nnan,1\n", "line 3: got 'nan', must be seconds or an ISO 8601"),
        ("when,size\n1,1\ninf,1\n", "line 3: got 'inf'"),
        ("when,size\nyesterday,1\n", "line 2: got 'yesterday'"),
        ("when,size\n2,1\n1,1\n", "line 3: got '1', must be no earlier"),
        ("when,size\n1,1\n2,0\n", "line 3: got '0', must be a size > 0"),
        ("when,size\n1,1\n2,big\n", "line 3: got 'big'"),
        ("when,size\n1,1\n2,nan\n", "line 3: got 'nan'"),
        ("when,size\n1,1\n2\n", "line 3: got"),
        ("when,size\n1,1\n,1\n", "line 3: got ''"),
        ("when,size\n1,\0\n", "trace.csv"),
    ],
)
def test_bad_files_are_refused_by_line(write, text, message):
    with pytest.raises(InputError, match=message):
        read_trace(write(text), "when", "size")


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_bytes(b"when\n\xff\xfe\n")
    with pytest.raises(InputError, match="CSV text"):
        read_trace(path, "when")
    with pytest.raises(InputError, match="an existing file"):
        read_trace(tmp_path / "missing.csv", "when")


@pytest.mark.parametrize("bad", [{"speed_up": 0.0}, {"tasks": 0}, {"sample_size": np.nan}])
def test_bad_parameters_are_refused(write, bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        read_trace(write("when,size\n1,1\n"), "when", "size", **bad)
