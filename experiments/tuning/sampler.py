"""Samplers by name, each trial's draws seeded by its number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, PartialFixedSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from edgeopt.experiments.tuning.cma_sampler import CmaSampler
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.space import grid_points
from edgeopt.experiments.tuning.trial import experimental_allowed

Distributions = dict[str, BaseDistribution]

MakeSampler = Callable[[int, int], BaseSampler]


class SeededSampler(BaseSampler):
    """Hands each draw to a sampler made for it alone.

    A sampler that is made once goes on from its own random state, which a process that resumes a
    study has not got; here all draws follow from seed, trial and the trials finished before.

    Parameters
    ----------
    make : callable
        From a trial's number and the draw within it (0: all parameters at once; from 1 on: one
        parameter alone) to a sampler.
    names : list of str
        All parameters.
    """

    def __init__(self, make: MakeSampler, names: list[str]) -> None:
        self._make, self._names = make, names

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Distributions:
        """Return what is drawn at once."""
        return self._make(trial.number, 0).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        """Draw parameters at once."""
        return self._make(trial.number, 0).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw one parameter."""
        sampler = self._make(trial.number, 1 + self._names.index(param_name))
        return sampler.sample_independent(study, trial, param_name, param_distribution)


def fixed_sampler(values: dict[str, Any]) -> BaseSampler:
    """Return a sampler that gives these values for all parameters.

    `Study.enqueue_trial` would be no substitute: several processes that share a study would each
    put the same trial into its queue, and one that is killed before it does leaves the queue short.
    """
    with experimental_allowed():
        return PartialFixedSampler(values, RandomSampler(seed=0))


def make_sampler(config: TuneConfig) -> SeededSampler:
    """Return the sampler that the configuration asks for.

    The first trial is the solver as it is, wherever it lies within the space, so that no tuning
    ends behind it on the training set; a grid has its own points only.
    """
    names, space, start = list(config.space), config.space, config.start
    if config.sampler == "grid":
        points = grid_points(space, config.levels, config.seed)
        return SeededSampler(lambda number, _: fixed_sampler(points[number]), names)

    def make(number: int, draw: int) -> BaseSampler:
        if number == 0 and start is not None:
            return fixed_sampler(start)
        seed = trial_seed(config.seed, number, draw)
        if config.sampler == "tpe":
            return TPESampler(seed=seed, multivariate=True, constant_liar=True)
        if config.sampler == "cma-es":
            return CmaSampler(space, start, seed)
        return RandomSampler(seed=seed)

    return SeededSampler(make, names)


def trial_seed(seed: int, number: int, draw: int) -> int:
    """Return a seed of 32 bits for a draw of a trial."""
    return int(np.random.SeedSequence(seed, spawn_key=(number, draw)).generate_state(1)[0])
