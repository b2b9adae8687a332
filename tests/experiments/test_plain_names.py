"""Names of users in figures and pages: texts, never formulas, and never hidden."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from edgeopt.experiments.style import number_axis, paper_style, plain_names, save_figure

NAMES = (r"$\frac{1}$", "a_b^c", "50 % & #1", "\\input{x}", "$ unmatched", "{", "a\x1b[31m\u202eb")


def drawn(name: str, *, ticks: bool) -> Figure:
    """Return a figure that has a name wherever figures have names."""
    with paper_style():
        figure = Figure(figsize=(3, 3))
        axes = figure.subplots()
        axes.plot([1, 100], [1, 2], label=name)
        axes.set(title=name, xlabel=name, ylabel=name, xscale="log")
        axes.text(1, 1, name)
        if ticks:
            axes.set_yticks([1, 2], [name, "b"])
        number_axis(axes.xaxis)
        figure.legend(title=name)
        figure.suptitle(name)
        plain_names(figure)
        return figure


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text_in_all_formats(tmp_path: Path, name: str) -> None:
    figure = drawn(name, ticks=True)
    with paper_style():
        paths = save_figure(figure, tmp_path, "x", ["png", "svg", "pgf"])
    assert paths[0].stat().st_size > 1000
    ET.parse(paths[1])  # no character that XML forbids
    code = paths[2].read_text()
    for sign in ("$\\frac", "\\input{x}", "\x1b", "\u202e"):
        assert sign not in code


def test_numbers_on_an_axis_stay_formulas(tmp_path: Path) -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 1000], [1, 2], label="$x$")
    axes.set_xscale("log")
    plain_names(figure)
    labels = axes.get_xticklabels()
    assert any("mathdefault" in label.get_text() for label in labels)
    assert all(label.get_parse_math() for label in labels)
