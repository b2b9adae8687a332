"""A small simulation file."""

from pathlib import Path

import pytest

FILE = """
network = "resnet34:input=32:classes=10"
system = "table1"
nodes = [2, 3]
tasks = 40
repetitions = 2
seed = 5

[streams.poisson]

[streams.bursty]
rates_hz = [30.0, 90.0]
dwell_s = [1.0, 1.0]

[schemes.cloud-only]
[schemes.split]
scheme = "collaborative"
cut = 20
"""


@pytest.fixture
def simulation_file(tmp_path: Path) -> Path:
    """Return a simulation of 2 streams x 2 pools x 2 schemes x 2 repetitions."""
    path = tmp_path / "simulation.toml"
    path.write_text(FILE)
    return path
