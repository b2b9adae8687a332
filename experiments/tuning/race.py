"""Racing: give a trial up as soon as it can be seen not to beat the best one."""

from __future__ import annotations

import math
from collections.abc import Sequence

Marks = tuple[float, ...]
MARKS = 4  # of a run: the gap after each quarter of the budget, the last one the final gap


def is_behind(marks: Sequence[Marks], best: Sequence[Marks], level: float) -> bool:
    """Whether a trial looks worse than the best one.

    Parameters
    ----------
    marks : sequence of tuple of float
        For each run so far the gaps after quarters of the budget; of the last run maybe not all.
    best : sequence of tuple of float
        The same for all runs of the best finished trial, on the same problems with the same seeds.
    level : float
        Probability below which the test calls a trial worse; 0 never does.

    Notes
    -----
    A trial cannot win once its final gaps, none of them negative, add up to more than all of the
    best trial's; that is certain. Else the latest gap of each run is paired with the best trial's
    at the same point of the same run, and the one-sided signed-rank test of Wilcoxon asks whether
    the trial is worse, as it looks after each quarter of a run (so over the trace) and each run
    (over instances). As it asks again and again, it errs more often than `level` says. At least
    log2(1 / level) runs are needed: 5 at 0.05.
    """
    if level == 0:
        return False
    finished = [run[-1] for run in marks if len(run) == MARKS]
    if math.fsum(finished) > math.fsum(run[-1] for run in best):
        return True
    pairs = zip(marks, best, strict=False)
    worse_by = [run[-1] - other[len(run) - 1] for run, other in pairs]
    if len(worse_by) < math.log2(1 / level) or not 0 < sum(worse_by) < math.inf:
        return False
    from scipy.stats import wilcoxon  # takes long to import

    test = wilcoxon(worse_by, alternative="greater", zero_method="zsplit")
    return bool(test.pvalue < level)
