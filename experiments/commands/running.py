"""The options that all commands share which run cells, and their effects."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from edgeopt.experiments.signals import termination_as_interrupt
from edgeopt.experiments.terminal import say
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from edgeopt.experiments.runs.cell import AnyConfig, Row, RunKind
    from edgeopt.experiments.runs.select import Selection
    from edgeopt.experiments.runs.status import RunStatus


SOME_FAILED = 1


@dataclass(frozen=True)
class RunOptions:
    """The options of a command that runs cells, by name; `with_run_options` adds them."""

    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; what is unfinished there resumes")
    ] = None
    jobs: Annotated[int, typer.Option(help="Worker processes")] = 1
    cluster: Annotated[
        str | None, typer.Option(help="Dask scheduler, tcp://host:port, whose workers do the work")
    ] = None
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", help="Seconds after which a cell is ended and has failed"),
    ] = None
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run failed cells again")] = (
        False
    )
    accept_code: Annotated[
        bool,
        typer.Option("--accept-code", help="Keep rows made by other code, if only code differs"),
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run and how long it would take")
    ] = False
    status: Annotated[
        Path | None,
        typer.Option("--status", help="Say how far the runs in this folder are, only"),
    ] = None
    only: Annotated[
        list[str] | None,
        typer.Option("--filter", help="Run only cells like 'solver=atsa*'; may be repeated"),
    ] = None
    shard: Annotated[
        str | None, typer.Option(help="Run only the I-th of N equal shares, I/N, such as 3/100")
    ] = None
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove rows that the file does not name any more")
    ] = False

    @property
    def select(self) -> Selection:
        """The cells that are to be run."""
        from edgeopt.experiments.runs.select import Selection

        return Selection(tuple(self.only or ()), self.shard)


def with_run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `RunOptions`, which it takes as its argument ``options``.

    Typer makes options of a function's signature and cannot share any between commands.
    """
    hints = get_type_hints(RunOptions, include_extras=True)
    shared = [
        Parameter(
            each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name]
        )
        for each in fields(RunOptions)
    ]
    file, *rest = (
        each.replace(kind=Parameter.KEYWORD_ONLY)
        for name, each in signature(command, eval_str=True).parameters.items()
        if name != "options"
    )

    @wraps(command)
    def made(**arguments: Any) -> None:
        options = RunOptions(**{name: arguments.pop(name) for name in hints})
        command(**arguments, options=options)

    parameters = [file, *shared, *rest]
    made.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    made.__annotations__ = {each.name: each.annotation for each in parameters}
    return made


def config_to_run(
    kind: str, file: Path | None, options: RunOptions, read: Callable[[Path], Any]
) -> Any:
    """Return the configuration in a file, or None if the options only ask for a report.

    Parameters
    ----------
    kind : str
        A key of `RUN_KINDS`.
    file : Path or None
        May be left out with ``--status``.
    options : RunOptions
        Options of the command.
    read : callable
        Reads a file of this kind.

    Raises
    ------
    InputError
        If an option or the file is illegal, or of another kind.
    """
    from edgeopt.experiments.commands.kinds import check_file_kind

    if is_status_only(kind, options):
        return None
    if file is None:
        raise InputError("FILE", None, "given, unless --status DIR is")
    check_file_kind(file, kind)
    return config_or_plan(lambda: read(file), options)


def is_status_only(kind: str, options: RunOptions) -> bool:
    """Check the options, and print the status of a folder if they ask for it alone.

    Raises
    ------
    InputError
        If an option is illegal, or the folder holds runs of another kind.
    """
    from edgeopt.experiments.commands.kinds import check_folder_kind
    from edgeopt.experiments.runs.status import read_status

    if options.jobs < 1:
        raise InputError("--jobs", options.jobs, "an integer >= 1")
    if options.prune and options.out is None:
        raise InputError("--prune", True, "given with --out, the folder to prune")
    if options.status is None:
        return False
    check_folder_kind(options.status, kind)
    _print_status(read_status(options.status), options.jobs)
    return True


def config_or_plan(make: Callable[[], Any], options: RunOptions) -> Any:
    """Return a configuration with the time limit of the options; None if its plan was printed."""
    from edgeopt.optim.scheduling.catalog import foreign_code_unread

    with foreign_code_unread() if options.dry_run else nullcontext():
        config = make()
        if options.time_limit is not None:
            config = replace(config, time_limit=options.time_limit)
        if options.dry_run:
            _print_plan(config, options)
            return None
    return config


def _print_plan(config: AnyConfig, options: RunOptions) -> None:
    """Print what would be run; code of others is not."""
    from edgeopt.experiments.runs.status import status_of

    config.check()
    chosen = (config, options.out, options.retry_failed, options.select)
    status = status_of(*chosen, accept_code=options.accept_code, by_name=True)
    foreign = {cell.label for cell in config.cells() if cell.is_foreign}
    if foreign:
        names = ", ".join(sorted(foreign))
        note = f"code of {names} is not run here: counted by name, a list of values as one solver"
        say(note, error=True)
    _print_status(status, options.jobs)
    if options.accept_code or not status.open:
        return
    kept = status.open - status_of(*chosen, accept_code=True, by_name=True).open
    if kept:
        say(f"{kept} of these differ in code alone from rows that --accept-code would keep")


def run_to_end(config: AnyConfig, options: RunOptions) -> pd.DataFrame:
    """Run the open cells and return all; without a folder, in a temporary one."""
    from edgeopt.experiments.runs.compaction import compact
    from edgeopt.experiments.runs.run import run_with_bar

    # where a folder is given, no other need be writable
    place: AbstractContextManager[Any] = nullcontext(options.out)
    if options.out is None:
        place = TemporaryDirectory(prefix="edgeopt-")
    with place as folder, termination_as_interrupt():
        cells = run_with_bar(
            config,
            options.out or Path(folder) / "out",
            jobs=options.jobs,
            cluster=options.cluster,
            retry_failed=options.retry_failed,
            accept_code=options.accept_code,
            select=options.select,
        )
        if options.prune and options.out is not None:
            compact(options.out, prune=True)
        return cells


def tell_rest(cells: pd.DataFrame, kind: RunKind, out: Path | None) -> None:
    """Say on standard error what a table does not show; exit with a code of its own on failures.

    Parameters
    ----------
    cells : DataFrame
        From `run_to_end`.
    kind : RunKind
        Of the runs.
    out : Path or None
        Folder of the results.
    """
    from edgeopt.experiments.runs.cell import FAILED
    from edgeopt.experiments.runs.status import failure_lines
    from edgeopt.experiments.runs.store import OLDER, missing_note, older_cells

    if out is not None and (older := older_cells(out)):
        say(f"{older} rows of other cells: kept in {out / OLDER}, not counted", error=True)
    note = missing_note(cells)
    if note is not None:
        say(note, error=True)
    failed: list[Row] = cells[cells["status"] == FAILED].to_dict("records")  # type: ignore[assignment]
    for line in failure_lines(failed, kind):
        say(line, error=True)
    if failed:
        raise typer.Exit(SOME_FAILED)


def tell_missing(folder: Path) -> None:
    """Say on standard error how many cells of a folder have not been run yet, if any."""
    from edgeopt.experiments.runs.status import read_status
    from edgeopt.experiments.runs.store import missing_sentence

    status = read_status(folder)
    if status.open:
        say(missing_sentence(status.open, status.cells), error=True)


def _print_status(status: RunStatus, jobs: int) -> None:
    """Print numbers of cells, the time that is left and what failed; exit as a run would."""
    counts = f"{status.finished} finished, {status.failed} failed, {status.open} to run"
    say(f"{status.cells} cells: {counts}")
    if status.older:
        say(f"{status.older} rows of other cells: kept, not counted")
    if status.open and status.seconds is None:
        say("time left: no estimate until one cell is finished")
    elif status.open and status.seconds is not None:
        left = timedelta(seconds=round(status.seconds / jobs))
        say(f"time left: about {left} with --jobs {jobs}")
    for line in status.failures:
        say(line)
    if status.failed:
        raise typer.Exit(SOME_FAILED)
