"""Fronts of several methods, compared."""

import csv
import json

import pytest

from edgeopt.experiments.report.fronts import front_rows, join, read_run
from edgeopt.problems.errors import InputError

PROBLEM = "t.csv:header=no:index=no:cost=c.csv"  # the front is (5, 3), (7, 1), (9, 0)


@pytest.fixture
def files(edgeopt, tmp_path):
    """Write the exact front, and one that lacks a schedule and has no bounds."""
    (tmp_path / "t.csv").write_text("3,5\n2,1\n4,4\n")
    (tmp_path / "c.csv").write_text("0,5\n0,1\n0,3\n")
    shown = edgeopt(
        "front", PROBLEM, "--objectives", "makespan,cost", "--method", "epsilon", "--seed", "1",
        "--json",
    )  # fmt: skip
    whole = json.loads(shown.out)
    (tmp_path / "a.json").write_text(json.dumps(whole))
    half = {"method": "half", "assignments": whole["assignments"][::2], "points": [], "lines": []}
    (tmp_path / "b.json").write_text(json.dumps(whole | half))
    return whole


def test_all_runs_get_one_reference_and_one_bound(files):
    (joint,) = join([read_run("a.json"), read_run("b.json")])
    assert joint.reference.tolist() == pytest.approx([9.4, 3.3])  # a tenth beyond 9 and 3
    exact, half = front_rows(joint)
    # steps of 4.4 x 0.3, 2.4 x 2 and 0.4 x 1; without the middle one of 0.4 x 3
    assert exact["hypervolume"] == pytest.approx(4.4 * 0.3 + 2.4 * 2 + 0.4)
    assert half["hypervolume"] == pytest.approx(4.4 * 0.3 + 0.4 * 3)
    assert exact["share"] == pytest.approx(1.0, abs=1e-5)
    assert half["share"] == pytest.approx(half["hypervolume"] / exact["hypervolume_bound"])
    assert half["share_of_best"] == pytest.approx(half["hypervolume"] / exact["hypervolume"])


def test_the_command_writes_a_table_and_a_figure(edgeopt, files, tmp_path):
    shown = edgeopt("fronts", "a.json", "b.json", "--out", "o")
    assert shown.code == 0
    assert "epsilon" in shown.out
    with (tmp_path / "o" / "fronts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["method"], row["schedules"]) for row in rows] == [("epsilon", "3"), ("half", "2")]
    assert len(list((tmp_path / "o").glob("cost-*.png"))) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"assignments": [[0, 0, 7]]},
        {"assignments": []},
        {"objectives": ["makespan", "energy"]},
        {"lines": [1.0]},
        {"seconds": ...},
    ],
)
def test_another_file_is_refused(files, tmp_path, change):
    values = {name: value for name, value in (files | change).items() if value is not ...}
    (tmp_path / "c.json").write_text(json.dumps(values))
    with pytest.raises(InputError):
        read_run("c.json")


def test_a_text_is_refused(tmp_path):
    (tmp_path / "c.json").write_text("{")
    with pytest.raises(InputError, match=r"edgeopt front --json"):
        read_run(tmp_path / "c.json")
