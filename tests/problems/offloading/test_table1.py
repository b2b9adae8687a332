"""The paper's Table 1: ResNet-34 is cut behind layer 20, 13, 7 for 10, 20, 30 nodes."""

import numpy as np
import pytest

from problems.offloading.networks import load_network
from problems.offloading.program import build_program
from problems.offloading.system_file import load_system, parse_system

MIB = 2.0**20
NETWORK = load_network("resnet34")


def deepest(total_mib: float, nodes: int) -> int:
    """Deepest feasible cut when the nodes share `total_mib`, lambda_0 = 0.8."""
    table = {
        "pool": {
            "memory_share": 0.8,
            "total_memory_bytes": total_mib * MIB,
            "nodes": [{"device": "jetson_tx2", "count": nodes}],
        },
        "cloud": {"flops": 1e13},
        "link": {"bandwidth_bit_s": 1e9},
        "uplink": {"network": "lte"},
        "tasks": {"arrival_hz": 30.0, "deadline_s": 2.0},
    }
    return int(np.flatnonzero(build_program(NETWORK, parse_system(table)).feasible).max())


@pytest.mark.parametrize(
    ("nodes", "cut", "name"),
    [
        (10, 20, "conv4_5"),
        (20, 13, "conv3_6"),
        (30, 7, "conv2_6"),
    ],
)
def test_the_preset_gives_the_table(nodes: int, cut: int, name: str):
    program = build_program(NETWORK, load_system("table1", nodes=nodes))
    assert np.flatnonzero(program.feasible).max() == cut
    assert program.cut_names[cut] == name
    assert program.feasible[: cut + 1].all()
    # the memory alone decides, as the preset says
    assert program.holds[1:].all()


def test_the_range_that_the_preset_states():
    table = {10: 20, 20: 13, 30: 7}
    for total in (368.35, 370.0, 375.08):
        assert {nodes: deepest(total, nodes) for nodes in table} == table
    assert {nodes: deepest(368.33, nodes) for nodes in table} != table
    assert {nodes: deepest(375.09, nodes) for nodes in table} != table


def test_more_memory_never_makes_the_cut_shallower():
    cuts = [deepest(total, 10) for total in np.linspace(10, 1300, 40)]
    assert cuts == sorted(cuts)
    assert cuts[-1] == 34


def test_what_the_cuts_of_the_table_upload():
    program = build_program(NETWORK, load_system("table1"))
    upload = program.terms.crossing_bits / 8
    assert upload[0] == 224 * 224 * 3  # the 8-bit image goes on as it came
    assert upload[7] == 802_816  # more than five images: cutting at 7 uploads more than no edge
    assert upload[13] == 401_408
    assert upload[20] == 2 * 50_176 * 4  # inside a block: the skip tensor crosses too
    assert upload[34] == 0


def test_the_upload_is_not_monotone():
    link = build_program(NETWORK, load_system("table1")).terms.link_s[0]
    assert link[1] > link[3] < link[4]
