"""Run the cells that are not finished yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.sweep.cell import Cell, Row, cells_of, run_cell, warm_up_cell
from experiments.sweep.config import SweepConfig
from experiments.sweep.store import append_row, compact, finished_rows, open_folder, read_cells

if TYPE_CHECKING:
    import pandas as pd

Report = Callable[[int, int], None]


def run_sweep(
    config: SweepConfig,
    folder: str | Path,
    *,
    jobs: int = 1,
    retry_failed: bool = False,
    report: Report | None = None,
) -> pd.DataFrame:
    """Run a sweep, or what is left of it, and return all its cells.

    Parameters
    ----------
    config : SweepConfig
        What to run.
    folder : str or Path
        Where rows are kept; finished cells found there are not run again.
    jobs : int
        Worker processes (loky); 1 runs in this process. The bits do not depend on it.
    retry_failed : bool
        Whether to run cells again that failed before.
    report : callable, optional
        Called with the numbers of finished and of all cells, at the start and after each cell.

    Raises
    ------
    InputError
        If the folder holds another sweep.
    """
    folder = Path(folder)
    cells = {cell.key: cell for cell in cells_of(config)}
    open_folder(folder, config)
    rows = finished_rows(folder)
    done = {key for key, row in rows.items() if row["status"] != "failed" or not retry_failed}
    todo = [cell for key, cell in cells.items() if key not in done]
    finished = len(cells) - len(todo)
    if report is not None:
        report(finished, len(cells))
    for row in _execute(todo, folder, jobs):
        rows[row["key"]] = row
        finished += 1
        if report is not None:
            report(finished, len(cells))
    if todo or any((folder / "journal").iterdir()):
        compact(folder, [rows[key] for key in cells])
    return read_cells(folder)


def _execute(cells: list[Cell], folder: Path, jobs: int) -> Iterable[Row]:
    """Yield the rows of the cells as they finish, each already on disk."""
    if jobs == 1 or len(cells) < 2:
        return (_run_and_keep(cell, folder) for cell in cells)
    from joblib import Parallel, delayed  # takes long to import

    for cell in {(cell.problem, cell.solver): cell for cell in cells}.values():
        warm_up_cell(cell)  # fills the compiler's cache before the workers read it
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
    rows: Iterable[Row] = parallel(delayed(_run_and_keep)(cell, folder) for cell in cells)
    return rows


def _run_and_keep(cell: Cell, folder: Path) -> Row:
    """Run a cell and put its row on disk before it counts as finished."""
    row = run_cell(cell)
    append_row(folder, row)
    return row
