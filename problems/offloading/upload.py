"""The mean inverse rate of a terminal's upload (16), from a density of rates (17)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError

_TAIL = 8.0  # kernel widths beyond the largest rate, where the density is negligible


def silverman_width(sample: FloatArray) -> float:
    """Return lambda = sigma (4 / (3 l))^0.2, Silverman's rule for a Gaussian kernel (17).

    Parameters
    ----------
    sample : (l,) float64 array
        Measured rates, or their logarithms.

    Raises
    ------
    InputError
        If the sample has no spread: it has no density.
    """
    if np.ptp(sample) == 0:
        raise InputError("uplink.rates_bit_s", sample.tolist(), "at least 2 rates that differ")
    return float(np.std(sample, ddof=1) * (4.0 / (3.0 * sample.size)) ** 0.2)


def printed_density(rate: float, rates: FloatArray) -> float:
    """Return (17) as printed: the mean of exp(-u^2) / lambda, u = (v - v_i) / lambda.

    It integrates to sqrt(pi) = 1.77, not 1, and lambda is the rule for another kernel.
    """
    width = silverman_width(rates)
    u = (rate - rates) / width
    return float(np.exp(-(u**2)).mean() / width)  # (17)


def normal_density(rate: float, rates: FloatArray) -> float:
    """Return (17) with the standard Gaussian kernel, which lambda is the rule for.

    It integrates to 1.
    """
    width = silverman_width(rates)
    u = (rate - rates) / width
    return float(np.exp(-0.5 * u**2).mean() / (width * np.sqrt(2.0 * np.pi)))  # (17)


def printed_inverse_rate(rates: FloatArray) -> float:
    """Return the integral of p(v) / v in (16), with p as printed, s/bit.

    It diverges at v = 0, where p > 0, and is therefore truncated at the smallest measured rate. For
    a sample without spread, which has no density, 1 / v is returned.
    """
    return _integral(lambda v, r: printed_density(v, r) / v, rates)  # (16)


def kde_inverse_rate(rates: FloatArray) -> float:
    """Return E[1/v] with the normalised density, given that v >= the smallest rate, s/bit."""
    mass = _integral(normal_density, rates) if np.ptp(rates) > 0 else 1.0
    return _integral(lambda v, r: normal_density(v, r) / v, rates) / mass  # (16)


def log_kde_inverse_rate(rates: FloatArray) -> float:
    """Return E[1/v] with a Gaussian kernel density of log v, mean(1 / v_i) exp(h^2 / 2), s/bit.

    The density of log rates vanishes at v = 0; thus the integral of (16) exists. It has a closed
    form, since each kernel is log-normal. For equal rates h = 0. Few rates that are orders of
    magnitude apart have a wide kernel, whose slow tail would give a mean time far above the longest
    that was measured: the mean is at most that of the slowest rate (`is_too_wide`).

    Parameters
    ----------
    rates : (l,) float64 array
        Measured rates, bit/s, > 0.
    """
    return float(1.0 / np.min(rates)) if is_too_wide(rates) else _log_kde(rates)


def is_too_wide(rates: FloatArray) -> bool:
    """Return whether the density of log rates is wider than the rates that it is made of.

    Then its mean inverse rate is above that of the slowest rate, which is used in its place.
    """
    # With a margin, as the mean of equal numbers may be rounded up.
    return bool(_log_kde(rates) * np.min(rates) > 1.0 + 1e-9)


def _log_kde(rates: FloatArray) -> float:
    """Return mean(1 / v_i) exp(h^2 / 2)."""
    logs = np.log(rates)
    h = silverman_width(logs) if np.ptp(logs) > 0 else 0.0
    return float(np.mean(1.0 / rates) * np.exp(0.5 * h**2))  # (16), (17)


INVERSE_RATE: dict[str, Callable[[FloatArray], float]] = {
    "printed": printed_inverse_rate,
    "kde": kde_inverse_rate,
    "log_kde": log_kde_inverse_rate,
}
"""The readings of the integral in (16), by their names in `Reading.uplink`."""


def _integral(function: Callable[[float, FloatArray], float], rates: FloatArray) -> float:
    """Integrate over rates, from the smallest measured one to the tail beyond the largest."""
    from scipy.integrate import quad

    if np.ptp(rates) == 0:
        return float(1.0 / rates[0])
    end = rates.max() + _TAIL * silverman_width(rates)
    start, *knots, stop = np.log([rates.min(), *np.quantile(rates, [0.25, 0.5, 0.75]), end])
    # Over log v and to a relative error: the integral itself is about 1e-7 s/bit.
    return float(
        quad(
            lambda log: function(np.exp(log), rates) * np.exp(log),
            start,
            stop,
            limit=500,
            points=knots,  # else it may miss narrow peaks
            epsabs=0.0,
        )[0]
    )
