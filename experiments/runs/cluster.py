"""A sweep on many machines: plain Dask futures, one for each cell.

Workers need the same version of edgeopt, and files under the same paths. Rows come back to the
sweep, and only the sweep writes to its folder. Cells run in processes below a worker of Dask: one
that ends its process, or is beyond its time limit, has failed, and the worker goes on. If a worker
itself dies, Dask runs its cell elsewhere.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.cell import AnyCell, Row, failed_row
from edgeopt.experiments.runs.files import append_row, new_journal
from edgeopt.experiments.runs.pool import WorkerPool, end
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
    time_limit : float, optional
        In s; a cell beyond it is recorded as failed.

    Raises
    ------
    InputError
        If there is no scheduler, no worker, a worker with different code, the scheduler is lost,
        or the extra ``cluster`` is not installed.
    """
    check_address(address)
    with _quiet(), _connect(address) as client, _loss_said(address):
        _prepare_workers(client, cells, time_limit)
        yield from _gather(client, cells, new_journal(folder), time_limit)


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


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the log of Dask's client silent, which prints how it fails to connect again."""
    with suppress(ImportError):
        import distributed  # noqa: F401  # sets the levels of its loggers
    logger = logging.getLogger("distributed.client")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _loss_said(address: str) -> Iterator[None]:
    """Say in one line that the scheduler is gone; what has come in is on disk."""
    from distributed.comm import CommClosedError

    try:
        yield
    except (CommClosedError, CancelledError, TimeoutError) as error:
        rule = f"a scheduler that runs to the end ({type(error).__name__}); run the same again"
        raise InputError("--cluster", address, rule) from None


def _prepare_workers(client: Client, cells: list[AnyCell], time_limit: float | None) -> None:
    """Check the workers' code and compile our own solvers, in one of them first."""
    workers = list(client.scheduler_info(n_workers=-1)["workers"])
    if not workers:
        raise InputError("--cluster", client.scheduler.address, "a scheduler with workers")
    heads = list({cell.label: cell for cell in cells}.values())
    # one worker fills the compiler's cache before the others, which may share it, read it
    for group in (workers[:1], workers[1:]):
        try:
            codes = client.run(_prepare, heads, time_limit, workers=group) if group else {}
        except Exception as error:  # of any kind: it comes from another machine
            rule = f"a cluster of workers with edgeopt and the files of this sweep ({error})"
            raise InputError("--cluster", client.scheduler.address, rule) from None
        for worker, code in codes.items():
            if code != [cell.code for cell in heads]:
                rule = "a cluster of workers with the code of this sweep"
                raise InputError("--cluster", worker, rule)


def _prepare(heads: list[AnyCell], time_limit: float | None) -> list[str]:
    """Make a worker ready; return its code version for each cell."""
    _pool(time_limit).compile(heads)
    return [cell.code for cell in heads]


# On a worker of Dask, which may have joined after `_prepare_workers`: cells run in processes below
# it, as they do on one machine, so that none of them can end or delay the worker.

_local = threading.local()  # a worker may have several threads


def _pool(time_limit: float | None) -> WorkerPool:
    """Return the pool of this thread, with one worker."""
    if getattr(_local, "pool", None) is None:
        _local.pool = WorkerPool(None, jobs=1)
    pool: WorkerPool = _local.pool
    pool.time_limit = time_limit
    return pool


def _run(cell: AnyCell, time_limit: float | None) -> Row:
    """Run a cell on a worker of Dask."""
    try:
        (row,) = _pool(time_limit).run([cell])
    except BaseException:  # its worker may be busy
        end(_pool(None).workers)
        _local.pool = None
        raise
    return row


def _gather(
    client: Client, cells: list[AnyCell], journal: Path, time_limit: float | None
) -> Iterator[Row]:
    """Yield rows as they come in."""
    from distributed import as_completed

    names = [f"cell-{cell.key}" for cell in cells]
    futures = client.map(_run, cells, time_limit=time_limit, key=names)
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
