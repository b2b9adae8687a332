"""CIFAR-10 from small files in the original formats."""

import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from edgeopt.problems.datasets.load import load_dataset
from edgeopt.problems.errors import InputError

NAMES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
PER_FILE = 7
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (6, PER_FILE, 3072), dtype=np.uint8)
LABELS = GENERATOR.integers(0, 10, (6, PER_FILE))


def binary(images, labels):
    return b"".join(
        bytes([label]) + image.tobytes() for image, label in zip(images, labels, strict=True)
    )


def python2_pickle(images, labels, *, type_code=b"u1", by_columns=False):
    """Return the bytes that cPickle of Python 2 writes for a batch, protocol 2."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    def integer(value):
        return b"J" + struct.pack("<i", value)

    rows, pixels = images.shape
    raw = images.tobytes()
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + b"K\x00\x85U\x01b\x87R"
    kind = b"cnumpy\ndtype\n" + text(type_code) + b"K\x00K\x01\x87R"
    kind += b"(K\x03" + text(b"|") + b"NNN" + integer(-1) + integer(-1) + b"K\x00tb"
    order = b"\x88" if by_columns else b"\x89"
    state = b"(K\x01" + integer(rows) + integer(pixels) + b"\x86" + kind + order
    state += b"T" + struct.pack("<i", len(raw)) + raw + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    items = text(b"batch_label") + text(b"training batch 1 of 5") + text(b"labels") + numbers
    return b"\x80\x02}(" + items + text(b"data") + array + state + b"u."


def write(folder, suffix, content):
    folder.mkdir(parents=True, exist_ok=True)
    for name, images, labels in zip(NAMES, IMAGES, LABELS, strict=True):
        (folder / f"{name}{suffix}").write_bytes(content(images, labels))


@pytest.fixture
def binary_folder(tmp_path):
    write(tmp_path, ".bin", binary)
    return tmp_path


@pytest.fixture
def python_folder(tmp_path):
    write(tmp_path, "", python2_pickle)
    return tmp_path


def check(dataset):
    assert (dataset.name, dataset.classes) == ("cifar10", 10)
    assert dataset.image_shape == (3, 32, 32)
    assert dataset.train_labels.tolist() == LABELS[:5].ravel().tolist()
    assert dataset.test_labels.tolist() == LABELS[5].tolist()
    pixels = IMAGES.reshape(6, PER_FILE, 3, 32, 32).astype(np.float64)
    train = pixels[:5].reshape(-1, 3, 32, 32)
    for channel in range(3):
        mean, deviation = train[:, channel].mean(), train[:, channel].std()
        expected = (train[:, channel] - mean) / deviation
        np.testing.assert_allclose(dataset.train_images[:, channel], expected, atol=1e-5)
        expected = (pixels[5, :, channel] - mean) / deviation
        np.testing.assert_allclose(dataset.test_images[:, channel], expected, atol=1e-5)


@pytest.mark.parametrize("inner", [".", "cifar-10-batches-bin"])
def test_binary_format(tmp_path, inner):
    write(tmp_path / inner, ".bin", binary)
    check(load_dataset("cifar10", tmp_path))


@pytest.mark.parametrize("inner", [".", "cifar-10-batches-py"])
def test_python_format(tmp_path, inner):
    write(tmp_path / inner, "", python2_pickle)
    check(load_dataset("cifar10", tmp_path))


def test_test_file_is_what_python_reads():
    batch = pickle.loads(
        python2_pickle(IMAGES[0], LABELS[0]).replace(b"K\x00K\x01\x87R", b"\x89\x88\x87R"),
        encoding="bytes",
    )  # numpy 2.4 warns of the integers that numpy of Python 2 wrote for booleans
    assert batch[b"labels"] == LABELS[0].tolist()
    assert np.array_equal(batch[b"data"], IMAGES[0])


@pytest.mark.parametrize("folder", [None, Path("nowhere"), Path()])
def test_missing_folder_names_the_files_and_their_source(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"data folder: .*data_batch_1\.bin .*cs\.toronto\.edu"):
        load_dataset("cifar10", folder)


def test_missing_file(binary_folder):
    (binary_folder / "data_batch_4.bin").unlink()
    message = r"data_batch_4\.bin: got 'No such file.*cs\.toronto\.edu"
    with pytest.raises(InputError, match=message):
        load_dataset("cifar10", binary_folder)


@pytest.mark.parametrize("size", [0, 1, 3072, 2 * 3073 - 1])
def test_truncated_binary_file(binary_folder, size):
    (binary_folder / "test_batch.bin").write_bytes(bytes(size))
    message = rf"test_batch\.bin size: got {size}, must be a multiple of 3073"
    with pytest.raises(InputError, match=message):
        load_dataset("cifar10", binary_folder)


def test_label_out_of_range(binary_folder):
    path = binary_folder / "data_batch_2.bin"
    data = bytearray(path.read_bytes())
    data[3073] = 10
    path.write_bytes(data)
    message = rf"cifar10 train labels\[{PER_FILE + 1}\]: got 10, must be in 0\.\.9"
    with pytest.raises(InputError, match=message):
        load_dataset("cifar10", binary_folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ValueError: pickle exhausted"),
        (python2_pickle(IMAGES[0], LABELS[0])[:-100], "ValueError: .* only .* remain"),
        (pickle.dumps([1, 2]), "TypeError"),
        (pickle.dumps({b"data": 3, b"labels": [1]}), "AttributeError"),
        (pickle.dumps({b"labels": [1]}), "KeyError"),
        (python2_pickle(IMAGES[0], LABELS[0], type_code=b"f4"), "ValueError: .* must hold bytes"),
        (python2_pickle(IMAGES[0], LABELS[0], by_columns=True), "ValueError: .* in row order"),
        (python2_pickle(IMAGES[0][:, :9], LABELS[0]), r"data: got \(7, 9\), .* \(images, 3072\)"),
        (python2_pickle(IMAGES[0], LABELS[0][:-1]), r"labels: got 'int64 \(6,\)', .* of 7 images"),
        (python2_pickle(IMAGES[0][:0], LABELS[0][:0]), r"data: got \(0, 3072\)"),
    ],
)
def test_damaged_python_file(python_folder, content, message):
    (python_folder / "data_batch_3").write_bytes(content)
    with pytest.raises(InputError, match=f"data_batch_3.*{message}"):
        load_dataset("cifar10", python_folder)


class Hostile:
    """A pickle that makes a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_pickle_that_runs_code_is_refused(python_folder, protocol):
    made = python_folder / "made"
    content = pickle.dumps(Hostile(made), protocol=protocol)
    (python_folder / "data_batch_1").write_bytes(content)
    with pytest.raises(InputError, match=r"posix\.mkdir has no place in a batch"):
        load_dataset("cifar10", python_folder)
    assert not made.exists()


def test_a_pickle_cannot_number_objects_beyond_its_length(tmp_path):
    # r is LONG_BINPUT: the unpickler would make room for 2**31 objects, 16 GB
    write(tmp_path, "", lambda images, labels: b"\x80\x02}r\xff\xff\xff\x7f.")
    with pytest.raises(InputError, match="object number 2147483647 in a file of 9 bytes"):
        load_dataset("cifar10", tmp_path)
