"""Regenerate the parts of the paper that are missing or out of date."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from edgeopt.experiments.paper.claims import read_claims
from edgeopt.experiments.paper.outcome import (
    PARTS,
    PartRecord,
    configuration_hash,
    fingerprint_of,
    new_record,
    read_record,
    run_of,
    write_record,
)
from edgeopt.experiments.paper.page import write_page
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import make_folder

WORK = "work"

Say = Callable[[str], None]


def regenerate(
    parts: Iterable[str], out: Path, *, quick: bool = False, jobs: int = 1, say: Say = print
) -> dict[str, str]:
    """Regenerate parts of the paper and write ``README.md`` about all that are in the folder.

    Parameters
    ----------
    parts : iterable of str
        Names of `PARTS`. A part made with the same code, configuration and `quick` is left as it
        is; a killed one resumes from the raw results under ``work``.
    out : Path
        Folder; each part has one of its own in it.
    quick : bool
        Whether to make fewer and shorter runs.
    jobs : int
        Worker processes.
    say : callable
        Takes a line about the progress.

    Returns
    -------
    dict
        By name of each part that could not be made, why: a file or library is missing.

    Raises
    ------
    InputError
        If the folder cannot be made or written.

    Examples
    --------
    See `read_claims` for what is judged; ``edgeopt paper --quick --out out/paper`` calls it.
    """
    failures: dict[str, str] = {}
    for part in parts:
        folder = make_folder("out", out / part)
        found = read_record(folder)
        if found is not None and found.fingerprint == fingerprint_of(part, quick=quick):
            say(f"{part}: up to date")
            continue
        say(f"{part}: {PARTS[part]}")
        try:
            work = make_folder(
                "out", out / WORK / f"{part}-{configuration_hash(part, quick=quick)}"
            )
            record = _make(part, folder, work, quick, jobs)
        except InputError as error:
            failures[part] = str(error)
            say(f"{part}: {error}")
        else:
            write_record(record, folder)
            say(f"{part}: {record.seconds:.1f} s")
        # After every part: an interrupted run leaves a page about what is finished.
        write_page(records_in(out), out)
    write_page(records_in(out), out)
    return failures


def records_in(out: Path) -> list[PartRecord]:
    """Return the records of all finished parts in a folder, in the order of the paper."""
    records = (read_record(out / part) for part in PARTS)
    return [record for record in records if record is not None]


def _make(part: str, folder: Path, work: Path, quick: bool, jobs: int) -> PartRecord:
    """Make one part."""
    read_claims(part)  # first, since an error in them would cost the whole run
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # overload and memory are in the tables
        outcome = run_of(part)(folder, work, quick=quick, jobs=jobs)
    seconds = time.perf_counter() - start
    return new_record(part, outcome, quick=quick, jobs=jobs, seconds=seconds)
