"""A batch of CIFAR-10's Python format, unpickled without running anything that the file names."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.errors import InputError


def unpickle_batch(place: str, data: bytes) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Return the images (n, pixels) and labels (n,) of one file.

    A pickle may name any function and have it called. Here numpy's array and type are replaced by
    classes that only keep what the file says, and every other name is refused.

    Parameters
    ----------
    place : str
        Name of the file, for messages.
    data : bytes
        Its content: a dictionary with ``data`` and ``labels``, written by Python 2.

    Raises
    ------
    InputError
        If the content is anything else.
    """
    try:
        batch = _Unpickler(io.BytesIO(data), encoding="bytes").load()
        images, labels = batch[b"data"].bytes(), np.array(batch[b"labels"])
    except Exception as error:  # a damaged pickle may raise anything
        text = f"{type(error).__name__}: {error}"
        raise InputError(place, text, "a batch of CIFAR-10 in Python format") from None
    return images, labels


class _Type:
    """What the file says of a numpy type."""

    def __init__(self, code: bytes, *_flags: int) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Ignore the byte order: bytes have none."""


class _Array:
    """What the file says of a numpy array."""

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Type, bool, bytes]) -> None:
        _version, self.shape, self.type, self.by_columns, self.raw = state

    def bytes(self) -> NDArray[np.uint8]:
        """Return the array, which must be of bytes, by rows."""
        if self.type.code != b"u1" or self.by_columns:
            raise ValueError("the array must be of bytes, by rows")
        return np.frombuffer(self.raw, np.uint8).reshape(self.shape)


def _reconstruct(*_arguments: object) -> _Array:
    """Return an array without content, which follows as its state."""
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
