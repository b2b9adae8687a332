"""Densities and mean inverse rates of the terminals' uplink against quadrature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.upload import (
    is_too_wide,
    kde_inverse_rate,
    log_kde_inverse_rate,
    normal_density,
    printed_density,
    printed_inverse_rate,
    silverman_width,
)

RATES = np.array([2.0, 3.0, 5.0, 8.0, 9.0])
SAMPLES = st.lists(st.floats(1.0, 100.0), min_size=2, max_size=12).filter(
    lambda rates: max(rates) > 1.01 * min(rates)
)


def test_width_is_silvermans_rule():
    assert silverman_width(RATES) == pytest.approx(np.std(RATES, ddof=1) * (4 / 15) ** 0.2)


def test_the_printed_density_integrates_to_the_root_of_pi():
    printed = quad(printed_density, -40, 60, args=(RATES,), limit=200)[0]
    assert printed == pytest.approx(np.sqrt(np.pi), rel=1e-6)
    normal = quad(normal_density, -40, 60, args=(RATES,), limit=200)[0]
    assert normal == pytest.approx(1.0, rel=1e-6)


def test_the_printed_integral_diverges_at_zero():
    def integral(lowest: float) -> float:
        return quad(lambda v: printed_density(v, RATES) / v, lowest, 60, limit=500)[0]

    values = [integral(10.0**-k) for k in (1, 3, 5, 7)]
    growth = np.diff(values)
    # each two decades add p(0) log(100): the integral has no limit
    expected = printed_density(0.0, RATES) * np.log(100)
    assert growth[1:] == pytest.approx([expected, expected], rel=0.01)


def test_printed_and_normalised_inverse_rates_by_a_riemann_sum():
    step = 1e-3
    v = np.arange(RATES.min() + step / 2, 60, step)
    printed = np.array([printed_density(x, RATES) for x in v])
    normal = np.array([normal_density(x, RATES) for x in v])
    assert printed_inverse_rate(RATES) == pytest.approx((printed / v).sum() * step, rel=1e-4)
    expected = (normal / v).sum() / normal.sum()
    assert kde_inverse_rate(RATES) == pytest.approx(expected, rel=1e-4)


@given(SAMPLES)
def test_the_closed_form_is_the_mean_of_the_lognormal_mixture(sample: list[float]):
    rates = np.array(sample)
    logs, h = np.log(rates), silverman_width(np.log(rates))

    def integrand(z: float) -> float:  # z standard normal; v = v_i exp(h z)
        kernels = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        return float(kernels * np.exp(-logs - h * z).mean())

    expected = min(quad(integrand, -40, 40, limit=200)[0], 1 / rates.min())
    assert log_kde_inverse_rate(rates) == pytest.approx(expected, rel=1e-6)


@given(SAMPLES)
def test_the_mean_rate_understates_the_upload_time(sample: list[float]):
    rates = np.array(sample)
    assert log_kde_inverse_rate(rates) > np.mean(1 / rates) > 1 / np.mean(rates)


@pytest.mark.parametrize("rates", [[1e-6, 1.0, 1.0], [1.0, 1.0, 1.0, 2.0], [1.0, 9.0]])
def test_the_unit_of_the_rates_does_not_matter(rates: list[float]):
    # in bit/s the integrals are far below the absolute tolerance of a quadrature
    sample = np.array(rates)
    for inverse in (printed_inverse_rate, kde_inverse_rate, log_kde_inverse_rate):
        assert inverse(1e9 * sample) * 1e9 == pytest.approx(inverse(sample), rel=1e-7)


def test_equal_rates_need_no_density():
    rates = np.array([4.0, 4.0])
    for inverse in (printed_inverse_rate, kde_inverse_rate, log_kde_inverse_rate):
        assert inverse(rates) == pytest.approx(0.25)
    with pytest.raises(InputError, match="2 rates that differ"):
        silverman_width(rates)


def test_few_rates_far_apart_take_no_longer_than_the_slowest():
    # Without the limit 1.2 Mbit would take hours: the kernel is wider than the rates are apart.
    wide = np.array([1e4, 1e9])
    assert is_too_wide(wide)
    assert log_kde_inverse_rate(wide) == 1e-4
    near = np.array([9e6, 18e6, 30e6])
    assert not is_too_wide(near)
    assert np.mean(1 / near) < log_kde_inverse_rate(near) < 1 / 9e6
    for count in (1, 3, 7):
        equal = np.full(count, 0.3)
        assert not is_too_wide(equal)
        assert log_kde_inverse_rate(equal) == np.mean(1.0 / equal)
