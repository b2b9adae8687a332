"""Instances of the Google Cloud Jobs data set: published job lengths on virtual machines."""

from __future__ import annotations

import numpy as np

from edgeopt.problems.errors import FloatArray, check_number
from edgeopt.problems.scheduling.generators import with_tight_memory
from edgeopt.problems.scheduling.problem import Problem, UniformTimes, check_size

# The table of the data set (CC BY 4.0): 50 lengths in 1000 million instructions, of 2 % each.
_LENGTHS: FloatArray = 1000.0 * np.concatenate(
    [
        (15.0, 27.5, 40.0, 45.0),
        np.arange(47.0, 57.0, 2.0),
        np.arange(59.0, 69.0, 2.0),
        np.arange(71.0, 131.0, 2.0),
        (135.0, 150.0, 337.5, 525.0, 712.5, 900.0),
    ]
)


def gocj(
    tasks: int = 200,
    nodes: int = 20,
    *,
    slowest: float = 500.0,
    fastest: float = 4000.0,
    utilisation: float | None = None,
    rng: int | np.random.Generator | None = None,
) -> Problem:
    """Generate jobs of the lengths of the Google Cloud Jobs data set (GoCJ) on virtual machines.

    Parameters
    ----------
    tasks, nodes : int
        k and x.
    slowest, fastest : float
        Range of the speeds of the machines, which are uniform and independent, in MIPS. The data
        set has jobs only: both, and the distribution, are assumptions.
    utilisation : float, optional
        Share of the memory in use, see `with_tight_memory`; by default memory is unlimited.
    rng : int or Generator, optional
        Seed or source of randomness.

    Returns
    -------
    Problem
        et_ij = length_i / speed_j in s, with lengths in million instructions: uniform machines.

    Raises
    ------
    InputError
        If a number is out of range.

    Notes
    -----
    As the generator of the data set does, each job draws one of 50 lengths of 15,000 to 900,000
    million instructions, all equally likely; they follow the jobs of Google's cluster traces.

    References
    ----------
    Hussain, Aleem, "GoCJ: Google cloud jobs dataset for distributed and cloud computing
    infrastructures", Data 3(4), 38, 2018, doi:10.3390/data3040038 (data set: CC BY 4.0).

    Examples
    --------
    >>> from edgeopt.problems.scheduling import gocj
    >>> times = gocj(4, 2, rng=1).et
    >>> times.work, times.speed.round()
    (array([ 89000.,  93000., 117000., 525000.]), array([1005., 3820.]))
    """
    k, x = check_size(tasks, nodes)
    check_number("slowest", slowest, above=0)
    check_number("fastest", fastest, at_least=slowest)
    generator = np.random.default_rng(rng)
    # The order of the draws is part of the instance that a seed names: keep it.
    work = _LENGTHS[generator.integers(len(_LENGTHS), size=k)]
    times = UniformTimes(work, generator.uniform(slowest, fastest, size=x))
    problem = Problem(times, name=f"gocj:{k}x{x}")
    return problem if utilisation is None else with_tight_memory(problem, utilisation, generator)
