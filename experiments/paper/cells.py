"""Cells of any sweeps, run in one go and kept by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.progress import progress_bar
from experiments.sweep.cell import Row, run_cell
from experiments.sweep.journal import JOURNALS, append_row, journal_rows, journals, new_journal
from experiments.sweep.kinds import AnyCell
from experiments.sweep.pool import run_in_workers


def run_cells(cells: Sequence[AnyCell], folder: Path, jobs: int) -> dict[str, Row]:
    """Run the cells that the folder does not hold yet, and return all rows by key.

    Unlike a sweep's, the folder belongs to no one configuration: a row is used wherever its key,
    which knows everything it depends on, is asked for.

    Parameters
    ----------
    cells : sequence of cells
        What is wanted.
    folder : Path
        Where rows are kept as they come in; it exists.
    jobs : int
        Worker processes; 1 runs in this one.
    """
    (folder / JOURNALS).mkdir(exist_ok=True)
    rows = {row["key"]: row for journal in journals(folder) for row in journal_rows(journal)}
    todo = list({cell.key: cell for cell in cells if cell.key not in rows}.values())
    with progress_bar() as bar:
        task = bar.add_task("cells", total=len(todo))
        for row in _rows(todo, folder, jobs):
            rows[row["key"]] = row
            bar.advance(task)
    return rows


def _rows(cells: list[AnyCell], folder: Path, jobs: int) -> Iterator[Row]:
    """Yield the rows as they come, each already on disk."""
    if cells and jobs > 1:
        yield from run_in_workers(cells, folder, jobs)
        return
    journal = new_journal(folder)
    for cell in cells:
        row = run_cell(cell)
        append_row(journal, row)
        yield row
