"""A sweep on many machines: plain Dask futures, one for each cell.

Workers need the same version of edgeopt, and files under the same paths. Rows come back to the
sweep, and only the sweep writes to its folder. If a worker dies, Dask runs its cell elsewhere.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.cell import AnyCell, Row, failed_row, run_cell
from edgeopt.experiments.runs.files import append_row, new_journal
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    from distributed import Client


CONNECT_SECONDS = 10

_SCHEMES = ("tcp://", "tls://")


def check_address(address: str) -> None:
    """Raise `InputError` unless it looks like the address of a Dask scheduler."""
    host, _, port = address.partition("://")[2].rpartition(":")
    if not (address.startswith(_SCHEMES) and host and port.isdigit()):
        raise InputError("--cluster", address, "an address like tcp://host:8786")


def run_on_cluster(
    cells: list[AnyCell], folder: Path, address: str, time_limit: float | None = None
) -> Generator[Row, None, None]:
    """Yield the rows of the cells as they come in, each already on disk.

    Parameters
    ----------
    cells : list of AnyCell
        What to run.
    folder : Path
        The folder of the sweep.
    address : str
        Of the scheduler, ``tcp://host:port``.
    time_limit : None
        Must be None: Dask cannot end a single cell.

    Raises
    ------
    InputError
        If there is a time limit, no scheduler, no worker, a worker with different code, or the
        extra ``cluster`` is not installed.
    """
    check_address(address)
    if time_limit is not None:
        raise InputError("time_limit", time_limit, "left out with --cluster")
    with _connect(address) as client:
        _prepare_workers(client, cells)
        yield from _gather(client, cells, new_journal(folder))


def _connect(address: str) -> Client:
    """Return a client of the scheduler."""
    try:
        from distributed import Client
    except ImportError:
        rule = "left out, or edgeopt installed with its extra: pip install 'edgeopt[cluster]'"
        raise InputError("--cluster", address, rule) from None
    try:
        # the caller may have a default client of its own
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise InputError("--cluster", address, f"a Dask scheduler ({error})") from None


def _prepare_workers(client: Client, cells: list[AnyCell]) -> None:
    """Limit workers to one thread, check their code, and compile, in one of them first."""
    workers = list(client.scheduler_info(n_workers=-1)["workers"])
    if not workers:
        raise InputError("--cluster", client.scheduler.address, "a scheduler with workers")
    heads = list({cell.label: cell for cell in cells}.values())
    # one worker fills the compiler's cache before the others, which may share it, read it
    for group in (workers[:1], workers[1:]):
        codes = client.run(_prepare, heads, workers=group) if group else {}
        for worker, code in codes.items():
            if code != [cell.code for cell in heads]:
                rule = "a cluster of workers with the code of this sweep"
                raise InputError("--cluster", worker, rule)


def _prepare(heads: list[AnyCell]) -> list[str]:
    """Make a worker ready; return its code version for each cell."""
    _pin_threads()
    for cell in heads:
        cell.warm_up()
    return [cell.code for cell in heads]


def _pin_threads() -> None:
    """Limit compiled code to one thread: Dask does not, and the cells already use every core."""
    import numba

    numba.set_num_threads(1)


def _run(cell: AnyCell) -> Row:
    """Run a cell on a worker, which may have joined after `_prepare_workers`."""
    _pin_threads()
    return run_cell(cell)


def _gather(client: Client, cells: list[AnyCell], journal: Path) -> Iterator[Row]:
    """Yield rows as they come in."""
    from distributed import as_completed

    futures = client.map(_run, cells, key=[f"cell-{cell.key}" for cell in cells])
    by_key = dict(zip((future.key for future in futures), cells, strict=True))
    arrivals = as_completed(futures, loop=client.loop)
    del futures  # lets the workers drop results that were fetched
    for future in arrivals:
        row = _row_of(future, by_key[future.key])
        future.release()
        append_row(journal, row)
        yield row


def _row_of(future: Any, cell: AnyCell) -> Row:
    """Return the row of a future, a failed one if its workers died repeatedly."""
    error = future.exception()
    if error is not None:
        return failed_row(cell, f"{type(error).__name__}: {error}", 0.0)
    row: Row = future.result()
    return row
