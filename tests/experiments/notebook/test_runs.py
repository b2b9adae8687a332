"""A sweep of objects in one call, and its results as a value."""

import gc
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from notebook_session import Session

import edgeopt as eo
from edgeopt.experiments.report import page
from edgeopt.experiments.runs.store import scan_store
from edgeopt.problems.errors import InputError

TIMES = pd.DataFrame(
    np.random.default_rng(1).integers(1, 9, (12, 3)).astype(float), columns=["pi", "tx2", "nano"]
)
TIGHT = eo.Problem([[1.0, 2.0], [2.0, 1.0]], [3.0, 3.0], [3.0, 4.0], name="tight")

CELL = """
import numpy as np
def fastest(problem, rng):
    return problem.matrix.argmin(axis=1)
def fails(problem, rng):
    if problem.nodes == 2:
        raise ValueError("two nodes")
    return np.zeros(problem.tasks, int)
"""


@pytest.fixture
def solvers(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    session = Session(monkeypatch)
    session.run(CELL)
    return {"mine": session["fastest"], "swarm": eo.PSO(particles=5), "bad": session["fails"]}


def test_a_sweep_of_objects(solvers: dict[str, object], tmp_path: Path):
    problems = {"site": TIMES, "tight": TIGHT}
    said = "2 of 12 runs failed, the first with bad on tight: ValueError: two nodes"
    with pytest.warns(UserWarning, match=said):
        runs = eo.sweep(problems, solvers, eo.Evaluations(50), repetitions=2, out=tmp_path / "out")
    assert list(runs.data["problem"].unique()) == ["site", "tight"]
    assert runs.missing == 0
    assert len(runs.table()) == 6
    least = float(TIMES.min(axis=1).groupby(TIMES.to_numpy().argmin(axis=1)).sum().max())
    assert runs.best("site", solver="mine").makespan == least
    assert runs.best("site").makespan <= least
    failures = runs.failures
    assert failures[["problem", "solver"]].values.tolist() == [["tight", "bad"]] * 2
    assert set(failures["reason"]) == {"ValueError: two nodes"}
    assert "2 failed" in repr(runs)
    assert "at most 50 used of 50 allowed" in repr(runs)
    assert "<td>" in runs._repr_html_()
    row = runs.data.iloc[2]
    assert runs.replay(row["key"]).makespan == row["makespan"]
    assert runs.plot.convergence(problem="site").get_xlabel() == "evaluations"


def test_the_report_is_written_where_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    calls = []
    monkeypatch.setattr(
        page, "write_report", lambda *given, **more: calls.append((given, more)) or [Path("a")]
    )
    runs = eo.sweep(TIMES, eo.lpt, eo.Evaluations(5), repetitions=1, out=tmp_path)
    assert runs.report() == Path("a")
    assert calls == [((tmp_path, None), {"adversary": None})]


def test_the_same_call_runs_what_is_missing(solvers: dict[str, object], tmp_path: Path):
    out = tmp_path / "out"
    first = eo.sweep(TIMES, [eo.lpt, eo.met], {"evaluations": 20}, repetitions=1, out=out)
    stamps = first.data.set_index("key")["cell_seconds"].to_dict()
    grown = eo.sweep(
        TIMES, {"lpt": "lpt", "met": eo.met, **solvers}, {"evaluations": 20}, repetitions=2, out=out
    )
    rows = grown.data.set_index("key")["cell_seconds"].to_dict()
    assert len(rows) == 10
    assert rows.items() >= stamps.items()
    assert first.missing == 0  # the same folder


def test_a_folder_may_move(solvers: dict[str, object], tmp_path: Path):
    out = tmp_path / "out"
    runs = eo.sweep({"site": TIMES}, solvers, eo.Evaluations(20), repetitions=1, out=out)
    best = runs.best().assignment.tolist()
    moved = eo.Runs(shutil.move(out, tmp_path / "moved"))
    assert moved.best().assignment.tolist() == best
    row = moved.data.iloc[0]
    assert moved.replay(row["key"]).makespan == row["makespan"]
    assert str(tmp_path / "moved") in str(moved.config.specs["site"])
    again = eo.sweep({"site": TIMES}, solvers, eo.Evaluations(20), repetitions=1, out=moved.folder)
    assert again.data["cell_seconds"].tolist() == moved.data["cell_seconds"].tolist()


def test_a_sweep_of_objects_is_a_file_written_down(solvers: dict[str, object], tmp_path: Path):
    runs = eo.sweep({"a b": TIMES}, solvers, eo.Stall(3), repetitions=1, out=tmp_path / "out")
    (tmp_path / "sweep.toml").write_text(runs.config.to_toml(tmp_path))
    config = eo.read_config(tmp_path / "sweep.toml")
    assert {cell.key for cell in config.cells()} == scan_store(tmp_path / "out").keys()
    assert str(tmp_path) not in (tmp_path / "sweep.toml").read_text()


def test_without_a_folder_runs_live_as_long_as_their_value():
    runs = eo.sweep("paper:9x2", "lpt", eo.Evaluations(5), repetitions=1)
    folder = runs.folder
    assert json.loads((folder / "sweep.json").read_text())["kind"] == "sweep"
    figures = runs.plot
    del runs
    assert figures.gaps().has_data()
    del figures
    gc.collect()
    assert not folder.exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"^out: .* a new or empty folder"):
        eo.sweep(TIMES, eo.lpt, eo.Evaluations(5), out=tmp_path)
    with pytest.raises(InputError, match="the output of a sweep"):
        eo.Runs(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_names_that_are_not_there_are_refused(tmp_path: Path):
    runs = eo.sweep([TIMES, TIGHT], eo.lpt, eo.Evaluations(5), repetitions=1, out=tmp_path)
    for problem in (None, "other"):
        with pytest.raises(InputError, match="problem, tight"):
            runs.best(problem)
    with pytest.raises(InputError, match="one of lpt"):
        runs.best("tight", solver="mct")
