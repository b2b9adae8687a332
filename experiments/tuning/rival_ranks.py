"""Does tuning change the ranks? Solvers with their defaults against the same solvers tuned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.statistics.rank_tests import holm, rank_table, signed_ranks
from edgeopt.problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd


ALL = "all"  # the name of all families together

_LEVEL = 0.05

_ENUMERATED = 14  # problems up to which the test of flips is exact

_FLIPS = 9999  # drawn for more problems


def rank_changes(tables: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Return how each solver ranks with its defaults and tuned, in each family and in all.

    Parameters
    ----------
    tables : mapping of DataFrame
        By (family, solver): ``problem``, ``default`` and ``tuned`` mean gap on held-out problems.

    Returns
    -------
    DataFrame
        ``family``, ``solver``; ``gap_default``, ``gap_tuned``: means over the problems;
        ``rank_default``: average rank of the defaults among each other; ``rank_tuned``: of the
        tuned solvers; ``rank_alone``: of this solver tuned among the defaults of all others;
        ``p``: of Wilcoxon's test of the two ranks on the same problems, corrected by Holm over the
        solvers of the family.

    Examples
    --------
    >>> import pandas as pd
    >>> from edgeopt.experiments.tuning import rank_changes
    >>> names, same, worse = ["p", "q"], [0.2, 0.2], [0.4, 0.5]
    >>> tables = {
    ...     ("f", "a"): pd.DataFrame({"problem": names, "default": worse, "tuned": [0.1, 0.1]}),
    ...     ("f", "b"): pd.DataFrame({"problem": names, "default": same, "tuned": same}),
    ... }
    >>> rank_changes(tables)[["solver", "rank_default", "rank_tuned"]].values.tolist()[:2]
    [['a', 2.0, 1.0], ['b', 1.0, 2.0]]
    """
    import pandas as pd

    rows = []
    for family, default, tuned in _blocks(tables):
        before, after = rank_table(default), rank_table(tuned)
        tests = [signed_ranks(*_pair(before, after, s), scale=0.0).p for s in default]
        for solver, p in zip(default, holm(np.array(tests)), strict=True):
            alone = rank_table(default.assign(**{solver: tuned[solver]}))
            rows.append(
                {
                    "family": family,
                    "solver": solver,
                    "gap_default": default[solver].mean(),
                    "gap_tuned": tuned[solver].mean(),
                    "rank_default": before[solver].mean(),
                    "rank_tuned": after[solver].mean(),
                    "rank_alone": alone[solver].mean(),
                    "p": p,
                }
            )
    return pd.DataFrame(rows)


def order_changes(tables: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Return whether the order of the solvers changes, in each family and in all.

    Parameters
    ----------
    tables : mapping of DataFrame
        See `rank_changes`.

    Returns
    -------
    DataFrame
        ``family``, number of ``problems``; ``tau``: Kendall's rank correlation of the average ranks
        before and after, 1 for the same order; ``pairs`` of solvers, how many are ``reversed`` in
        average rank, and of how many both orders are significant (``certain``: Wilcoxon's test of
        the gaps, Holm over the pairs, 5 %); ``p`` of `flip_test`.

    Examples
    --------
    See `rank_changes`.
    """
    import pandas as pd
    from scipy.stats import kendalltau

    rows: list[dict[str, Any]] = []
    for family, default, tuned in _blocks(tables):
        before, after = rank_table(default), rank_table(tuned)
        means = before.mean(), after.mean()
        orders = _certain(default), _certain(tuned)
        pairs = list(combinations(default, 2))
        turned = [np.prod([mean[a] - mean[b] for mean in means]) < 0 for a, b in pairs]
        certain = [first * second < 0 for first, second in zip(*orders, strict=True)]
        rows.append(
            {
                "family": family,
                "problems": len(default),
                "tau": float(kendalltau(*means).statistic),
                "pairs": len(pairs),
                "reversed": sum(map(bool, turned)),
                "certain": sum(map(bool, certain)),
                "p": flip_test((after - before).to_numpy()),
            }
        )
    return pd.DataFrame(rows)


def flip_test(differences: FloatArray) -> float:
    """Return the p-value of: tuning changes no solver's rank.

    If it changes none, default and tuned can be exchanged on each problem, for all solvers
    together. The statistic is the sum over solvers of the squared mean change of rank; p is the
    share of all exchanges in which it is no smaller than found, up to 14 problems exactly, for
    more of 9999 random ones.

    Parameters
    ----------
    differences : ndarray, shape (problems, solvers)
        Rank of each solver tuned less its rank with the default.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.experiments.tuning import flip_test
    >>> flip_test(np.array([[1.0, -1.0]] * 5))
    0.0625
    """
    n = len(differences)
    if n <= _ENUMERATED:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        drawn = np.random.default_rng(0).integers(2, size=(_FLIPS, n))
        signs = np.concatenate([np.ones((1, n)), 1.0 - 2.0 * drawn])
    sums = ((signs @ differences) ** 2).sum(axis=1)
    return float(np.mean(sums >= sums[0] * (1.0 - 1e-9)))


def _blocks(
    tables: Mapping[tuple[str, str], pd.DataFrame],
) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield each family, then all: gaps of defaults and of tuned, a row a problem."""
    import pandas as pd

    families = list(dict.fromkeys(family for family, _ in tables))
    kinds: dict[str, list[pd.DataFrame]] = {"default": [], "tuned": []}
    for family in families:
        for kind, found in kinds.items():
            columns = {
                solver: table.set_index("problem")[kind].fillna(np.inf)
                for (of, solver), table in tables.items()
                if of == family
            }
            found.append(pd.DataFrame(columns))
        yield family, kinds["default"][-1], kinds["tuned"][-1]
    if len(families) > 1:
        whole = [pd.concat(found, keys=families) for found in kinds.values()]
        yield ALL, whole[0], whole[1]


def _pair(before: pd.DataFrame, after: pd.DataFrame, solver: str) -> tuple[FloatArray, FloatArray]:
    """Return the ranks of a solver before and after."""
    return before[solver].to_numpy(), after[solver].to_numpy()


def _certain(gaps: pd.DataFrame) -> list[int]:
    """Return for each pair 1 or -1 if the first or the second is significantly better, else 0."""
    tests = [signed_ranks(gaps[a].to_numpy(), gaps[b].to_numpy()) for a, b in combinations(gaps, 2)]
    corrected = holm(np.array([test.p for test in tests]))
    return [
        int(np.sign(test.effect)) if p < _LEVEL else 0
        for test, p in zip(tests, corrected, strict=True)
    ]
