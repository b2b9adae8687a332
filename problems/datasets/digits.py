"""scikit-learn's handwritten digits: 1797 grey images of 8 x 8, which come with the package."""

from __future__ import annotations

import numpy as np

from edgeopt.problems.datasets.dataset import Dataset, Labels, standardised
from edgeopt.problems.extras import import_extra

_FOLDS = 5


def load_digits() -> Dataset:
    """Return the digits; of each class every fifth image, always the same, is for testing.

    Raises
    ------
    InputError
        If scikit-learn is missing.

    References
    ----------
    E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI repository, 1998.
    """
    bunch = import_extra("sklearn.datasets", "torch").load_digits()
    images, labels = bunch.images[:, None], bunch.target
    # By rank in the class: the split needs no seed, and both parts have all classes alike.
    test = _rank_in_class(labels) % _FOLDS == _FOLDS - 1
    return standardised("digits", 10, (images[~test], labels[~test]), (images[test], labels[test]))


def _rank_in_class(labels: Labels) -> Labels:
    """Return for each example the number of earlier ones with the same label."""
    ranks = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        ranks[members] = np.arange(len(members))
    return ranks
