"""`edgeopt advise`, and the sweeps of the field."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from edgeopt.experiments.cli import app

SWEEPS = Path(__file__).parents[3] / "experiments" / "sweeps"

SWEEP = """
problems = ["paper:20x4:seed=1", "braun:u_i_hihi:20x4:seed=1", "braun:u_i_hihi:20x4:seed=2"]
repetitions = 1
seed = 1
budget = { evaluations = 100 }
[solvers.mct]
[solvers.lpt]
[solvers.sufferage]
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    out = tmp_path_factory.mktemp("advise")
    (out / "sweep.toml").write_text(SWEEP)
    for name, words in (("100", []), ("1", ["--budget", "seconds=1"])):
        command = ["sweep", str(out / "sweep.toml"), "--out", str(out / name), *words]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
    return [str(out / "1"), str(out / "100")]


def test_tables_and_figures(folders, tmp_path):
    pytest.importorskip("scikit_posthocs")
    result = CliRunner().invoke(app, ["advise", *folders, "--out", str(tmp_path / "new")])
    assert result.exit_code == 0, result.output
    assert "20x4" in result.output
    tables = {path.stem: pd.read_csv(path) for path in (tmp_path / "new").glob("*.csv")}
    assert set(tables) == {"advice", "gaps", "ranking", "friedman", "worth"}
    budgets = tables["advice"][["kind", "budget"]].drop_duplicates().to_numpy().tolist()
    assert budgets == [["evaluations", 100], ["seconds", 1]]
    gaps = tables["gaps"].query("kind == 'seconds' and family == 'braun' and size == 'all'")
    assert gaps["instances"].tolist() == [2, 2, 2]
    assert set(tables["worth"]["rival"]) == {"lpt", "sufferage", "lpt, sufferage"}
    assert {"p_lpt", "p_sufferage"} < set(tables["ranking"])
    for name in ("seconds-20x4.png", "ranks.png"):
        assert (tmp_path / "new" / name).stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([0, 0], "one with another budget"),
        ([1], "one of which limits seconds"),
        ([0, "--rules", "met"], "rules: got 'met'"),
    ],
)
def test_bad_input(folders, tmp_path, words, message):
    given = [folders[word] if isinstance(word, int) else word for word in words]
    result = CliRunner().invoke(app, ["advise", *given, "--out", str(tmp_path / "new")])
    assert message in str(result.exception)


@pytest.mark.parametrize("text", ["seconds", "seconds=soon", "days=1", "seconds=0"])
def test_a_budget_of_the_command_is_checked(folders, text):
    file = str(Path(folders[0]).parent / "sweep.toml")
    command = ["sweep", file, "--out", "unused", "--budget", text]
    result = CliRunner().invoke(app, command)
    assert "budget" in str(result.exception) or "seconds" in str(result.exception)
    assert not Path("unused").exists()


def test_both_sweeps_of_the_field_have_the_same_problems():
    equal, timed = (
        tomllib.loads((SWEEPS / f"{name}.toml").read_text("utf-8"))
        for name in ("field", "field-seconds")
    )
    assert equal["problems"] == timed["problems"]
    assert len(set(equal["problems"])) == 72
    assert len(equal["solvers"]) >= 20
    assert set(equal["solvers"]) < set(timed["solvers"])
