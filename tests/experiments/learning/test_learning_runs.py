"""Runs: the same bits after a kill, in several processes and with several threads."""

import io
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from hostile_solvers import MARK
from learning_files import write_learning_file
from processes import marked_processes, wait_for_none

from edgeopt.problems.errors import InputError

pytestmark = pytest.mark.long

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.experiments.learning.cell import EARLY, LEARNING
from edgeopt.experiments.learning.config import read_learning
from edgeopt.experiments.learning.run import save_run
from edgeopt.experiments.learning.summary import period_rows, summarize_learning
from edgeopt.experiments.runs.cell import run_cell
from edgeopt.experiments.runs.rows import is_row
from edgeopt.experiments.runs.run import run_sweep

ROOT = Path(__file__).parents[3]
LONGEST_S = 120


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the learning file, the folder of its run, the cells, and how far it said to be."""
    file = write_learning_file(tmp_path_factory.mktemp("whole"))
    out, reports = file.parent / "out", []
    cells = run_sweep(read_learning(file), out, report=lambda *counts: reports.append(counts))
    return file, out, cells, reports


def test_rows(whole):
    file, _, cells, reports = whole
    config = read_learning(file)
    assert reports == [(i, 10) for i in range(11)]
    assert tuple(cells.columns) == tuple(config.kind.table)
    rows = period_rows(config, cells)
    assert [row["scheme"] for row in rows[::4]] == list(config.schemes)
    for before, row in zip(rows[::2], rows[1::2], strict=True):
        assert (before["tasks"], row["tasks"]) == (4, 8)
        assert before["seconds"] < row["seconds"]
        assert 0 <= row["error"] <= 1
    by_scheme = {row["scheme"]: row for row in summarize_learning(config, rows)}
    assert by_scheme["dormant"]["asleep"] == 0.5
    assert by_scheme["dormant"]["up_bytes"] < by_scheme["collaborative"]["up_bytes"]
    assert by_scheme["central"]["exit_error"] is None
    ends = [row["error"] for row in rows if row["scheme"] == "federated" and row["period"] == 1]
    assert by_scheme["federated"]["error"] == pytest.approx(sum(ends) / 2)


def test_errors_are_numbers_and_a_loss_may_diverge():
    values = {"text": "x", "integer": 2, "unsigned": 1, "float": 0.5}
    values |= {"integers": [2, 2], "floats": [0.5, 0.5]}
    row = {name: values[of] for name, of in LEARNING.table.items()} | {"status": "finished"}
    assert is_row(row | {"loss": [0.5, float("inf")]}, LEARNING)
    for name in ("final_error", "exit_error", "asleep"):
        for wrong in (None, float("nan")):
            assert not is_row(row | {name: [0.5, wrong]}, LEARNING)
    for name in EARLY:
        assert not is_row(row | {name: None}, LEARNING)


@pytest.fixture
def two_schemes(learning_file):
    """Return the file with the collaborative schemes and one repetition."""
    text = learning_file.read_text(encoding="utf-8").replace("repetitions = 2", "repetitions = 1")
    start, end = text.index("[schemes.central]"), text.index("[schemes.collaborative]")
    learning_file.write_text(text[:start] + text[end:], encoding="utf-8")
    return learning_file


def learn(config, folder, **options):
    """Run a configuration and return the rows of its periods."""
    return period_rows(config, run_sweep(config, folder, **options))


def same_runs(one, two):
    """Whether two folders have the same runs: rows, and bits of all tensors."""
    folders = [sorted((folder / "runs").glob("*.pt")) for folder in (one, two)]
    assert [path.name for path in folders[0]] == [path.name for path in folders[1]]
    for paths in zip(*folders, strict=True):
        first, second = (torch.load(path, weights_only=True) for path in paths)
        assert first["rows"] == second["rows"]
        parts, others = first["learner"].pop("parts"), second["learner"].pop("parts")
        assert first["learner"] == second["learner"]
        for name, part in parts.items():
            assert all(torch.equal(tensor, others[name][key]) for key, tensor in part.items())
    return len(folders[0])


@pytest.mark.faults
def test_neither_a_kill_nor_jobs_nor_threads_change_bits(two_schemes, tmp_path):
    text = two_schemes.read_text(encoding="utf-8").replace("periods = 2", "periods = 6")
    two_schemes.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "edgeopt.experiments.cli", "learn", str(two_schemes)]
    options, marked = ["--out", str(tmp_path / "killed"), "--jobs", "2"], {MARK: str(tmp_path)}
    child = subprocess.Popen([*command, *options], cwd=ROOT, env=os.environ | marked)
    _wait_for_rows(tmp_path / "killed", child)
    assert len(marked_processes(MARK, str(tmp_path))) > 2
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    wait_for_none(MARK, str(tmp_path))
    left = [len(rows_in(path)) for path in (tmp_path / "killed" / "runs").glob("*.pt")]
    assert 0 < sum(left) < 12
    config = read_learning(two_schemes)
    resumed = learn(config, tmp_path / "killed")
    torch.set_num_threads(2)  # the workers and this process had one until now
    assert resumed == learn(config, tmp_path / "through")
    assert resumed == learn(config, tmp_path / "killed", jobs=2)  # nothing left to do
    assert same_runs(tmp_path / "killed", tmp_path / "through") == 2


def rows_in(path):
    """Return the rows of a checkpoint."""
    return torch.load(path, weights_only=True)["rows"]


def _wait_for_rows(folder, child):
    """Wait until some periods are on disk."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end and child.poll() is None:
        if any(len(rows_in(path)) > 1 for path in (folder / "runs").glob("[0-9a-f]*.pt")):
            return
        time.sleep(0.05)
    pytest.fail("the run left nothing to resume")


def test_a_damaged_checkpoint_is_named_and_its_run_begins_again(two_schemes, tmp_path):
    text = two_schemes.read_text(encoding="utf-8").replace("periods = 2", "periods = 1")
    two_schemes.write_text(text, encoding="utf-8")
    config = read_learning(two_schemes)
    good, bad = config.cells()
    (tmp_path / "out" / "runs").mkdir(parents=True)
    path = tmp_path / "out" / "runs" / f"{bad.key}.pt"
    bad.outcome(tmp_path / "out")
    whole = path.read_bytes()
    good_row, bad_row = (run_cell(cell, tmp_path / "out") for cell in (good, bad))
    assert (good_row["status"], bad_row["status"]) == ("finished", "finished")
    other = whole.replace(b"learner", b"learnes", 1)
    flipped = [_flipped(whole, len(whole) * place // 3 + 77) for place in range(3)]
    for data in (whole[:100], b"", other, *flipped, _flipped(whole, len(whole) - 3)):
        path.write_bytes(data)
        with pytest.warns(UserWarning, match=rf"{path.name}: a damaged checkpoint"):
            again = run_cell(bad, tmp_path / "out")
        assert again | {"cell_seconds": 0} == bad_row | {"cell_seconds": 0}
        assert (
            torch.load(path, weights_only=True)["rows"]
            == torch.load(io.BytesIO(whole), weights_only=True)["rows"]
        )


def _flipped(data, place):
    """Return data with a flipped bit."""
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


def test_a_training_that_failed_resumes_when_it_is_retried(two_schemes, tmp_path, monkeypatch):
    text = two_schemes.read_text(encoding="utf-8").replace("periods = 2", "periods = 3")
    two_schemes.write_text(text, encoding="utf-8")
    config, saved = read_learning(two_schemes), []

    def save(path, learner, rows, fails=True):
        save_run(path, learner, rows)
        saved.append(len(rows))
        if fails and len(rows) == 2:
            raise RuntimeError("no more")

    monkeypatch.setattr("edgeopt.experiments.learning.run.save_run", save)
    cells = run_sweep(config, tmp_path / "out")
    assert cells["error"].str.endswith("RuntimeError: no more\n").all()
    assert (period_rows(config, cells), summarize_learning(config, [])[0]["runs"]) == ([], 0)
    monkeypatch.setattr("edgeopt.experiments.learning.run.save_run", partial(save, fails=False))
    rows = learn(config, tmp_path / "out", retry_failed=True)
    assert saved == [1, 2, 1, 2, 3, 3]
    assert rows == learn(config, tmp_path / "through")


def test_command_tells_how_far_it_is_and_what_failed(two_schemes, tmp_path, edgeopt):
    plan = edgeopt("learn", str(two_schemes), "--dry-run")
    assert "2 cells: 0 finished, 0 failed, 2 to run" in plan.out
    failed = edgeopt("learn", str(two_schemes), "--out", "out", "--time-limit", "0.001")
    assert failed.code == 1
    assert "scheme=dormant, repetition=0: time limit of 0.001 s" in failed.err
    assert "2 cells: 0 finished, 2 failed, 0 to run" in edgeopt("learn", "--status", "out").out
    assert edgeopt("learn", str(two_schemes), "--out", "out", "--retry-failed").code == 0
    assert "2 cells: 2 finished" in edgeopt("learn", "--status", "out").out
    refused = edgeopt("sweep", str(two_schemes), "--dry-run")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "must be run by edgeopt learn" in refused.err


def test_command_writes_tables_and_figures(whole, monkeypatch, capsys):
    from edgeopt.experiments import cli

    file, out, *_ = whole
    monkeypatch.setattr(sys, "argv", ["edgeopt", "learn", str(file), "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert "dormant" in capsys.readouterr().out
    history = pd.read_csv(out / "history.csv")
    assert len(history) == 20
    assert set(pd.read_csv(out / "early_exits.csv")["scheme"]) == {
        "branchynet",
        "collaborative",
        "dormant",
    }
    assert len(pd.read_csv(out / "summary.csv")) == 5
    for name in ("errors", "target", "exits"):
        assert (out / f"{name}.png").stat().st_size > 5000
    assert not (out / "dormancy.png").exists()  # two rates of sleep are no curve


def test_cuda_that_is_not_there(learning_file, monkeypatch):
    text = learning_file.read_text(encoding="utf-8").replace("seed = 1", 'device = "cuda"')
    learning_file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="device"):
        read_learning(learning_file).check()
