"""A sampler by CMA-ES that keeps nothing but the trials in the storage."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from edgeopt.experiments.tuning.space import Space, snapped
from edgeopt.problems.errors import FloatArray, InputError

if TYPE_CHECKING:
    from cmaes import CMA
    from optuna.study import Study


NumberDistribution = FloatDistribution | IntDistribution

Distributions = dict[str, BaseDistribution]

_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)

_FIRST_STEP = 1 / 6  # of the range; Optuna's own choice


class CmaSampler(BaseSampler):
    """Draws numbers by CMA-ES (package cmaes), and choices, which it cannot model, at random.

    For each trial, CMA-ES is rebuilt from all finished generations: consecutive trials, as many as
    its population. Optuna's own sampler keeps a pickle in the storage, which could run code when
    it is read; this one keeps nothing. Where several processes share a study, a generation that is
    not finished is passed over.

    CMA-ES uses only the order within a generation. Trials that were given up rank after the
    finished ones, by how far they came, and failed ones last.

    Parameters
    ----------
    space : dict of BaseDistribution
        The search space, with at least one number.
    start : dict, optional
        Values at the centre of the first generation; by default the middle of the ranges.
    seed : int
        Seed of this trial's draws.

    References
    ----------
    Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, 2016.
    """

    def __init__(self, space: Space, start: dict[str, Any] | None, seed: int) -> None:
        self._numbers = numbers_of(space)
        self._start, self._seed = start, seed

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Distributions:
        """Return the numbers."""
        return dict(self._numbers)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        """Draw all numbers from the distribution that the finished generations have led to."""
        optimizer = self._new_optimizer()
        trials = {t.number: t for t in study.get_trials(deepcopy=False, states=_FINISHED)}
        size = optimizer.population_size
        for first in range(0, trial.number - size + 1, size):
            # a trial of another process may still be running; its generation is not told
            generation = [trials.get(number) for number in range(first, first + size)]
            self._tell(optimizer, [t for t in generation if t is not None])
        point = optimizer.ask()
        return {
            name: from_unit(float(u), distribution)
            for u, (name, distribution) in zip(point, self._numbers.items(), strict=True)
        }

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw a choice at random."""
        fallback = RandomSampler(seed=self._seed)
        return fallback.sample_independent(study, trial, param_name, param_distribution)

    def _new_optimizer(self) -> CMA:
        """Return CMA-ES on the unit cube, before its first generation."""
        from cmaes import CMA

        count = len(self._numbers)
        start = np.full(count, 0.5) if self._start is None else self._unit(self._start)
        bounds = np.tile([0.0, 1.0], (count, 1))
        return CMA(mean=start, sigma=_FIRST_STEP, bounds=bounds, seed=self._seed)

    def _tell(self, optimizer: CMA, generation: list[FrozenTrial]) -> None:
        """Tell CMA-ES a generation by its ranks, if it is whole."""
        known = [trial for trial in generation if self._numbers.keys() <= trial.params.keys()]
        if len(known) == optimizer.population_size:
            ranked = sorted(known, key=_rank)
            optimizer.tell([(self._unit(t.params), float(r)) for r, t in enumerate(ranked)])

    def _unit(self, values: dict[str, Any]) -> FloatArray:
        """Return values as a point of the unit cube."""
        return np.array([to_unit(values[name], d) for name, d in self._numbers.items()])


def check_cma(space: Space) -> None:
    """Raise `InputError` if CMA-ES cannot be used: no number to search, or no package cmaes."""
    if not numbers_of(space):
        raise InputError("sampler", "cma-es", "another one, where no parameter is a number")
    if find_spec("cmaes") is None:
        raise InputError("sampler", "cma-es", "another one, or installed: pip install cmaes")


def numbers_of(space: Space) -> dict[str, NumberDistribution]:
    """Return the numbers of a space."""
    return {name: entry for name, entry in space.items() if isinstance(entry, NumberDistribution)}


def to_unit(value: float, distribution: NumberDistribution) -> float:
    """Return where a number lies in its range, from 0 to 1; all whole numbers have equal shares."""
    low, high = _ends(distribution)
    return ((math.log(value) if distribution.log else value) - low) / (high - low)


def from_unit(share: float, distribution: NumberDistribution) -> float:
    """Return the number at a share of the range; the inverse of `to_unit`."""
    low, high = _ends(distribution)
    value = low + share * (high - low)
    return snapped(math.exp(value) if distribution.log else value, distribution)


def _ends(distribution: NumberDistribution) -> tuple[float, float]:
    """Return the ends of a range; that of whole numbers is half a step wider on either side."""
    # else the two ends would be drawn half as often as the other whole numbers
    margin = 0.5 if isinstance(distribution, IntDistribution) else 0.0
    low, high = distribution.low - margin, distribution.high + margin
    return (math.log(low), math.log(high)) if distribution.log else (low, high)


def _rank(trial: FrozenTrial) -> tuple[float, ...]:
    """Return a key that sorts a generation, the best first."""
    if trial.state == TrialState.COMPLETE and trial.value is not None:
        return (0, trial.value, trial.number)
    if trial.state == TrialState.PRUNED and trial.last_step is not None:
        return (1, -trial.last_step, trial.intermediate_values[trial.last_step], trial.number)
    return (2, trial.number)
