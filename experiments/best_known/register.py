"""The register: a folder with a file for each instance that anyone has solved here."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from experiments.best_known.record import Record, pack_record, unpack_record
from problems.atomic import write_atomically
from problems.errors import InputError

REGISTER = Path("results/frontier/best")
DIGITS = 16  # of the digest in a file's name


def read_register(folder: Path) -> dict[str, Record]:
    """Return the records of a folder by digest; a folder that is not there has none.

    Raises
    ------
    InputError
        If a record is damaged.
    """
    records = [_read(path) for path in sorted(folder.glob("[!_]*.json"))]
    records.sort(key=lambda record: -record.makespan)  # of two on one problem the better stays
    return {record.digest: record for record in records}


def keep_better(folder: Path, records: Iterable[Record]) -> list[Record]:
    """Write the records that are better than what the folder holds, and return them.

    Each file is replaced whole; of two commands at a time one waits for the other.

    Raises
    ------
    InputError
        If a record of the folder is damaged, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("--register", str(folder), f"a folder ({error})") from None
    with _locked(folder):
        known = read_register(folder)
        better = [
            record
            for record in records
            if record.digest not in known or record.makespan < known[record.digest].makespan
        ]
        for record in better:
            write_atomically(_path(folder, record), pack_record(record))
    return better


def _read(path: Path) -> Record:
    """Return the record in a file."""
    try:
        return unpack_record(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(str(path), str(error), "a record of edgeopt best-known") from None


def _path(folder: Path, record: Record) -> Path:
    """Return the file of a record's problem: the one that is there, whatever the name, or new."""
    digest = record.digest[:DIGITS]
    name = re.sub(r"[^\w.=]+", "-", record.instance)
    return next(folder.glob(f"*-{digest}.json"), folder / f"{name}-{digest}.json")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder, where the system has such locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
