"""A small learning file, and PyTorch kept to one thread: for tests of learners and runner."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

SYSTEM = """
[[pool.nodes]]
name = "fast"
flops = 400e6
memory_bytes = 8e6
[[pool.nodes]]
name = "slow"
count = 2
flops = 50e6
memory_bytes = 8e6
[cloud]
flops = 50e9
[link]
bandwidth_bit_s = 20e6
round_trip_s = 0.016
[uplink]
network = "wifi"
[tasks]
arrival_hz = 1.0
deadline_s = 1.0
"""
FILE = """
data = "digits"
network = "resnet-digits"
system = "system.toml"
repetitions = 2
seed = 1
[training]
periods = 2
window = 4
batch = 8
[link]
step_s = 1.0
round_trips_s = [0.01, 0.03]
[dispatch]
solver = "fcfs"
[schemes.central]
[schemes.branchynet]
exits = [2, 5]
[schemes.federated]
[schemes.collaborative]
cut = 5
[schemes.dormant]
scheme = "collaborative"
cut = 5
threshold = "fixed"
fixed_s = 0.02
"""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Keep PyTorch to one thread, as `edgeopt learn` does: two would wait for each other."""
    if importlib.util.find_spec("torch") is None:
        yield
        return
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)


@pytest.fixture
def learning_file(tmp_path: Path) -> Path:
    """Return a learning file of three nodes and five schemes that takes seconds."""
    return write_learning_file(tmp_path)


def write_learning_file(folder: Path) -> Path:
    """Write the learning file and its system into a folder."""
    (folder / "system.toml").write_text(SYSTEM, encoding="utf-8")
    path = folder / "learning.toml"
    path.write_text(FILE, encoding="utf-8")
    return path
