"""The folder of runs: one that stays, or a temporary one that lives as long as its owner."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgeopt.experiments.runs.cell import RunKind
from edgeopt.experiments.runs.store import check_folder
from edgeopt.optim.user_code import check_not_within_file
from edgeopt.problems.errors import InputError


@contextmanager
def kept_folder(out: str | Path | None, kind: RunKind) -> Iterator[Path]:
    """Give the folder `out`, or a temporary one that is removed if the work in it fails.

    What was finished before an interrupt stays, and the interrupt says where.

    Raises
    ------
    InputError
        If the folder holds something else than runs of this kind, or a file that is run for the
        solver in it calls this.
    """
    check_not_within_file("sweep")
    if out is not None:
        try:
            check_folder(Path(out), kind)
        except InputError as error:  # which names the command's option
            raise InputError(error.field.removeprefix("--"), error.value, error.rule) from None
        yield Path(out)
        return
    folder = Path(tempfile.mkdtemp(prefix="edgeopt-"))
    try:
        yield folder
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"what is finished is kept; out={str(folder)!r} resumes it")
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def remove_with(owner: Any, folder: Path) -> None:
    """Remove a folder when its owner is gone, at the latest when Python ends."""
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
