"""Layer graphs with measured times in JSON."""

import json

import pytest

from edgeopt.optim.offloading.splits import split_network
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.offloading.reading import QUEUED
from edgeopt.problems.systems.load import load_system


def node(key, cpu, size, **more):
    times = {"cpuLatency": cpu, "fpgaLatency": cpu / 10}
    return {"id": key, "name": f"n {key}", "supportedOnFpga": 1, "size": size, **times, **more}


def edge(source, reader, size=0.0):
    return {"sourceId": source, "destId": reader, "cost": 1.0, "size": size}


# Placeholder 1 and weight 2, which is transposed (7), before a diamond of 9, 3, 4 and 5.
NODES = [node(5, 40, 400), node(4, 30, 100), node(3, 20, 900), node(9, 10, 860),
         node(1, 0, 0), node(2, 0, 48), node(7, 0, 0)]  # fmt: skip
EDGES = [edge(1, 9), edge(2, 7), edge(7, 9), edge(9, 3, 800), edge(9, 4, 800), edge(3, 5, 400),
         edge(4, 5, 100)]  # fmt: skip
INPUT = ":input=2x3x4"


@pytest.fixture
def file(tmp_path):
    def write(nodes=NODES, edges=EDGES):
        path = tmp_path / "graph.json"
        path.write_text(json.dumps({"maxFPGAs": 1, "nodes": nodes, "edges": edges}))
        return str(path)

    return write


def test_layers_times_and_constants(file):
    network = load_network(file() + INPUT)
    assert [layer.name for layer in network.layers] == ["n_9", "n_3", "n_4", "n_5"]
    assert [layer.inputs for layer in network.layers] == [(-1,), (0,), (0,), (1, 2)]
    assert [layer.output_bytes for layer in network.layers] == [800, 400, 100, 1]
    # the rest of the size, and the weight of the first
    assert [layer.stored_bytes for layer in network.layers] == [108, 500, 0, 0]
    assert network.measured["cpu"].seconds.tolist() == [0.01, 0.02, 0.03, 0.04]
    assert network.measured["accelerator"].total_s == pytest.approx(0.01)
    assert network.crossing_bytes.tolist() == [96, 800, 1200, 500, 0]


def test_a_constant_that_two_others_read(file):
    more = {"nodes": [*NODES, node(8, 0, 20)], "edges": [*EDGES, edge(2, 8), edge(8, 3)]}
    network = load_network(file(**more) + INPUT)
    assert [layer.name for layer in network.layers] == ["n_9", "n_3", "n_4", "n_5"]
    assert [layer.inputs for layer in network.layers] == [(-1,), (0,), (0,), (1, 2)]
    # the size of the first counts once, at the first reader
    assert [layer.stored_bytes for layer in network.layers] == [108, 520, 0, 0]


def test_the_best_cut_and_split_by_hand(file):
    """The accelerator is ten times as fast; a byte takes a tenth of a millisecond."""
    network = load_network(file() + INPUT)
    changes = {"pool.times": "cpu", "cloud.times": "accelerator", "link.round_trip_s": 0.0}
    changes |= {"link.bandwidth_bit_s": 8e4, "tasks.size_bytes": 96.0, "tasks.arrival_hz": 0.01}
    system = load_system("table1", nodes=1, changes=changes)
    program = build_program(network, system, objective="delay")
    # the cloud's 10 ms, or each cut's time on the node, its bytes, and the rest in the cloud
    parts = [0.0196, 0.01 + 0.08 + 0.009, 0.03 + 0.12 + 0.007, 0.06 + 0.05 + 0.004, 0.1]
    delays = program.terms.delay_s[0] - program.terms.uplink_s - program.terms.waiting_s[0]
    assert delays.tolist() == pytest.approx(parts)
    assert split_network(network, system).cut == 0
    slow = load_system("table1", nodes=1, changes=changes | {"tasks.size_bytes": 1e6})
    assert split_network(network, slow, reading=QUEUED).cut == 1


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        (NODES[:1] * 2, [], "node id: got 5, must be unique"),
        ([{}], [], "node id: got None"),
        ([1], [], "nodes: got .*must be a list of objects"),
        ([node(1, 0, 0)], [], "nodes: got 1, must be at least one that takes time"),
        (NODES, [edge(1, 8)], "edge destId: got 8, must be the id of a node"),
        (NODES, [edge(3, 5, 1.0), edge(5, 3, 1.0)], "edges: got 'a cycle'"),
        (NODES, [{"sourceId": 3, "destId": 5}], "edge from 3: size: got None"),
        ([node(1, 5, 5, isBackwardNode=True)], [], "node 1: got 'a backward node'"),
        ([{**node(1, 5, 5), "cpuLatency": "5"}], [], "cpuLatency"),
        ([{**node(1, 5, 5), "size": -1}], [], "node 1: size: got -1"),
    ],
)
def test_what_is_refused(file, nodes, edges, message):
    with pytest.raises(InputError, match=message):
        load_network(file(nodes, edges) + INPUT)


def test_the_input_must_be_given(file):
    for text in ("", ":other=3", ":input=0.5"):
        with pytest.raises(InputError, match="the shape of the input"):
            load_network(file() + text)


def test_an_accelerator_that_cannot_run_all_layers(file):
    with pytest.warns(UserWarning, match="does not support all layers"):
        network = load_network(file([node(1, 5, 5, supportedOnFpga=0)], []) + INPUT)
    assert [*network.measured] == ["cpu"]


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"nodes": []}', "[" * 10**5, "\x00"])
def test_any_text_is_an_input_error(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError):
        load_network(f"{tmp_path / 'x.json'}{INPUT}")
