"""Friedman's test and Nemenyi's difference against published numbers."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.statistics.rank_tests import (
    critical_difference,
    friedman,
    holm,
    holm_ranks,
    iman_davenport,
    nemenyi,
    rank_table,
)
from edgeopt.problems.errors import InputError

# Demsar 2006, Table 6: AUC of C4.5, with m, with cf, with both; the tie of voting (0.975) is broken
# as the ranks printed beside it say.
AUC = """
0.763 0.768 0.771 0.798
0.599 0.591 0.590 0.569
0.954 0.971 0.968 0.967
0.628 0.661 0.654 0.657
0.882 0.888 0.886 0.898
0.936 0.931 0.916 0.931
0.661 0.668 0.609 0.685
0.583 0.583 0.563 0.625
0.775 0.838 0.866 0.875
1.000 1.000 1.000 1.000
0.940 0.962 0.965 0.962
0.619 0.666 0.614 0.669
0.972 0.981 0.9751 0.975
0.957 0.978 0.946 0.970
"""
NAMES = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
DEMSAR = pd.DataFrame([[-float(x) for x in row.split()] for row in AUC.split("\n")[1:-1]])
DEMSAR.columns = NAMES
# Hollander and Wolfe 1973, p. 140: times to round first base, as in R's help of friedman.test.
ROUNDING = """
5.40 5.50 5.55  5.85 5.70 5.75  5.20 5.60 5.50  5.55 5.50 5.40  5.90 5.85 5.70  5.45 5.55 5.60
5.40 5.40 5.35  5.45 5.50 5.35  5.25 5.15 5.00  5.85 5.80 5.70  5.25 5.20 5.10  5.65 5.55 5.45
5.60 5.35 5.45  5.05 5.00 4.95  5.50 5.50 5.40  5.45 5.55 5.50  5.55 5.55 5.35  5.45 5.50 5.55
5.50 5.45 5.25  5.65 5.60 5.40  5.70 5.65 5.55  6.30 6.30 6.25
"""


def test_demsar_ranks():
    ranks = rank_table(DEMSAR).mean()
    assert ranks.round(3).to_list() == [3.143, 2.000, 2.893, 1.964]


def test_demsar_statistic_which_ignores_ties():
    found = friedman(DEMSAR)
    n, k = DEMSAR.shape
    counts = [row.value_counts().to_numpy() for _, row in rank_table(DEMSAR).iterrows()]
    ties = sum(((c**3) - c).sum() for c in counts)
    uncorrected = found.chi2 * (1 - ties / (n * (k**3 - k)))
    assert uncorrected == pytest.approx(9.28, abs=0.005)
    assert iman_davenport(9.28, n, k) == pytest.approx(3.69, abs=0.005)
    assert found.chi2 > uncorrected


def test_the_f_distribution_of_three_solvers_in_closed_form():
    """P(F > f) = (1 + 2 f / d)^(-d / 2) for 2 and d degrees of freedom, here d = 2 * 21."""
    times = pd.DataFrame(np.array(ROUNDING.split(), dtype=float).reshape(22, 3))
    found = friedman(times)
    assert found.f_p == pytest.approx((1 + found.f / 21) ** -21, rel=1e-12)


def test_demsar_critical_differences():
    assert critical_difference(14, 4) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(14, 4, 0.10) == pytest.approx(1.12, abs=0.005)
    assert friedman(DEMSAR).critical_difference == critical_difference(14, 4)


@pytest.mark.parametrize(
    ("solvers", "q"),
    [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (10, 3.164)],
)
def test_demsar_table_5a(solvers, q):
    scale = math.sqrt(solvers * (solvers + 1) / (6 * 30))
    assert critical_difference(30, solvers) / scale == pytest.approx(q, abs=0.0011)


def test_demsar_nemenyi_parts_at_ten_per_cent_what_it_does_not_at_five():
    p = nemenyi(DEMSAR)
    assert 0.05 < p.loc["C4.5", "C4.5+m+cf"] < 0.10
    assert p.loc["C4.5", "C4.5+cf"] > 0.10


def test_demsar_p_values_of_rank_differences_with_holm_for_all_pairs():
    p = holm_ranks(DEMSAR)
    assert p.loc["C4.5", "C4.5+m+cf"] == pytest.approx(6 * 0.016, abs=6 * 0.0005)
    assert p.loc["C4.5", "C4.5+m"] == pytest.approx(5 * 0.019, abs=0.005)


def test_hollander_and_wolfe_with_ties():
    times = np.array(ROUNDING.split(), dtype=float).reshape(-1, 3)
    found = friedman(pd.DataFrame(times))
    assert (found.blocks, found.solvers) == (22, 3)
    assert found.chi2 == pytest.approx(11.143, abs=0.0005)
    assert found.p == pytest.approx(0.003805, abs=5e-7)


def test_full_agreement_and_full_ties():
    agreed = friedman(pd.DataFrame([[1.0, 2, math.inf]] * 5))
    assert (agreed.chi2, agreed.kendall_w) == (pytest.approx(10), pytest.approx(1))
    assert (agreed.f, agreed.f_p) == (math.inf, 0)
    tied = friedman(pd.DataFrame([[1.0, 1, 1]] * 5))
    assert (tied.chi2, tied.p, tied.f_p) == (0, 1, 1)


@given(st.integers(2, 12), st.integers(3, 6), st.integers(0, 2**32))
def test_nemenyi_agrees_with_the_critical_difference(blocks, solvers, seed):
    gaps = pd.DataFrame(np.random.default_rng(seed).integers(9, size=(blocks, solvers)) * 1.0)
    ranks = rank_table(gaps).mean().to_numpy()
    apart = np.abs(ranks[:, None] - ranks) > critical_difference(blocks, solvers)
    assert ((nemenyi(gaps).to_numpy() < 0.05) == apart).all()


def test_holm_by_hand_passes_over_pairs_not_tested():
    corrected = holm(np.array([0.01, math.nan, 0.04, 0.03]))
    assert corrected == pytest.approx([0.03, math.nan, 0.06, 0.06], nan_ok=True)
    assert np.isnan(holm(np.array([math.nan]))).all()


@pytest.mark.parametrize(
    ("shape", "alpha", "message"),
    [((1, 3), 0.05, "blocks"), ((5, 2), 0.05, "blocks"), ((5, 3), 1.5, "alpha")],
)
def test_bad_input(shape, alpha, message):
    with pytest.raises(InputError, match=message):
        friedman(pd.DataFrame(np.ones(shape)), alpha=alpha)


@pytest.mark.parametrize("seed", range(6))
def test_holm_is_that_of_statsmodels(seed):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = np.random.default_rng(seed).random(9) ** 4
    p[3] = p[5]
    assert holm(p).tolist() == multitest.multipletests(p, method="holm")[1].tolist()
    with_gaps = np.insert(p, [0, 4], np.nan)
    assert holm(with_gaps)[~np.isnan(with_gaps)].tolist() == holm(p).tolist()
    assert np.isnan(holm(np.array([np.nan]))).all()
