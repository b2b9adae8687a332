"""What identifies a cell of any sweep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CellName:
    """The fields of all kinds of cells.

    Attributes
    ----------
    problem, digest : str
        Spec of the problem, or stream and number of nodes; and hash of the content of its files.
    label : str
        Name of the solver, or scheme, in the file.
    solver : str
        JSON of its table.
    repetition, seed : int
        Which run, and the root seed.
    budget : str
        JSON of the budget, or of stream and world.
    """

    problem: str
    digest: str
    label: str
    solver: str
    repetition: int
    seed: int
    budget: str
