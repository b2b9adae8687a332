"""Samplers: seeded by trial, and a CMA-ES without pickles."""

from collections.abc import Callable

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from edgeopt.experiments.tuning.cma_sampler import CmaSampler, from_unit, to_unit
from edgeopt.experiments.tuning.config import SAMPLERS, TuneConfig
from edgeopt.experiments.tuning.sampler import SeededSampler, make_sampler, trial_seed

PLANE = {"x": FloatDistribution(-5.0, 5.0), "y": FloatDistribution(-5.0, 5.0)}
RANGES = [
    FloatDistribution(-2.0, 3.0),
    FloatDistribution(0.1, 100.0, log=True),
    IntDistribution(5, 100),
    IntDistribution(1, 1000, log=True),
]


def bowl(study: optuna.Study, trials: int) -> list[float]:
    """Tell the study the squared distance to (1, 2) and return all of them."""
    for _ in range(trials):
        trial = study.ask(dict(PLANE))
        study.tell(trial, (trial.params["x"] - 1) ** 2 + (trial.params["y"] - 2) ** 2)
    return [trial.values[0] for trial in study.trials]


def cma_study() -> optuna.Study:
    """Return a study of the plane by CMA-ES."""
    sampler = SeededSampler(lambda n, d: CmaSampler(PLANE, None, trial_seed(0, n, d)), ["x", "y"])
    return optuna.create_study(sampler=sampler)


@pytest.mark.parametrize("name", SAMPLERS)
def test_draws_follow_from_seed_and_trials(
    name: str, make_config: Callable[..., TuneConfig]
) -> None:
    config = make_config(sampler=name, parameters=("ants", "rho"), trials=25, levels=5)

    def draw(seed: int, restart: bool) -> list[dict[str, float]]:
        chosen = make_config(sampler=name, parameters=("ants", "rho"), trials=25, seed=seed)
        study = optuna.create_study(sampler=make_sampler(chosen))
        for _ in range(25):
            if restart:
                study.sampler = make_sampler(chosen)
            trial = study.ask(dict(config.space))
            study.tell(trial, trial.params["rho"] + trial.params["ants"] / 100)
        return [trial.params for trial in study.trials]

    assert draw(1, restart=False) == draw(1, restart=True) != draw(2, restart=False)


def test_the_first_trial_is_the_default(make_config: Callable[..., TuneConfig]) -> None:
    for name in ("tpe", "cma-es", "random"):
        config = make_config(sampler=name)
        trial = optuna.create_study(sampler=make_sampler(config)).ask(dict(config.space))
        numbers = {"ants": 20, "alpha": 1.0, "beta": 5.0, "rho": 0.5, "Q": 5.0}
        assert trial.params == numbers | {"local_search": "none"}


def test_the_default_is_passed_over_where_it_is_excluded(
    make_config: Callable[..., TuneConfig],
) -> None:
    config = make_config(search={"beta": {"low": 6, "high": 9}})
    trial = optuna.create_study(sampler=make_sampler(config)).ask(dict(config.space))
    assert 6 <= trial.params["beta"] <= 9
    assert trial.params["ants"] != 20


def test_tpe_models_parameters_together(make_config: Callable[..., TuneConfig]) -> None:
    sampler = make_sampler(make_config())._make(5, 0)
    assert isinstance(sampler, optuna.samplers.TPESampler)
    assert sampler._multivariate
    assert sampler._constant_liar


def test_cma_es_closes_in() -> None:
    gaps = bowl(cma_study(), 90)
    assert np.median(gaps[-12:]) < 0.05 < np.median(gaps[:12])


def test_cma_es_keeps_nothing_in_the_storage() -> None:
    study = cma_study()
    bowl(study, 20)
    assert all(not trial.system_attrs for trial in study.trials)


def test_cma_es_ranks_given_up_trials_last() -> None:
    def mean(order: list[int]) -> float:
        """Return x of the 7th trial, after a generation in which each trial came so far."""
        study = cma_study()
        for trial_number in range(6):
            trial = study.ask(dict(PLANE))
            steps = order[trial_number]
            for step in range(steps):
                trial.report(1.0, step)
            if steps == 9:
                study.tell(trial, 5.0 + trial_number)
            else:
                state = TrialState.PRUNED if steps else TrialState.FAIL
                study.tell(trial, state=state)
        return float(study.ask(dict(PLANE)).params["x"])

    assert mean([9, 9, 9, 4, 3, 2]) == mean([9, 9, 9, 5, 4, 0])
    assert mean([9, 9, 9, 4, 3, 2]) != mean([2, 3, 4, 9, 9, 9])


def test_cma_es_passes_over_a_generation_under_way() -> None:
    study = cma_study()
    for _ in range(7):
        study.ask(dict(PLANE))
    assert len(study.trials) == 7


def test_cma_es_draws_choices_at_random() -> None:
    space = {**PLANE, "z": CategoricalDistribution(("a", "b"))}
    names = list(space)
    sampler = SeededSampler(lambda n, d: CmaSampler(space, None, trial_seed(0, n, d)), names)
    study = optuna.create_study(sampler=sampler)
    for _ in range(20):
        trial = study.ask(dict(space))
        study.tell(trial, trial.params["x"])
    assert {trial.params["z"] for trial in study.trials} == {"a", "b"}


@given(st.sampled_from(RANGES), st.floats(0, 1))
def test_units_and_values(entry: FloatDistribution | IntDistribution, share: float) -> None:
    value = from_unit(share, entry)
    assert entry.low <= value <= entry.high
    assert isinstance(value, int if isinstance(entry, IntDistribution) else float)
    assert from_unit(to_unit(value, entry), entry) == pytest.approx(value)
    assert -1e-9 <= to_unit(value, entry) <= 1 + 1e-9


def test_whole_numbers_have_equal_shares() -> None:
    shares = np.linspace(0, 1, 6001)[:-1] + 1e-6
    values = [from_unit(float(share), IntDistribution(1, 3)) for share in shares]
    assert np.bincount(values).tolist() == [0, 2000, 2000, 2000]


def test_seeds_differ() -> None:
    seeds = {trial_seed(s, n, d) for s in range(5) for n in range(50) for d in range(5)}
    assert len(seeds) == 1250
