"""The paper's Table 1: ResNet-34 is cut behind layer 20, 13, 7 for 10, 20, 30 nodes."""

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.equations import edge_memory_bytes
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.systems.load import PRESETS_FOLDER, load_system

MIB = 2.0**20
NETWORK = load_network("resnet34")


TABLE = {10: 20, 20: 13, 30: 7}
PRESET = load_system("table1")
CHAIN = replace(CORRECTED, parameters="chain")


def deepest(total_mib: float, nodes: int, reading: Reading = CORRECTED) -> int:
    """Deepest feasible cut of the preset when `nodes` nodes share `total_mib`."""
    device = replace(PRESET.pool.devices[0], memory_bytes=total_mib * MIB / nodes)
    system = replace(PRESET, pool=replace(PRESET.pool, devices=(device,) * nodes))
    return int(np.flatnonzero(build_program(NETWORK, system, reading=reading).feasible).max())


def range_mib(reading: Reading) -> tuple[float, float]:
    """Total memories between which the table comes out, MiB, by bisection from 370 MiB.

    More memory never makes a cut shallower, so each end is where the first cut changes.
    """

    def gives_the_table(total_mib: float) -> bool:
        return all(deepest(total_mib, nodes, reading) == cut for nodes, cut in TABLE.items())

    assert gives_the_table(370.0)
    ends = []
    for outside in (300.0, 440.0):
        inside = 370.0
        while abs(outside - inside) > 1e-4:
            middle = 0.5 * (inside + outside)
            inside, outside = (middle, outside) if gives_the_table(middle) else (inside, middle)
        ends.append(inside)
    return ends[0], ends[1]


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
    assert program.profile.cut_names[cut] == name
    assert program.feasible[: cut + 1].all()
    # the memory alone decides, as the preset says
    assert program.holds[1:].all()


def test_the_range_that_the_preset_states():
    text = (PRESETS_FOLDER / "table1.toml").read_text(encoding="utf-8")
    for reading in (CORRECTED, CHAIN):
        low, high = range_mib(reading)
        stated = f"{math.ceil(100 * low) / 100:.2f} to {math.floor(100 * high) / 100:.2f} MiB"
        assert stated in text.replace("\n#", "")
        assert low < PRESET.pool.per_node("memory_bytes").sum() / MIB < high
    assert range_mib(CORRECTED) == pytest.approx((368.35, 375.08), abs=0.01)
    assert range_mib(CHAIN) == pytest.approx((367.3, 373.7), abs=0.05)


def test_the_ends_of_the_range_are_the_memories_of_the_cuts():
    # a cut j fits into lambda_0 P_total / x from P_total = memory x / lambda_0 on
    memory = edge_memory_bytes(NETWORK, CHAIN) / MIB / 0.8
    needed = max(memory[cut] * nodes for nodes, cut in TABLE.items())
    too_much = min(memory[cut + 1] * nodes for nodes, cut in TABLE.items())
    assert range_mib(CHAIN) == pytest.approx((needed, too_much), abs=1e-3)


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
