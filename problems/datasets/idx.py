"""MNIST and Fashion-MNIST in their original format, idx."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.datasets.dataset import Dataset, read_file, standardised
from edgeopt.problems.errors import InputError

_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

SOURCES = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist",
    "fashion-mnist": "https://github.com/zalandoresearch/fashion-mnist",
}
"""Where to get the data sets."""


def expected_idx(name: str) -> str:
    """Return the files of the data set `name` and where to get them, for messages."""
    return f"{name}: {', '.join(_FILES)} (or .gz) from {SOURCES[name]}"


def load_idx(name: str, folder: Path) -> Dataset:
    """Return MNIST or a data set in the same format.

    Parameters
    ----------
    name : str
        A key of `SOURCES`.
    folder : Path
        Holds the four files, each plain or packed with gzip.

    Raises
    ------
    InputError
        If a file is missing or damaged, or images and labels do not match.

    References
    ----------
    Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE, 1998;
    H. Xiao et al., "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017.
    """
    train_images, train_labels, test_images, test_labels = (
        _read_idx(_find(folder, file), 3 if "images" in file else 1, expected_idx(name))
        for file in _FILES
    )
    train = train_images[:, None], train_labels
    return standardised(name, 10, train, (test_images[:, None], test_labels))


def _find(folder: Path, file: str) -> Path:
    """Return the path of `file`, or of its packed form if only this exists."""
    plain, packed = folder / file, folder / f"{file}.gz"
    return packed if packed.exists() and not plain.exists() else plain


def _read_idx(path: Path, ndim: int, expected: str) -> NDArray[Any]:
    """Return the bytes (uint8) of an idx file of `ndim` dimensions."""
    data = read_file(path, expected)
    start = 4 * (1 + ndim)
    magic = bytes([0, 0, 8, ndim])  # 8: unsigned bytes
    if data[:4] != magic:
        raise InputError(f"{path} magic", data[:4].hex(" "), magic.hex(" "))
    if len(data) < start:
        raise InputError(f"{path} size", len(data), f"at least {start} bytes")
    shape = np.frombuffer(data, ">u4", ndim, offset=4).tolist()
    if len(data) != start + math.prod(shape):
        rule = f"{start + math.prod(shape)} bytes for the shape {tuple(shape)}"
        raise InputError(f"{path} size", len(data), rule)
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
