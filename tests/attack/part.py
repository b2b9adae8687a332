"""A part of the attack: tries with numbers, each a function of the seed and its number."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Try:
    """One try of a part.

    Attributes
    ----------
    seed, number : int
        From which all random numbers follow.
    samples : Path
        Folders made once for all tries, which are only read.
    work : Path
        A folder of this worker, the working folder at the start of each try.
    folder : Path
        An empty folder of this try.
    """

    seed: int
    number: int
    samples: Path
    work: Path
    folder: Path

    @property
    def rng(self) -> np.random.Generator:
        """The random numbers of the try."""
        return np.random.default_rng([self.seed, self.number])


@dataclass(frozen=True)
class Part:
    """A kind of attack.

    Attributes
    ----------
    name : str
        On the command line.
    tries : int
        How many are made.
    attempt : callable
        Makes a try and says what is wrong, "" if nothing is.
    samples : tuple of str
        What it needs of `attack.samples`.
    patience : float
        Time in s after which a worker hangs.
    missing : callable
        Says why the part cannot be run, "" if it can.
    """

    name: str
    tries: int
    attempt: Callable[[Try], str]
    samples: tuple[str, ...] = ()
    patience: float = 100.0
    missing: Callable[[], str] = lambda: ""
