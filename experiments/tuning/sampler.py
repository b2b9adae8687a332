"""Samplers by name, each trial's draws seeded by its number."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, PartialFixedSampler, RandomSampler, TPESampler
from optuna.samplers._lazy_random_state import LazyRandomState
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from edgeopt.experiments.tuning.cma_sampler import CmaSampler, Distributions
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.space import grid_points
from edgeopt.experiments.tuning.trial import experimental_allowed

MakeSampler = Callable[[int, int], BaseSampler]

Point = dict[str, Any]
"""Values by parameter."""


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

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Tell the sampler that a trial begins."""
        self._make(trial.number, 0).before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Tell the sampler that a trial is over."""
        self._make(trial.number, 0).after_trial(study, trial, state, values)


def fixed_sampler(values: dict[str, Any]) -> BaseSampler:
    """Return a sampler that gives these values for all parameters.

    `Study.enqueue_trial` is no substitute: of several processes that share a study each would
    enqueue the same trial, and one that is killed before it does so would leave the trial out.
    """
    with experimental_allowed():
        return PartialFixedSampler(values, RandomSampler(seed=0))


def make_sampler(config: TuneConfig, kept: Sequence[Point] = ()) -> SeededSampler:
    """Return the sampler that the configuration asks for.

    Parameters
    ----------
    config : TuneConfig
        What is tuned.
    kept : sequence of dict
        Parameters of the first trials, those of an earlier version of the tuning.

    Notes
    -----
    Without any, the first trial is the default if it lies within the space, so that no tuning ends
    with worse parameters on the training problems; a grid has its own points only.
    """
    names, space, start = list(config.space), config.space, config.start
    if config.sampler == "grid":
        points = all_points(config, kept)
        return SeededSampler(lambda number, _: fixed_sampler(points[number]), names)

    def make(number: int, draw: int) -> BaseSampler:
        if number < len(kept):
            return fixed_sampler(kept[number])
        if number == 0 and start is not None:
            return fixed_sampler(start)
        seed = trial_seed(config.seed, number, draw)
        if isinstance(config.sampler, BaseSampler):
            return reseeded(config.sampler, seed, config.seed)
        if config.sampler == "tpe":
            return TPESampler(seed=seed, multivariate=True, constant_liar=True)
        if config.sampler == "cma-es":
            return CmaSampler(space, start, seed)
        return RandomSampler(seed=seed)

    return SeededSampler(make, names)


def all_points(config: TuneConfig, kept: Sequence[Point]) -> list[Point]:
    """Return the points of a grid, those of an earlier version of the tuning first."""
    grid = grid_points(config.space, config.levels, config.seed)
    return [*kept, *(point for point in grid if point not in kept)]


def reseeded(sampler: BaseSampler, seed: int, root: int) -> BaseSampler:
    """Return a copy of a sampler with its random states set.

    Parameters
    ----------
    sampler : BaseSampler
        A sampler of Optuna's or of the user's.
    seed : int
        Of this draw.
    root : int
        Of the tuning, for samplers whose draws are one sequence of numbers (`QMCSampler`).
    """
    # `reseed_rng` would take a seed from the clock
    copied = copy.deepcopy(sampler)
    for name, value in vars(copied).items():
        if isinstance(value, LazyRandomState):
            value.rng.seed(seed)
        elif isinstance(value, BaseSampler):
            setattr(copied, name, reseeded(value, seed, root))
    if "_seed" in vars(copied):
        copied._seed = root  # type: ignore[attr-defined]
    return copied


def trial_seed(seed: int, number: int, draw: int) -> int:
    """Return a seed of 32 bits for a draw of a trial."""
    return int(np.random.SeedSequence(seed, spawn_key=(number, draw)).generate_state(1)[0])
