"""Initial weights that depend on a seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from problems.errors import check_integer

_LARGEST = 2**63 - 1


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Start PyTorch's generator of the CPU at `seed`, and put it back on leaving.

    Raises
    ------
    InputError
        If `seed` is no integer in 0..2^63 - 1.
    """
    check_integer("seed", seed, at_least=0, at_most=_LARGEST)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
