"""Instances of measured devices: the measured numbers, and what is drawn around them."""

import csv
import gzip
import hashlib
from importlib import resources

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.devices import devices
from edgeopt.problems.scheduling.spec import load_problem

FOLDER = resources.files("edgeopt.problems.scheduling") / "nn_meter"
NAMES = ("cortexA76_cpu", "adreno640_gpu", "adreno630_gpu", "myriad_vpu")


@pytest.fixture(scope="module")
def measured():
    """Return the measured latencies in ms by network, read by the standard library alone."""
    lines = gzip.decompress((FOLDER / "latency_ms.csv.gz").read_bytes()).decode().splitlines()
    header, *rows = csv.reader(lines)
    assert tuple(header[1:]) == NAMES
    return {row[0]: [float(text) for text in row[1:]] for row in rows}


def test_the_data_are_those_of_the_source_with_its_licence(measured):
    content = gzip.decompress((FOLDER / "latency_ms.csv.gz").read_bytes())
    digest = "4d00ff303cebe438411f0efafee203424c1085c52ff9ac9eaa04c5f0d53082fa"
    assert hashlib.sha256(content).hexdigest() == digest
    assert len(measured) == 23_341
    licence = (FOLDER / "LICENSE.txt").read_text()
    assert "Copyright (c) Microsoft Corporation" in licence
    assert "Permission is hereby granted, free of charge" in licence


@pytest.mark.parametrize("kind", ["all", "families", "vgg16+alexnet+mobilenetv3small"])
def test_times_are_the_measured_ones(kind, measured):
    problem = devices(kind, 60, 6, spread=0.0, rng=3)
    for row, network in zip(problem.matrix, problem.task_names, strict=True):
        four = [latency / 1000 for latency in measured[network]]
        assert row.tolist() == pytest.approx([*four, *four[:2]], rel=1e-15)
    expected = ("cortexA76-1", "myriad-1", "cortexA76-2", "adreno640-2")
    assert tuple(problem.node_names[j] for j in (0, 3, 4, 5)) == expected


def test_nodes_of_one_device_differ_by_a_factor_within_the_spread():
    wide, plain = (devices("all", 40, 80, spread=spread, rng=5).matrix for spread in (0.4, 0.0))
    factors = wide / plain
    assert np.allclose(factors, factors[0])
    assert 0.8 <= factors.min() < 0.81
    assert 1.19 < factors.max() <= 1.2


@pytest.mark.parametrize(("scaling", "factor"), [(1.0, 8.0), (0.5, 8.0**0.5), (0.0, 1.0)])
def test_batches_scale_the_times_of_the_same_networks(scaling, factor):
    one = devices("families", 300, 4, rng=7)
    many = devices("families", 300, 4, batch=8, scaling=scaling, rng=7)
    ratios = many.matrix[:, 0] / one.matrix[:, 0]
    assert ratios.min() == pytest.approx(1.0)
    assert ratios.max() == pytest.approx(factor)
    name, samples = many.task_names[int(ratios.argmax())].split(" x")
    assert name in one.task_names
    assert scaling == 0.0 or samples == "8"


def test_networks_are_drawn_from_all_or_by_family():
    count = 20_000
    names = {kind: devices(kind, count, 1, rng=1).task_names for kind in ("all", "families")}
    shares = {
        kind: sum(name.startswith("vgg11_") for name in drawn) / count
        for kind, drawn in names.items()
    }
    assert shares["all"] == pytest.approx(466 / 23_341, abs=0.004)
    assert shares["families"] == pytest.approx(1 / 18, abs=0.006)
    two = devices("resnet18+vgg11", 1000, 1, rng=1).task_names
    assert {name.split("_")[0] for name in two} == {"resnet18", "vgg11"}


def test_specs_have_the_options():
    spec = "devices:families:40x6:hardware=myriad+cortexA76:batch=4:utilisation=0.9:seed=2"
    problem = load_problem(spec)
    assert problem.node_names[:3] == ("myriad-1", "cortexA76-1", "myriad-2")
    assert problem.task_memory.sum() / problem.node_capacity.sum() == pytest.approx(0.9)
    assert load_problem("devices:40x6:seed=2").digest == devices("all", 40, 6, rng=2).digest


def test_a_seed_names_an_instance_for_good():
    digest = load_problem("devices:all:200x12:seed=1").digest
    assert digest == "b7f795f6819f1110365b24066ae99d44bcdbad91c279b8cebb806b0af36331e0"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "vgg"}, "kind: got 'vgg', must be all, families, or one or more of alexnet"),
        ({"kind": "vgg11+vgg11"}, "kind: .* each once"),
        ({"kind": ""}, "kind: got ''"),
        ({"kind": ["vgg11"]}, "kind: got"),
        ({"hardware": "cpu"}, "hardware: got 'cpu', must be all, or one or more of cortexA76"),
        ({"spread": 1.5}, "spread: got 1.5"),
        ({"batch": 0}, "batch: got 0"),
        ({"scaling": -1}, "scaling: got -1"),
        ({"tasks": 0}, "tasks: got 0"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        devices(**options)
