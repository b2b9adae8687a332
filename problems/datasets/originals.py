"""MNIST, Fashion-MNIST and CIFAR-10 in their original formats: idx, binary records, pickle."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
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
        Holds the four files, each plain or packed with gzip; errors are those of `load_cifar10`.

    References
    ----------
    Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE, 1998;
    H. Xiao et al., "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017.
    """
    train_images, train_labels, test_images, test_labels = (
        _read_idx(_plain_or_packed(folder, file), 3 if "images" in file else 1, expected_idx(name))
        for file in _FILES
    )
    train = train_images[:, None], train_labels
    return standardised(name, 10, train, (test_images[:, None], test_labels))


def _plain_or_packed(folder: Path, file: str) -> Path:
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


# CIFAR-10, in its binary or Python format.

_Batch = tuple[NDArray[np.uint8], NDArray[Any]]
"""Images (n, 3072), red before green before blue, and labels (n,)."""

EXPECTED_CIFAR10 = (
    "cifar10: data_batch_1.bin ... data_batch_5.bin and test_batch.bin, or the same without .bin "
    "(Python), from https://www.cs.toronto.edu/~kriz/cifar.html"
)
"""The files and where to get them, for messages."""

_SHAPE = (3, 32, 32)

_PIXELS = 3 * 32 * 32


def load_cifar10(folder: Path) -> Dataset:
    """Return CIFAR-10 from a folder with its six files.

    Parameters
    ----------
    folder : Path
        Holds the files in either format, or the folder ``cifar-10-batches-bin`` or
        ``cifar-10-batches-py`` with them; the binary format is preferred.

    Raises
    ------
    InputError
        If a file is missing or damaged, or images and labels do not match.

    References
    ----------
    A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    place, suffix, parse = _find(folder)
    names = [f"data_batch_{i}" for i in range(1, 6)]
    train = [_read(place / f"{name}{suffix}", parse) for name in names]
    images, labels = (np.concatenate(parts) for parts in zip(*train, strict=True))
    test_images, test_labels = _read(place / f"test_batch{suffix}", parse)
    return standardised("cifar10", 10, (images, labels), (test_images, test_labels))


def _find(folder: Path) -> tuple[Path, str, Callable[[str, bytes], _Batch]]:
    """Return the folder of the files, the suffix of their names and the parser of one."""
    # The binary format first: it needs no unpickling.
    for inner in (".", "cifar-10-batches-bin"):
        if (folder / inner / "data_batch_1.bin").exists():
            return folder / inner, ".bin", _parse_binary
    for inner in (".", "cifar-10-batches-py"):
        if (folder / inner / "data_batch_1").exists():
            return folder / inner, "", _unpickle_batch
    raise InputError("data folder", str(folder), f"one with the files of {EXPECTED_CIFAR10}")


def _read(path: Path, parse: Callable[[str, bytes], _Batch]) -> _Batch:
    """Return images (n, 3, 32, 32) and labels (n,) of one file."""
    images, labels = parse(str(path), read_file(path, EXPECTED_CIFAR10))
    if images.ndim != 2 or images.shape[1] != _PIXELS or len(images) == 0:
        raise InputError(f"{path} data", images.shape, f"(images, {_PIXELS}), at least one image")
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        rule = f"an integer for each of {len(images)} images"
        raise InputError(f"{path} labels", f"{labels.dtype} {labels.shape}", rule)
    return images.reshape(-1, *_SHAPE), labels


def _parse_binary(place: str, data: bytes) -> _Batch:
    """Parse records of a label and an image."""
    record = 1 + _PIXELS
    if not data or len(data) % record:
        raise InputError(f"{place} size", len(data), f"a multiple of {record} bytes, not 0")
    records = np.frombuffer(data, np.uint8).reshape(-1, record)
    return records[:, 1:], records[:, 0]


# The Python format is a pickle, which may name any function and have it called. Here the classes of
# numpy that a batch names are replaced by stand-ins that only record what the file says, and every
# other name is refused.


def _unpickle_batch(place: str, data: bytes) -> _Batch:
    """Parse a dictionary with ``data`` and ``labels``, as Python 2 pickled it."""
    try:
        _check_memo(data)
        batch = _Unpickler(io.BytesIO(data), encoding="bytes").load()
        images, labels = batch[b"data"].bytes(), _labels(batch[b"labels"])
    except Exception as error:  # a damaged pickle may raise anything
        text = f"{type(error).__name__}: {error}"
        raise InputError(place, text, "a batch of CIFAR-10 in Python format") from None
    return images, labels


def _labels(found: Any) -> NDArray[Any]:
    """Return the labels, which must be a list of integers.

    A list that holds another many times, and so on, would be an array of any size.
    """
    if not isinstance(found, list) or not all(isinstance(label, int) for label in found):
        raise ValueError("labels must be a list of integers")
    return np.array(found)


def _check_memo(data: bytes) -> None:
    """Raise `ValueError` if a pickle numbers an object higher than it can hold any."""
    # The unpickler makes room for all numbers up to the highest: 16 GB for one of 2**31.
    for operation, argument, _ in pickletools.genops(data):
        if operation.name.endswith("PUT") and (argument or 0) > len(data):
            raise ValueError(f"object number {argument} in a file of {len(data)} bytes")


class _Type:
    """The state of a numpy data type in the file."""

    def __init__(self, code: bytes, *_flags: int) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Ignore the byte order: bytes have none."""


class _Array:
    """The state of a numpy array in the file."""

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Type, bool, bytes]) -> None:
        _version, self.shape, self.type, self.by_columns, self.raw = state

    def bytes(self) -> NDArray[np.uint8]:
        """Return the array, which must hold bytes in row order."""
        if self.type.code != b"u1" or self.by_columns:
            raise ValueError("the array must hold bytes in row order")
        return np.frombuffer(self.raw, np.uint8).reshape(self.shape)


def _reconstruct(*_arguments: object) -> _Array:
    """Return an array without content; its state follows in the file."""
    return _Array()


_STAND_INS = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
}


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows only `_STAND_INS`."""

    def find_class(self, module: str, name: str) -> object:
        """Return the stand-in, or raise `pickle.UnpicklingError`."""
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a batch")
        return _STAND_INS[module, name]
