"""MNIST and Fashion-MNIST from small files in the original format."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from edgeopt.problems.datasets.load import load_dataset
from edgeopt.problems.errors import InputError

GENERATOR = np.random.default_rng(1)
ARRAYS = {
    "train-images-idx3-ubyte": GENERATOR.integers(0, 256, (20, 28, 28), dtype=np.uint8),
    "train-labels-idx1-ubyte": GENERATOR.integers(0, 10, 20, dtype=np.uint8),
    "t10k-images-idx3-ubyte": GENERATOR.integers(0, 256, (6, 28, 28), dtype=np.uint8),
    "t10k-labels-idx1-ubyte": GENERATOR.integers(0, 10, 6, dtype=np.uint8),
}


def idx(array):
    header = struct.pack(">HBB", 0, 8, array.ndim)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    for name, array in ARRAYS.items():
        (tmp_path / name).write_bytes(idx(array))
    return tmp_path


def check(dataset):
    train, train_labels, test, test_labels = ARRAYS.values()
    assert dataset.image_shape == (1, 28, 28)
    assert dataset.train_labels.tolist() == train_labels.tolist()
    assert dataset.test_labels.tolist() == test_labels.tolist()
    expected = (test - train.mean()) / train.std()
    np.testing.assert_allclose(dataset.test_images[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_plain_files(folder, name):
    dataset = load_dataset(name, folder)
    check(dataset)
    assert (dataset.name, dataset.classes) == (name, 10)


def test_packed_files(folder):
    for name in list(ARRAYS)[:3]:
        packed = folder / f"{name}.gz"
        packed.write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    check(load_dataset("mnist", folder))


@pytest.mark.parametrize(
    ("name", "source"), [("mnist", "ossci"), ("fashion-mnist", r"github\.com/zalandoresearch")]
)
@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_missing_folder_names_the_files_and_their_source(name, source, folder):
    with pytest.raises(InputError, match=f"data folder: .*train-images-idx3-ubyte.*{source}"):
        load_dataset(name, folder)


def test_missing_file(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte: got 'No such file.*ossci"):
        load_dataset("mnist", folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "magic: got '', must be 00 00 08 03"),
        (idx(ARRAYS["train-labels-idx1-ubyte"]), "magic: got '00 00 08 01'"),
        (b"\0\0\x0d\x03" + bytes(12), "magic: got '00 00 0d 03'"),
        (b"\0\0\x08\x03" + bytes(11), "size: got 15, must be at least 16 bytes"),
        (idx(ARRAYS["train-images-idx3-ubyte"])[:-1], r"size: got 15695, must be 15696 bytes"),
        (idx(ARRAYS["train-images-idx3-ubyte"]) + b"\0", r"size: got 15697, .* \(20, 28, 28\)"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "size: got 16"),
    ],
)
def test_damaged_file(folder, content, message):
    (folder / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(InputError, match=f"train-images-idx3-ubyte {message}"):
        load_dataset("mnist", folder)


PACKED = gzip.compress(bytes(999), mtime=0)  # a name of a test must not hold the time


@pytest.mark.parametrize("content", [b"no gzip", PACKED[:-9], b""], ids=["other", "cut", "empty"])
def test_damaged_packing(folder, content):
    (folder / "train-labels-idx1-ubyte").unlink()
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"train-labels-idx1-ubyte\.gz"):
        load_dataset("mnist", folder)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-labels-idx1-ubyte", np.zeros(19, np.uint8), r"train labels: got \(19,\)"),
        ("t10k-labels-idx1-ubyte", np.full(6, 10, np.uint8), r"test labels\[0\]: got 10"),
        ("t10k-images-idx3-ubyte", np.zeros((6, 28, 27), np.uint8), "test images: .* as in train"),
        ("t10k-images-idx3-ubyte", np.zeros((0, 28, 28), np.uint8), "test images: .* none of them"),
    ],
)
def test_files_that_do_not_fit(folder, name, array, message):
    (folder / name).write_bytes(idx(array))
    with pytest.raises(InputError, match=f"mnist {message}"):
        load_dataset("mnist", folder)
