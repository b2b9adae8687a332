"""`edgeopt front`: what it prints, writes and refuses."""

import csv
import json

import pytest

TIMES, COSTS = "3,5\n2,1\n4,4\n", "0,5\n0,1\n0,3\n"


@pytest.fixture
def files(tmp_path):
    """Write times and costs; the front is (5, 3), (7, 1), (9, 0)."""
    (tmp_path / "t.csv").write_text(TIMES)
    (tmp_path / "c.csv").write_text(COSTS)
    return "t.csv:header=no:index=no:cost=c.csv"


def test_an_exact_front_is_printed_and_written(edgeopt, files, tmp_path):
    given = ("front", files, "--objectives", "cost,makespan", "--method", "epsilon", "--seed", "1")
    shown = edgeopt(*given, "--out", "f.csv", "--plot", "f.svg", "--reference", "10,10")
    assert shown.code == 0
    for text in ("schedules    3", "5 s, cost 3", "9 s, cost 0", "42 up to (10, 10)", "finished"):
        assert text in shown.out
    with (tmp_path / "f.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["makespan", "cost", "assignment"]
    assert [tuple(map(float, row[:2])) for row in rows[1:]] == [(5, 3), (7, 1), (9, 0)]
    assert rows[3][2] == "0 0 0"
    assert "<svg" in (tmp_path / "f.svg").read_text()
    values = json.loads(edgeopt(*given, "--json").out)
    assert values["points"] == [[5.0, 3.0], [7.0, 1.0], [9.0, 0.0]]
    assert values["share"] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("t.csv:header=no:index=no",), "objectives: got 'energy'"),
        (("t.csv:header=no:index=no", "--method", "magic"), "--method: got 'magic'"),
        (("t.csv:header=no:index=no", "--set", "depth=3"), "parameter: got 'depth'"),
        (("t.csv:header=no:index=no", "--reference", "5"), "--reference: got '5'"),
        (("t.csv:header=no:index=no", "--plot", "f.gif"), "--plot: got 'gif'"),
        (("t.csv:header=no:index=no", "--out", "none/f.csv"), "--out: got 'none/f.csv'"),
    ],
)
def test_bad_input_is_refused(edgeopt, files, arguments, message):
    shown = edgeopt("front", *arguments)
    assert shown.code == 2
    assert message in shown.err
