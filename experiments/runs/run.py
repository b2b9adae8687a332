"""Run the open cells of a sweep: in this process, in workers or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.experiments.runs.accept import accept_rows
from edgeopt.experiments.runs.cell import FAILED, AnyCell, AnyConfig, Row, run_cell
from edgeopt.experiments.runs.cluster import run_on_cluster
from edgeopt.experiments.runs.compaction import compact
from edgeopt.experiments.runs.files import append_row, new_journal
from edgeopt.experiments.runs.index import index_of
from edgeopt.experiments.runs.pool import WorkerPool, run_in_workers
from edgeopt.experiments.runs.progress import log_progress, progress
from edgeopt.experiments.runs.select import Selection, selected_keys
from edgeopt.experiments.runs.store import is_compact, open_folder, scan_store, table_of
from edgeopt.optim.user_code import check_not_within_file

if TYPE_CHECKING:
    import pandas as pd


Count = Callable[[int, int], None]  # called with the numbers of finished and of all cells
Rows = Generator[Row, None, None]


def run_sweep(
    config: AnyConfig,
    folder: str | Path,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    retry_failed: bool = False,
    accept_code: bool = False,
    select: Selection | None = None,
    report: Count | None = None,
) -> pd.DataFrame:
    """Run what a sweep's folder lacks, and return all its cells that have a row.

    The configuration may be another one than that of the last run: its cells that are in the
    folder already are not run again, and rows that it does not name are kept apart.

    Parameters
    ----------
    config : AnyConfig
        What to run.
    folder : str or Path
        Where rows are kept: a new folder, or one of runs of the same kind.
    jobs : int
        Worker processes; results do not depend on it. With 1 and no time limit, cells of our own
        solvers run in this process; those of others always run in processes of their own.
    cluster : str, optional
        Address of a Dask scheduler, ``tcp://host:port``, whose workers run the cells instead.
    retry_failed : bool
        Whether to run cells again that failed before.
    accept_code : bool
        Whether rows that other code made stand for cells which differ in nothing else.
    select : Selection, optional
        Run only these cells.
    report : callable, optional
        Called with the numbers of finished and of all cells to run, at the start and after each
        cell. By default, the logger ``edgeopt`` has a line every ten seconds.

    Raises
    ------
    InputError
        If the configuration is illegal, the folder holds something else, or the cluster cannot
        be used.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt import SweepConfig, run_sweep
    >>> from edgeopt.experiments.sweep import read_solver_cells
    >>> solvers = {"LPT": {"solver": "lpt"}, "MCT": {"solver": "mct"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 2, 1, {"evaluations": 100}, solvers)
    >>> cells = run_sweep(config, "cells")
    >>> cells[["solver", "repetition", "status"]].values.tolist()
    [['LPT', 0, 'optimal'], ['LPT', 1, 'optimal'], ['MCT', 0, 'finished'], ['MCT', 1, 'finished']]
    >>> len(read_solver_cells(Path("cells")))
    4
    """
    check_not_within_file("run_sweep")
    # absolute from the start: a solver's file may change the folder of this process
    folder, kind, fresh = Path(folder).absolute(), config.kind, list[Row]()
    config.check()
    every = list(config.cells())
    index = index_of(every, kind)
    chosen = selected_keys(select or Selection(), index, kind)
    open_folder(folder, config, index)
    cells = {cell.key: cell for cell in every if cell.key in chosen}
    if accept_code:
        accept_rows(folder, cells.values())
    todo = open_cells(cells, scan_store(folder), retry_failed)
    tell = report or log_progress("cells")
    tell(len(cells) - len(todo), len(cells))
    try:
        # closed on an error or Ctrl-C too, which ends the workers
        with closing(_execute(todo, folder, config, jobs, cluster)) as rows:
            for row in rows:
                fresh.append(row)
                tell(len(cells) - len(todo) + len(fresh), len(cells))
    except BaseException:
        with suppress(Exception):  # rows stay in their journals then
            compact(folder, fresh)
        raise
    # without open cells too: the last run may have been killed before it compacted its journals
    if todo or not is_compact(folder, index, kind):
        compact(folder, fresh)
    return table_of(folder, index, kind)


def run_with_bar(
    config: AnyConfig,
    folder: Path,
    *,
    jobs: int,
    cluster: str | None = None,
    retry_failed: bool = False,
    accept_code: bool = False,
    select: Selection | None = None,
) -> pd.DataFrame:
    """Run a sweep as `run_sweep` does, with a progress bar."""
    with progress("cells") as report:
        return run_sweep(
            config,
            folder,
            jobs=jobs,
            cluster=cluster,
            retry_failed=retry_failed,
            accept_code=accept_code,
            select=select,
            report=report,
        )


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
    return _run_one_by_one(cells, folder)


def _run_one_by_one(cells: Iterable[AnyCell], folder: Path) -> Rows:
    """Run the cells of our own solvers in this process, and all others in a worker."""
    journal = new_journal(folder)
    with WorkerPool(folder, jobs=1) as worker:
        for cell in cells:
            if cell.is_foreign:
                yield from worker.run([cell])
            else:
                row = run_cell(cell, folder)
                append_row(journal, row)
                yield row
