"""Samplers by name, each trial's draws seeded by its number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, PartialFixedSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from edgeopt.experiments.tuning.cma_sampler import CmaSampler, Distributions
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.space import grid_points
from edgeopt.experiments.tuning.trial import experimental_allowed

MakeSampler = Callable[[int, int], BaseSampler]


class SeededSampler(BaseSampler):
    """Hands each draw to a sampler made for it alone.

    A sampler that is made once has a random state, which a process that resumes a study does not
    know. Here all draws follow from the seed, the trial and the trials finished before.

    Parameters
    ----------
    make : callable
        Maps a trial's number and the draw within it (0: all parameters at once; from 1 on: one
        parameter alone) to a sampler.
    names : list of str
        All parameters.
    """

    def __init__(self, make: MakeSampler, names: list[str]) -> None:
        self._make, self._names = make, names

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Distributions:
        """Return the parameters that are drawn together."""
        return self._make(trial.number, 0).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        """Draw the parameters that are drawn together."""
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

    `Study.enqueue_trial` is no substitute: of several processes that share a study each would
    enqueue the same trial, and one that is killed before it does so would leave the trial out.
    """
    with experimental_allowed():
        return PartialFixedSampler(values, RandomSampler(seed=0))


def make_sampler(config: TuneConfig) -> SeededSampler:
    """Return the sampler that the configuration asks for.

    The first trial is the default if it lies within the space, so that no tuning ends with worse
    parameters on the training problems; a grid has its own points only.
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
