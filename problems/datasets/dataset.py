"""Labelled images, standardised; the reading of their files, and their partition among nodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import InputError, IntArray, check_integer, check_number
from edgeopt.problems.files import file_exists, read_content

_LARGEST_FILE = 2**28  # bytes; the largest original file has 47 million

Images = NDArray[np.float32]

Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels for training and test; `standardised` builds one from raw pixels.

    Parameters
    ----------
    name : str
        Name of the data.
    classes : int
        Number of classes; labels are 0..classes - 1.
    train_images : (n, channels, height, width) float32 array
        Each channel has mean 0 and standard deviation 1 over these images.
    train_labels : (n,) int64 array
        Class of each image.
    test_images : (m, channels, height, width) float32 array
        Shifted and scaled like the training images.
    test_labels : (m,) int64 array
        Class of each image.

    Examples
    --------
    See `load_dataset`.
    """

    name: str
    classes: int
    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        _, channels, height, width = self.train_images.shape
        return channels, height, width


def standardised(
    name: str,
    classes: int,
    train: tuple[NDArray[Any], NDArray[Any]],
    test: tuple[NDArray[Any], NDArray[Any]],
) -> Dataset:
    """Return the data with each channel shifted and scaled by the statistics of training.

    A channel that is constant over the training images is only shifted.

    Parameters
    ----------
    name : str
        Name of the data.
    classes : int
        Number of classes, >= 2.
    train, test : pair of arrays
        Images (n, channels, height, width), finite, and labels (n,) in 0..classes - 1; n >= 1.

    Raises
    ------
    InputError
        If shapes do not match, or a label or pixel is illegal.
    """
    check_integer("classes", classes, at_least=2)
    for part, (images, labels) in {"train": train, "test": test}.items():
        _check(f"{name} {part}", classes, images, labels)
    if train[0].shape[1:] != test[0].shape[1:]:
        rule = f"as in training, {train[0].shape[1:]}"
        raise InputError(f"{name} test images", test[0].shape[1:], rule)
    shift = train[0].mean((0, 2, 3), dtype=np.float64)
    # In place and in float32: the images of CIFAR-10 take 600 MB.
    train_images = _shifted(train[0], shift)
    scale = _deviation(train_images)
    test_images = _shifted(test[0], shift)
    train_images /= scale[:, None, None]
    test_images /= scale[:, None, None]
    labels, test_labels = train[1].astype(np.int64), test[1].astype(np.int64)
    return Dataset(name, classes, train_images, labels, test_images, test_labels)


def _check(place: str, classes: int, images: NDArray[Any], labels: NDArray[Any]) -> None:
    """Raise `InputError` unless images and labels meet the rules of `standardised`."""
    if images.ndim != 4 or images.size == 0:
        rule = "(images, channels, height, width), none of them 0"
        raise InputError(f"{place} images", images.shape, rule)
    if labels.shape != images.shape[:1]:
        raise InputError(f"{place} labels", labels.shape, f"one for each of {len(images)} images")
    if labels.min() < 0 or labels.max() >= classes:
        bad = int(np.flatnonzero((labels < 0) | (labels >= classes))[0])
        raise InputError(f"{place} labels[{bad}]", labels[bad], f"in 0..{classes - 1}")
    # Only floats can be infinite, and the check of a large array is slow.
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise InputError(f"{place} images", "a pixel that is not finite", "finite numbers")


def _shifted(images: NDArray[Any], shift: NDArray[np.float64]) -> Images:
    """Return `images` less the `shift` (channels,) as a new float32 array."""
    shifted = images.astype(np.float32)
    shifted -= shift.astype(np.float32)[:, None, None]
    return shifted


def _deviation(images: Images) -> Images:
    """Return the standard deviation (channels,) of images with mean 0, 1 in place of 0."""
    squares = np.einsum("nchw,nchw->c", images, images, dtype=np.float64)
    deviation = np.sqrt(squares / (images.size / images.shape[1]))
    return np.where(deviation > 0, deviation, 1).astype(np.float32)


# Files of a data set, read whole.


def read_file(path: Path, expected: str) -> bytes:
    """Return the bytes of a file; a ``.gz`` file is unpacked.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        The files of the data set and where to get them, for the message.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or it is damaged.
    """
    if not file_exists(path):
        raise InputError(str(path), "No such file", f"a readable file of {expected}")
    return read_content(path, _LARGEST_FILE)


# The partition among nodes, with unequal classes.


def dirichlet_partition(
    labels: Labels, nodes: int, concentration: float, *, rng: np.random.Generator | int | None
) -> list[IntArray]:
    """Deal the examples of each class to the nodes in proportions from a Dirichlet distribution.

    A node without examples takes one from the node with the most.

    Parameters
    ----------
    labels : (n,) int64 array
        Class of each example.
    nodes : int
        Number of nodes, in 1..n.
    concentration : float
        Parameter of the symmetric Dirichlet distribution, > 0 and at most 1e9: near 0 each class
        is on one node; for large values each node has an equal share of each class.
    rng : Generator, int or None
        Source of the proportions and of the assignment of examples.

    Returns
    -------
    list of int64 arrays
        For each node the sorted indices of its examples, at least one; each example is on exactly
        one node.

    Raises
    ------
    InputError
        If there are more nodes than examples, or a number breaks its rule.

    References
    ----------
    T.-M. H. Hsu et al., "Measuring the effects of non-identical data distribution for federated
    visual classification", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.problems.datasets import dirichlet_partition
    >>> labels = np.repeat([0, 1, 2], 10)
    >>> parts = dirichlet_partition(labels, 3, 0.5, rng=1)
    >>> sum(len(part) for part in parts)
    30
    """
    check_integer("nodes", nodes, at_least=1)
    check_number("concentration", concentration, above=0, at_most=1e9)
    if nodes > len(labels):
        raise InputError("nodes", nodes, f"at most the number of examples, {len(labels)}")
    generator = np.random.default_rng(rng)
    owners = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        shares = generator.dirichlet(np.full(nodes, concentration))
        # Rounded ends instead of rounded parts: the parts then add up to all members.
        ends = np.rint(np.cumsum(shares)[:-1] * len(members)).astype(np.int64)
        for node, part in enumerate(np.split(members, ends)):
            owners[part] = node
    _fill_empty(owners, nodes)
    return [np.flatnonzero(owners == node) for node in range(nodes)]


def _fill_empty(owners: IntArray, nodes: int) -> None:
    """Give each node without examples one from the node with the most."""
    counts = np.bincount(owners, minlength=nodes)
    for node in np.flatnonzero(counts == 0):
        fullest = int(np.argmax(counts))
        owners[np.flatnonzero(owners == fullest)[0]] = node
        counts[fullest] -= 1
        counts[node] += 1
