"""The figures show the numbers of the program."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from edgeopt.experiments.offload.figures import (
    draw_constraints,
    draw_delay,
    draw_layers,
    draw_memory,
    draw_pareto,
    plot_offload,
)
from edgeopt.optim.offloading.solvers import pareto_cuts, scan
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.program import build_program, delay_parts_s
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED
from edgeopt.problems.systems.load import load_system

PROGRAM = build_program(load_network("alexnet"), load_system("pi_lte"), objective="delay")
ANSWER = scan(PROGRAM)


def drawn(draw, answer=ANSWER) -> Figure:
    figure = Figure()
    draw(answer, figure.subplots())
    return figure


def test_memory_bars_are_the_memory_in_mib():
    axes = drawn(draw_memory).axes[0]
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == pytest.approx(PROGRAM.terms.memory_bytes / 2**20)
    assert "MiB" in axes.get_ylabel()


def test_delay_bars_add_up_to_the_delay():
    axes = drawn(draw_delay).axes[0]
    tops = np.zeros(PROGRAM.depth + 1)
    for bar in axes.patches:
        cut = round(bar.get_x() + bar.get_width() / 2)
        tops[cut] = max(tops[cut], bar.get_y() + bar.get_height())
    assert tops == pytest.approx(1e3 * PROGRAM.values[1], abs=0.05)  # parts < 0.01 ms are left out
    assert axes.get_lines()[0].get_ydata()[0] == pytest.approx(1e3 * PROGRAM.limits[1, 0])


def test_what_is_beyond_the_axis_is_marked():
    busy = load_system("pi_lte", changes={"tasks.arrival_hz": 20.0})
    program = build_program(load_network("vgg16"), busy, objective="delay")
    axes = drawn(draw_delay, scan(program)).axes[0]
    marks = {line.get_label(): line.get_xdata() for line in axes.get_lines()}
    unstable = np.flatnonzero(np.isinf(program.values[1]))
    assert 0 < unstable.size < program.depth
    assert marks["unstable queue"].tolist() == unstable.tolist()
    assert list(marks["chosen"]) == [0]
    deadline_ms = 1e3 * program.limits[1, 0]
    assert axes.get_ylim()[1] == pytest.approx(3.15 * deadline_ms)
    assert "cut off" in axes.get_ylabel()


@pytest.mark.parametrize("reading", [PRINTED, CORRECTED], ids=lambda reading: reading.name)
def test_the_legend_has_the_parts_of_the_delay_that_can_be_seen(reading):
    program = build_program(load_network("alexnet"), load_system("pi_lte"), reading=reading)
    names = {
        "uplink": "terminal upload (16)",
        "waiting": "waiting (12)",
        "execution": "edge execution (11)",
        "link": "edge to cloud (15)",
        "cloud": "cloud execution (14)",
    }
    parts = delay_parts_s(program)
    seen = {names[name] for name, seconds in parts.items() if seconds.max() >= 1e-5}
    legend = drawn(draw_delay, scan(program)).axes[0].get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    assert {text for text in texts if text[-1] == ")"} == seen
    assert len(texts) == len(seen) + 1  # and "chosen"


def test_the_map_marks_violations_and_the_cut():
    axes = drawn(draw_constraints).axes[0]
    shares = axes.images[0].get_array()
    assert ((shares > 100) == ~PROGRAM.holds).all()
    assert axes.patches[0].get_x() == ANSWER.cut - 0.5


def test_the_front_is_drawn_through_the_pareto_cuts():
    axes = drawn(draw_pareto).axes[0]
    front = axes.get_lines()[0].get_xydata()
    cuts = pareto_cuts(PROGRAM, columns=(0, 1))
    delays = sorted(1e3 * PROGRAM.terms.delay_s[0, list(cuts)])
    assert front[:, 0] == pytest.approx(delays)
    assert (np.diff(front[:, 1]) <= 0).all()


def test_that_nothing_is_feasible_is_drawn():
    hopeless = load_system("pi_lte", changes={"tasks.deadline_s": 1e-6})
    answer = scan(build_program(load_network("alexnet"), hopeless, objective="delay"))
    assert answer.cut is None
    for draw in (draw_memory, draw_delay, draw_pareto):
        axes = drawn(draw, answer).axes[0]
        assert "no feasible cut" in [text.get_text() for text in axes.texts]
    # the cuts are drawn, though none is feasible
    stable = np.isfinite(answer.program.terms.delay_s).sum()
    assert len(axes.collections[-1].get_offsets()) == stable > 0


def test_the_layers_are_drawn_with_what_crosses():
    work, crossing = drawn(draw_layers).axes
    profile = PROGRAM.profile
    heights = [bar.get_height() for bar in work.patches]
    assert np.cumsum(heights) == pytest.approx(profile.edge_macs / 1e6)
    (line,) = crossing.get_lines()
    assert line.get_ydata() == pytest.approx(profile.crossing_bytes / 1024)


def test_the_same_program_gives_the_same_files(tmp_path: Path):
    first = plot_offload(ANSWER, tmp_path / "a")
    second = plot_offload(ANSWER, tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
