"""The parts that are made again: the paper's tables and figures by name."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Protocol, cast

from experiments.paper.outcome import Outcome

FOLDER = Path(__file__).parent
PARTS = {
    "table1": "Table 1: the cut by the number of nodes",
    "table2": "Table 2: delay and energy against B-Net and MASM",
    "fig5": "Fig. 5: memory by layer",
    "fig6": "Fig. 6: delay by layer",
    "fig7": "Fig. 7: task execution time of the schedulers",
    "fig8": "Fig. 8: what is uploaded",
    "fig9": "Fig. 9: the error of the learned networks",
    "dormancy": "Section 2.4: the cloud's dormancy",
}
"""Titles by name; a part is the module `experiments.paper.NAME` with a function `run`."""


class Run(Protocol):
    """The function `run` of a part."""

    def __call__(self, out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
        """Make a part again.

        Parameters
        ----------
        out : Path
            Folder, which exists, for its tables and figures.
        work : Path
            Folder, which exists, for raw results, from which a killed run goes on.
        quick : bool
            Whether fewer and shorter runs will do.
        jobs : int
            Worker processes; the numbers do not depend on it.
        """
        ...


def run_of(part: str) -> Run:
    """Return the function that makes a part."""
    return cast(Run, importlib.import_module(f"{__package__}.{part}").run)


def configuration_files(part: str) -> list[Path]:
    """Return the files on which a part rests besides its code, in order."""
    return sorted(FOLDER.glob(f"{part}*.toml"))
