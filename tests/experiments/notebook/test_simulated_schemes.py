"""Simulations in one call give the numbers of the same simulation in a file."""

from pathlib import Path

import numpy as np
import pytest

import edgeopt as eo
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.optim.framework.schemes.plain import Collaborative
from edgeopt.problems.errors import InputError
from edgeopt.problems.systems.load import load_system, save_system

FILE = """
network = "resnet34"
system = "site.toml"
tasks = 60
repetitions = 2
seed = 3
[streams.slow]
kind = "poisson"
rate_hz = 2.0
[schemes.own]
scheme = "collaborative"
cut = 7
[schemes.cloud-only]
"""


def test_objects_and_the_file_agree(tmp_path: Path):
    system = load_system("table1", nodes=4)
    save_system(system, tmp_path / "site.toml")
    (tmp_path / "file.toml").write_text(FILE)
    by_file = run_sweep(eo.read_simulation(tmp_path / "file.toml"), tmp_path / "file")
    runs = eo.simulate_schemes(
        "resnet34",
        system,
        {"own": Collaborative(cut=7), "cloud-only": "cloud-only"},
        {"slow": {"kind": "poisson", "rate_hz": 2.0}},
        repetitions=2,
        seed=3,
        tasks=60,
        out=tmp_path / "objects",
    )
    names = ["scheme", "repetition"]
    measured = [
        frame.sort_values(names).reset_index(drop=True)[[*names, "delay_mean_s"]]
        for frame in (by_file, runs.data)
    ]
    assert measured[0].equals(measured[1])
    assert len(runs.table()) == 2
    assert "2 schemes" in repr(runs)
    assert "cloud-only" in runs._repr_html_()
    assert eo.SimulatedSchemes(tmp_path / "objects").plot().axes


def test_a_stream_object_is_a_recorded_one(tmp_path: Path):
    stream = eo.Stream(np.arange(5.0), np.array([1.0, 2.0, 1.0, 1.0, 1.0]))
    runs = eo.simulate_schemes(
        *("resnet34", "table1", ["edge-only"], {"camera": stream}), nodes=4, repetitions=1
    )
    assert runs.data["tasks"].tolist() == [5]


def test_a_scheme_of_ones_own_is_refused_by_name():
    with pytest.raises(InputError, match=r"schemes\.mine"):
        eo.simulate_schemes("resnet34", "table1", {"mine": object()})
