"""`edgeopt budgets`."""

import re

import pytest
from typer.testing import CliRunner

from edgeopt.experiments.cli import app, main
from edgeopt.experiments.runs.store import read_cells
from edgeopt.experiments.sweep.summary import read_solver_cells

SWEEP = """
problems = ["paper:20x4:seed=1", "paper:20x4:seed=2", "braun:u_i_hihi:20x4:seed=1"]
repetitions = 1
seed = 1
budget = { evaluations = 200 }
[solvers.mct]
[solvers.atsa-repaired]
[solvers.milp]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("budgets")
    (out / "sweep.toml").write_text(SWEEP)
    result = CliRunner().invoke(app, ["sweep", str(out / "sweep.toml"), "--out", str(out / "out")])
    assert result.exit_code == 0, result.output
    return out / "out"


def test_the_table_and_the_figure(folder, tmp_path):
    words = ["budgets", str(folder), "--at", "1,200", "--axis", "evaluations", "--against", "mct"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "new")])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "|  | 1 | 200 |"
    assert {line.split("|")[1].strip() for line in lines[2:5]} == {"mct", "milp", "atsa-repaired"}
    assert "over 3 problems" in result.output
    assert (tmp_path / "new" / "budgets.png").stat().st_size > 0
    only = CliRunner().invoke(app, [*words, "--problems", "braun"])
    assert "over 1 problems" in only.output


def test_a_comparison_is_made_at_the_kind_of_the_budget_and_tells_the_cut(folder):
    result = CliRunner().invoke(app, ["compare", str(folder)])
    assert result.exit_code == 0, result.output
    words = " ".join(result.output.split())
    assert "Ranking at equal evaluations, over problems" in words
    assert re.search(r"Runs are compared after [\d, to]+ evaluations, the most that each", words)
    timed = CliRunner().invoke(app, ["compare", str(folder), "--at", "iterations"])
    assert "Ranking at equal iterations" in timed.output
    over_runs = CliRunner().invoke(app, ["compare", str(folder), "--unit", "runs"])
    assert "With one repetition, intervals over runs have no width" in over_runs.output


def test_all_runs_on_a_problem_have_the_best_bound_that_one_has_proved(folder):
    cells = read_solver_cells(folder)
    assert (cells.groupby("problem")["lower_bound"].nunique() == 1).all()
    assert (cells["lower_bound"] >= read_cells(folder)["lower_bound"] * (1 - 1e-12)).all()
    assert (cells["lower_bound"] <= cells["makespan"]).all()
    proved = cells["solver"] == "milp"
    assert cells.loc[proved, "gap"].max() < 1e-9
    assert cells["gap"].to_numpy() == pytest.approx(cells["makespan"] / cells["lower_bound"] - 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--at", "a,b", "--against", "mct"], "at: got 'a,b'"),
        (["--at", "1", "--against", "nobody"], "against: got 'nobody'"),
        (["--at", "1", "--against", "mct", "--problems", "none"], "problems: got 'none'"),
        (["--at", "1", "--against", "mct", "--axis", "days"], "got 'days'"),
        (["--at", "1,201", "--against", "mct"], "at: got '201 evaluations', must be at most 200"),
    ],
)
def test_bad_input_is_one_line(folder, words, message, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["edgeopt", "budgets", str(folder), *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
