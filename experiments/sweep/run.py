"""Run the cells that are not finished yet."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.sweep.cell import FAILED, Row, run_cell
from experiments.sweep.cluster import run_on_cluster
from experiments.sweep.compact import compact, is_compact
from experiments.sweep.journal import append_row, new_journal
from experiments.sweep.kinds import AnyCell, AnyConfig, any_cells
from experiments.sweep.pool import run_in_workers
from experiments.sweep.store import open_folder, read_cells, scan

if TYPE_CHECKING:
    import pandas as pd

Report = Callable[[int, int], None]
Rows = Generator[Row, None, None]


def run_sweep(
    config: AnyConfig,
    folder: str | Path,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    retry_failed: bool = False,
    report: Report | None = None,
) -> pd.DataFrame:
    """Run a sweep, or what is left of it, and return all its cells.

    Parameters
    ----------
    config : SweepConfig or SimulationConfig
        What to run.
    folder : str or Path
        Where rows are kept; finished cells found there are not run again.
    jobs : int
        Worker processes; the bits do not depend on it. 1 without a time limit runs in this
        process, which a solver may then hang or end. Otherwise a script that calls this needs
        its ``if __name__ == "__main__"``.
    cluster : str, optional
        Address of a Dask scheduler, ``tcp://host:port``, whose workers run the cells instead.
    retry_failed : bool
        Whether to run cells again that failed before.
    report : callable, optional
        Called with the numbers of finished and of all cells, at the start and after each cell.

    Raises
    ------
    InputError
        If the folder holds another sweep, or the cluster cannot be used.
    """
    folder = Path(folder)
    cells = {cell.key: cell for cell in any_cells(config)}
    open_folder(folder, config)
    todo = open_cells(cells, scan(folder), retry_failed)
    fresh: list[Row] = []
    if report is not None:
        report(len(cells) - len(todo), len(cells))
    with closing(_execute(todo, folder, config, jobs, cluster)) as rows:
        for row in rows:
            fresh.append(row)
            if report is not None:
                report(len(cells) - len(todo) + len(fresh), len(cells))
    keys = sorted(cells, key=lambda key: _place(cells[key]))
    if todo or not is_compact(folder, keys):
        compact(folder, keys, fresh)
    return read_cells(folder)


def _place(cell: AnyCell) -> tuple[str, str, int]:
    """Return what decides the order of the table."""
    return cell.problem, cell.label, cell.repetition


def open_cells(
    cells: dict[str, AnyCell], rows: dict[str, Row], retry_failed: bool
) -> list[AnyCell]:
    """Return the cells without a row, and those that failed if they are to be retried."""
    again = {None, FAILED} if retry_failed else {None}
    return [cell for key, cell in cells.items() if rows.get(key, {}).get("status") in again]


def _execute(
    cells: list[AnyCell], folder: Path, config: AnyConfig, jobs: int, cluster: str | None
) -> Rows:
    """Yield the rows of the cells as they finish, each already on disk."""
    if cells and cluster is not None:
        return run_on_cluster(cells, folder, cluster, config.time_limit)
    if cells and (jobs > 1 or config.time_limit is not None):
        return run_in_workers(cells, folder, jobs, config.time_limit)
    return _run_here(cells, folder)


def _run_here(cells: Iterable[AnyCell], folder: Path) -> Rows:
    """Run the cells in this process."""
    journal = new_journal(folder)
    for cell in cells:
        row = run_cell(cell)
        append_row(journal, row)
        yield row
