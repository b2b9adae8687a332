"""Data sets by name; the digits come with scikit-learn, the others are read from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeopt.problems.datasets.dataset import Dataset, Labels, standardised
from edgeopt.problems.datasets.originals import (
    EXPECTED_CIFAR10,
    SOURCES,
    expected_idx,
    load_cifar10,
    load_idx,
)
from edgeopt.problems.errors import InputError, check_choice, import_extra

DATASETS = ("digits", "cifar10", *SOURCES)
"""Names of the data sets."""


def load_dataset(name: str, folder: Path | None = None) -> Dataset:
    """Return a data set.

    Parameters
    ----------
    name : str
        One of `DATASETS`.
    folder : Path, optional
        Folder of the files; ``digits`` needs none.

    Raises
    ------
    InputError
        If the name is unknown, the folder or a file in it is missing, or a file is damaged.

    Examples
    --------
    >>> from edgeopt.problems.datasets import load_dataset
    >>> digits = load_dataset("digits")  # needs scikit-learn
    >>> digits.classes, digits.train_images.shape[1:]
    (10, (1, 8, 8))
    """
    check_choice("data", name, DATASETS)
    if name == "digits":
        return load_digits()
    expected = EXPECTED_CIFAR10 if name == "cifar10" else expected_idx(name)
    if folder is None or not folder.is_dir():
        value = None if folder is None else str(folder)
        raise InputError("data folder", value, f"a folder with the files of {expected}")
    return load_cifar10(folder) if name == "cifar10" else load_idx(name, folder)


# The handwritten digits of scikit-learn: 1797 grey images of 8 x 8.

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
