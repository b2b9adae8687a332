"""Status of a sweep, with the estimate of the time left."""

from pathlib import Path

import pytest

from edgeopt.experiments.runs.cell import failed_row, reason_of, run_cell
from edgeopt.experiments.runs.files import append_row, new_journal
from edgeopt.experiments.runs.index import index_of
from edgeopt.experiments.runs.status import read_status, status_of
from edgeopt.experiments.runs.store import open_folder
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.problems.errors import InputError

SOLVERS = {"mct": {"solver": "mct"}, "ants": {"solver": "atsa"}}
SWEEP = SweepConfig(("paper:5x2", "paper:6x2"), 2, 1, {"evaluations": 10}, SOLVERS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder where mct has taken 2 s and 4 s on the first problem, and ants failed."""
    open_folder(tmp_path / "out", SWEEP, index_of(SWEEP.cells(), SWEEP.kind))
    cells = {(cell.problem[6], cell.label, cell.repetition): cell for cell in SWEEP.cells()}
    journal = new_journal(tmp_path / "out")
    for repetition, seconds in enumerate((2.0, 4.0)):
        row = run_cell(cells["5", "mct", repetition]) | {"cell_seconds": seconds}
        append_row(journal, row)
    append_row(journal, failed_row(cells["5", "ants", 0], "no", 12.0))
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, "no error is known"),
        (float("nan"), "no error is known"),
        (" ", "no error is known"),
        ("longer than 3 s", "longer than 3 s"),
        ('Traceback:\n  File "a", line 1\n    f()\n    ^^^\nValueError: 1\n  2', "ValueError: 1 2"),
        ('  File "a", line 1\nE: x\n\nIn:\n  File "b", line 2\nF: y', "F: y"),
    ],
)
def test_the_reason_is_the_whole_message(error: str | float | None, reason: str):
    assert reason_of(error) == reason


def test_cells_are_counted_and_the_rest_is_estimated(folder: Path):
    status = read_status(folder)
    assert (status.cells, status.finished, status.failed, status.open) == (8, 2, 1, 5)
    # mct on the other problem: 3 s twice; ants 12 s three times
    assert status.seconds == pytest.approx(2 * 3.0 + 3 * 12.0)


def test_failed_cells_are_open_where_they_are_retried(folder: Path):
    status = status_of(SWEEP, folder, retry_failed=True)
    assert (status.finished, status.failed, status.open) == (2, 0, 6)
    assert status.seconds == pytest.approx(2 * 3.0 + 4 * 12.0)


def test_a_solver_without_rows_takes_the_mean_of_all(folder: Path):
    more = SweepConfig(("paper:5x2",), 1, 1, {"evaluations": 10}, {"lpt": {"solver": "lpt"}})
    status = status_of(more, folder)
    assert status.older == 3
    assert status.seconds == pytest.approx((2.0 + 4.0 + 12.0) / 3)


def test_nothing_is_known_without_rows(tmp_path: Path):
    for folder in (None, tmp_path / "new"):
        status = status_of(SWEEP, folder)
        assert (status.open, status.seconds) == (8, None)


def test_folders_without_a_sweep_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="the output of a sweep"):
        read_status(tmp_path)
    (tmp_path / "sweep.json").write_text('{"config": {"problems": []}}')
    with pytest.raises(InputError, match="written by edgeopt"):
        read_status(tmp_path)


def test_a_folder_of_an_older_edgeopt_is_refused(tmp_path: Path):
    (tmp_path / "sweep.json").write_text('{"config": {"problems": []}, "provenance": {}}')
    with pytest.raises(InputError, match="older ones are to be run again in a new folder"):
        read_status(tmp_path)
