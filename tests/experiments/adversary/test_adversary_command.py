"""`edgeopt adversary`, its folder in other commands, and `eo.adversary`."""

import csv
import json
from pathlib import Path

import pytest

import edgeopt as eo
from edgeopt.experiments.notebook.adversary import WorstCases

SMALL = ("--tasks", "5", "--nodes", "3", "--instances", "12", "--confirm", "2")


def test_a_pair_is_searched_saved_and_scheduled_again(edgeopt, tmp_path: Path):
    (tmp_path / "mine.py").write_text("def mine(problem, rng):\n    return [0] * problem.tasks\n")
    words = ("adversary", "fcfs", "lpt", *SMALL, "--out", "found")
    outcome = edgeopt(*words)
    assert outcome.code == 0, outcome.err
    (row,) = csv.DictReader((tmp_path / "found" / "summary.csv").read_text().splitlines())
    assert f"{float(row['ratio']):.3f}" in outcome.out
    scheduled = edgeopt("schedule", f"found/{row['instance']}", "--solver", "fcfs", "--json")
    assert json.loads(scheduled.out)["makespan"] == pytest.approx(float(row["makespan"]), 1e-7)
    again = json.loads(edgeopt(*words, "--json").out)
    assert again[0]["ratio"] == pytest.approx(float(row["ratio"]), 1e-7)
    assert "1 finished, 0 failed, 0 to run" in edgeopt("adversary", "--status", "found").out
    assert WorstCases("found").worst().ratio == again[0]["ratio"]
    planned = edgeopt("adversary", "mine.py:mine", "lpt", "--dry-run")
    assert "1 cells: 0 finished, 0 failed, 1 to run" in planned.out


def test_a_matrix_in_a_file_gets_a_figure_and_can_be_swept_again(edgeopt, tmp_path: Path):
    text = "instances = 5\nconfirm = 2\nbudget = {evaluations = 20}\n[space]\ntasks = 4\n"
    (tmp_path / "file.toml").write_text(f"{text}[solvers]\nlpt = {{}}\nfcfs = {{}}\n")
    outcome = edgeopt("adversary", "file.toml", "--out", "found")
    assert outcome.code == 0, outcome.err
    assert (tmp_path / "found" / "adversary.png").stat().st_size > 1000
    assert edgeopt("sweep", "found/again.toml", "--out", "sweep").code == 0
    assert "must be a sweep of solvers" in edgeopt("compare", "found").err
    assert edgeopt("sweep", "file.toml", "--out", "x").err.rstrip().endswith("edgeopt adversary")


@pytest.mark.parametrize(("words", "message"), [
    (("lpt", "--out", "x"), "SOLVER RIVAL: got 'lpt', must be a solver and its rival"),
    (("lpt", "fcfs", "met", "--out", "x"), "with --matrix two or more"),
    (("lpt", "lpt", "--out", "x"), "different solvers"),
    (("lpt", "fcfs"), "--out: got None"),
    (("lpt", "fcfs", "--out", "x", "--jobs", "0"), "--jobs: got 0"),
    (("lpt", "fcfs", "--out", "x", "--within", "0.5"), "space.within: got 0.5"),
    (("lpt", "fcfs", "--out", "x", "--evaluations", "0"), "evaluations"),
    (("file.toml", "--out", "x", "--tasks", "3"), "--tasks: got True, must be left out"),
    (("none.toml", "--out", "x"), "none.toml"),
])  # fmt: skip
def test_bad_words_end_with_one_line(edgeopt, tmp_path: Path, words, message):
    outcome = edgeopt("adversary", *words)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err
    assert not (tmp_path / "x").exists()


def test_objects_of_a_script_are_searched(tmp_path: Path):
    # MET puts both tasks on the first node; with 1.2, 1.2 and 1.6 s that takes 1.5 times as long
    times = [[1.0, 2.0], [1.0, 2.0]]
    found = eo.adversary(
        {"MET": eo.met, "LPT": eo.lpt},
        instance=eo.Problem(times),
        within=0.2,
        instances=200,
        confirm=1,
        out=tmp_path / "found",
    )
    assert {(case.solver, case.rival) for case in found.cases} == {("MET", "LPT"), ("LPT", "MET")}
    worst = found.worst("MET")
    assert worst is not found.worst("MET")  # read again from the folder
    assert worst.ratio == found.worst().ratio == pytest.approx(1.5)
    matrix = found.matrix()
    assert matrix.loc["MET", "LPT"] == worst.ratio
    assert matrix.index[0] == "LPT"
    assert matrix.isna().sum().sum() == 2
    assert found.table()["tried"].tolist() == [200, 200]
    assert "MET needs 1.5 times the makespan of LPT" in repr(found)
    assert "<table" in found._repr_html_()
    with pytest.raises(eo.InputError, match="of a finished search: "):
        found.worst("LPT", "LPT")
    with pytest.raises(eo.InputError, match="a folder for runs of the kind sweep"):
        eo.sweep("paper:4x2", "lpt", eo.Evaluations(5), out=tmp_path / "found")
