"""Logs in the standard workload format: what is read, what is left out, and what is refused."""

import gzip
import logging
from pathlib import Path

import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import load_file
from edgeopt.problems.scheduling.spec import load_problem
from edgeopt.problems.scheduling.swf import load_swf, read_swf


def line(number, submit, run, allocated, *, requested=-1, status=1, memory=-1):
    """Return a job as its 18 fields."""
    fields = [number, submit, 3, run, allocated, -1, memory, requested, -1, -1, status]
    return " ".join(map(str, [*fields, 7, 1, -1, 1, -1, -1, -1]))


LINES = (
    "; Version: 2.2",
    ";   MaxProcs: 64",
    "",
    line(1, 0, 100, 4, memory=2048),
    line(2, 10, 50.5, -1, requested=2),
    line(3, 10, -1, -1, requested=8, status=5),  # cancelled before it ran
    line(5, 20, 30, 1, status=5) + "  ; cancelled while it ran",
    line(6, 20, 0, 1),
    line(7, 25, 8, -1),
    line(8, 30, 90, 2, status=0),
    line(8, 30, 40, 2, status=2),  # two parts of job 8
    line(8, 70, 50, 2, status=3),
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log in a file."""
    path = tmp_path / "site.swf"
    path.write_text("\n".join(LINES))
    return path


def test_the_jobs_that_ran(log: Path):
    found = read_swf(log)
    assert found.number.tolist() == [1, 2, 5, 8]
    assert found.submit_s.tolist() == [0, 10, 20, 30]
    assert found.run_s.tolist() == [100, 50.5, 30, 90]
    assert found.processors.tolist() == [4, 2, 1, 2]
    assert found.left_out == {
        "without a run time": 2,
        "without processors": 1,
        "parts of other jobs": 2,
    }
    packed = log.with_suffix(".swf.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    assert read_swf(packed).describe() == found.describe()


def test_the_problem_of_a_log(log: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "edgeopt"):
        problem = load_swf(log, [4.0, 2.0])
    assert problem.matrix.tolist() == [[100, 200], [25.25, 50.5], [7.5, 15], [45, 90]]
    assert problem.task_names == ("1", "2", "5", "8")
    assert caplog.messages == [
        "site.swf: 4 jobs; left out: 2 without a run time, 1 without processors, 2 parts of other"
        " jobs; submit times and memory are not used"
    ]
    part = load_problem(f"{log}:speeds=4+2:first=1:jobs=2")
    assert part.matrix.tolist() == problem.matrix[1:3].tolist()
    assert part.name == "site"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3", "line 1: got '1 2 3', must be 18 numbers"),
        (LINES[3] + " 9", "line 1: .* must be 18 numbers"),
        (f"{LINES[3]}\n{line(2, 'x', 1, 1)}", "line 2: .* must be 18 numbers"),
        (line(2, "nan", 1, 1), "line 1: .* must be 18 numbers"),
        (line("1e300", 1, 1, 1), "line 1: .* must be 18 numbers"),
        ("; nothing", "got 'no job that ran'"),
        (line(3, 10, -1, -1), "got 'no job that ran'"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str, message: str):
    (tmp_path / "bad.swf").write_text(text)
    with pytest.raises(InputError, match=message):
        read_swf(tmp_path / "bad.swf")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "must be speeds of the nodes, as in .*site.swf:speeds=16"),
        (":jobs=2", "options: got 'jobs=2', must be speeds"),
        (":speeds=1:speeds=2", "options: got 'speeds=1, speeds=2'"),
        (":speeds=1:header=no", "options: got 'speeds=1, header=no'"),
        (":speeds=fast", "speeds: got 'fast', must be of type float"),
        (":speeds=4+0", r"speeds\[1\]: got 0.0, must be finite > 0"),
        (":speeds=4:jobs=5", "jobs: got 5, must be an integer >= 1 and <= 4"),
        (":speeds=4:first=4", "first: got 4, must be an integer >= 0 and <= 3"),
    ],
)
def test_bad_options_are_refused(log: Path, options: str, message: str):
    with pytest.raises(InputError, match=message):
        load_problem(f"{log}{options}")


def test_a_log_needs_speeds(log: Path):
    with pytest.raises(InputError, match=r"given with the speeds of nodes: .*site.swf:speeds=16"):
        load_file(log)


def test_a_log_that_is_refused_is_not_described(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    line = "1 0 5 1e308 1 -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n"
    (tmp_path / "long.swf").write_text(40 * line)
    with caplog.at_level("INFO"), pytest.raises(InputError, match="work: got 1e"):
        load_problem(f"{tmp_path / 'long.swf'}:speeds=4+2")
    assert not caplog.records
