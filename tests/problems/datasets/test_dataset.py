"""Standardised data, and the digits."""

import numpy as np
import pytest

from edgeopt.problems.datasets.dataset import standardised
from edgeopt.problems.datasets.load import load_dataset
from edgeopt.problems.errors import InputError


def test_standardised_by_hand():
    train = np.array([[[[0, 2]], [[5, 5]]], [[[4, 6]], [[5, 5]]]], dtype=np.uint8)
    test = np.array([[[[3, 8]], [[5, 7]]]], dtype=np.uint8)
    data = standardised("x", 2, (train, np.array([0, 1])), (test, np.array([1])))
    root = np.sqrt(5)
    assert data.train_images[:, 0, 0] == pytest.approx(np.array([[-3, -1], [1, 3]]) / root)
    assert data.test_images[0, 0, 0] == pytest.approx(np.array([0, 5]) / root)
    assert data.train_images[:, 1].tolist() == [[[0, 0]], [[0, 0]]]  # constant: shifted only
    assert data.test_images[0, 1, 0].tolist() == [0, 2]
    assert data.train_images.dtype == data.test_images.dtype == np.float32
    assert data.train_labels.dtype == data.test_labels.dtype == np.int64


def test_raw_pixels_stay_as_they_are():
    images = np.arange(8, dtype=np.float32).reshape(2, 1, 2, 2)
    standardised("x", 2, (images, np.zeros(2, int)), (images, np.zeros(2, int)))
    assert images.ravel().tolist() == list(range(8))


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 4, 4)), [0, 1], r"x train images: got \(2, 4, 4\)"),
        (np.zeros((2, 1, 4, 4)), [0, 1, 1], r"x train labels: got \(3,\), must be one for each"),
        (np.zeros((2, 1, 4, 4)), [0, -1], r"x train labels\[1\]: got -1"),
        (np.full((2, 1, 4, 4), np.nan), [0, 1], "x train images: .* finite"),
        (np.zeros((2, 1, 4, 5)), [0, 1], r"x test images: got \(1, 4, 4\), .* \(1, 4, 5\)"),
    ],
)
def test_bad_input(images, labels, message):
    test = np.zeros((1, 1, 4, 4)), np.array([0])
    with pytest.raises(InputError, match=message):
        standardised("x", 2, (images, np.array(labels)), test)


def test_too_few_classes():
    pair = np.zeros((1, 1, 4, 4)), np.array([0])
    with pytest.raises(InputError, match="classes: got 1"):
        standardised("x", 1, pair, pair)


def test_unknown_name():
    message = "data: got 'cifar', must be one of digits, cifar10, mnist, fashion-mnist"
    with pytest.raises(InputError, match=message):
        load_dataset("cifar")


def test_digits():
    bundled = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    raw = bundled.load_digits()
    data = load_dataset("digits")
    assert data.image_shape == (1, 8, 8)
    counts, tests = np.bincount(data.train_labels), np.bincount(data.test_labels)
    assert (counts + tests == np.bincount(raw.target)).all()
    assert (tests == np.bincount(raw.target) // 5).all()
    fours = np.flatnonzero(raw.target == 4)
    kept = raw.images[np.setdiff1d(np.arange(len(raw.target)), rows_for_test(raw.target))]
    expected = (raw.images[fours[4]] - kept.mean()) / kept.std()
    assert data.test_images[data.test_labels == 4][0, 0] == pytest.approx(expected, abs=1e-5)
    again = load_dataset("digits")
    assert again.train_images.tobytes() == data.train_images.tobytes()


def rows_for_test(labels):
    return np.concatenate([np.flatnonzero(labels == label)[4::5] for label in range(10)])
