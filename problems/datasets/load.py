"""Data sets by name."""

from __future__ import annotations

from pathlib import Path

from edgeopt.problems.datasets.cifar10 import EXPECTED_CIFAR10, load_cifar10
from edgeopt.problems.datasets.dataset import Dataset
from edgeopt.problems.datasets.digits import load_digits
from edgeopt.problems.datasets.idx import SOURCES, expected_idx, load_idx
from edgeopt.problems.errors import InputError, check_choice

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
