"""Records of schedules made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.experiments.best_known.register import KnownSchedule

DIGESTS = [f"{letter * 64}" for letter in "abc"]


@pytest.fixture
def record():
    """Return a maker of records: ``record(makespan=2.0, digest=...)``."""
    plain = KnownSchedule(
        instance="8x2/made.0",
        digest=DIGESTS[0],
        makespan=3.0,
        lower_bound=1.0,
        solver="frontier",
        seed=1,
        repetition=2,
        seconds=60.1,
        version="0.1.0",
        code="0123456789abcdef",
        assignment=np.array([0, 1, 1, 0]),
    )
    return lambda **values: replace(plain, **values)
