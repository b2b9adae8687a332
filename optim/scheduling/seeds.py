"""Seeds of a run as a text from which it can be repeated."""

from __future__ import annotations

import re

import numpy as np

from edgeopt.problems.errors import InputError


def write_stream(seeds: np.random.SeedSequence) -> str:
    """Return root seed and spawn key as a text that `read_stream` reads.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.optim.scheduling import write_stream
    >>> write_stream(np.random.SeedSequence(1, spawn_key=(7, 3)))
    '1/7/3'
    """
    return "/".join(str(number) for number in (seeds.entropy, *seeds.spawn_key))


def read_stream(text: str) -> np.random.SeedSequence:
    """Return the seeds that a text names, such as ``"1/16045690984503098046/3"``.

    The first number is the root seed, the others are the spawn key; `solve` takes such a text as
    ``rng``. A single number gives the stream of this seed.

    Raises
    ------
    InputError
        If it is not one or several integers >= 0 with slashes between them.

    Examples
    --------
    >>> from edgeopt.optim.scheduling import read_stream
    >>> read_stream("1/7/3").spawn_key
    (7, 3)
    """
    if not re.fullmatch(r"[0-9]{1,100}(/[0-9]{1,100})*", text):
        raise InputError("seed", text, "an integer >= 0, or several with slashes, like 1/160456/3")
    root, *spawn_key = map(int, text.split("/"))
    return np.random.SeedSequence(root, spawn_key=tuple(spawn_key))


def seeded(
    rng: int | str | np.random.Generator | np.random.SeedSequence | None,
) -> tuple[int | None, np.random.Generator]:
    """Return the seed, where there is one, and the generator."""
    if isinstance(rng, str):
        rng = read_stream(rng)
    if isinstance(rng, np.random.Generator | np.random.SeedSequence):
        return None, np.random.default_rng(rng)
    if rng is None:
        # A fresh seed is drawn here and recorded, so that every run can be repeated.
        rng = np.random.SeedSequence().generate_state(1, np.uint64).item()
    return int(rng), np.random.default_rng(int(rng))
