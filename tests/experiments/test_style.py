"""One look: styles that differ, logarithmic axes that always have ticks, files that repeat."""

import itertools
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgeopt.experiments.style import (
    COLOURS,
    SMALLEST,
    drawn_percent,
    line_styles,
    log_ticks,
    mark_styles,
    number_text,
    paper_style,
    percent_axis,
    save_figure,
    solver_styles,
)
from edgeopt.problems.errors import InputError


def drawn(low: float, high: float, size: tuple[float, float] = (4.0, 3.0)) -> Axes:
    """Return axes with a line between two values on logarithmic axes."""
    axes = Figure(figsize=size).subplots()
    axes.set(xscale="log", yscale="log")
    axes.plot([low, high], [low, high])
    return axes


def test_lines_and_marks_differ_as_long_as_they_can() -> None:
    labels = [f"solver {i}" for i in range(28)]
    looks = {(look["color"], look["linestyle"]) for look in line_styles(labels).values()}
    assert len(looks) == 28
    marks = {(look["color"], look["marker"]) for look in mark_styles(labels).values()}
    assert len(marks) == 28
    assert list(line_styles(labels)) == list(mark_styles(labels)) == labels


def test_labels_keep_their_style_when_others_follow() -> None:
    assert line_styles(["a", "b"])["a"] == line_styles(["a"])["a"]


def test_styles_of_solvers_differ_without_colour_too() -> None:
    styles = list(solver_styles([f"solver {i}" for i in range(44)]).values())
    assert len({(look["linestyle"], look["marker"]) for look in styles}) == 44
    many = solver_styles([str(i) for i in range(300)]).values()
    assert len({tuple(look.values()) for look in many}) == 300


def test_colours_that_follow_each_other_differ_in_grey() -> None:
    grey = [np.dot(mpl.colors.to_rgb(colour), (0.2126, 0.7152, 0.0722)) for colour in COLOURS]
    assert max(grey) < 0.7  # seen on white paper
    styles = list(solver_styles("abcdefghijklmnopqrst").values())
    for one, other in itertools.combinations(styles, 2):
        assert one["marker"] != other["marker"] or one["linestyle"] != other["linestyle"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (0.0001, "0.0001"), (200000.0, "200000"), (1e6, "10⁶"), (2e-5, "2·10⁻⁵")],
)
def test_numbers_of_axes(number: float, text: str) -> None:
    assert number_text(number) == text


def test_letters_that_no_font_has_are_one_warning(tmp_path: Path) -> None:
    figure = Figure(figsize=(2, 2))
    figure.text(0.5, 0.5, "\U00012000\U00012001\U00012000", family="DejaVu Serif")
    with pytest.warns(UserWarning, match="no installed font has \U00012000\U00012001: they"):
        save_figure(figure, tmp_path, "cuneiform", ["png"])


def test_formats_are_files_of_their_kind_that_repeat(tmp_path: Path) -> None:
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml", "pgf": b"%% A PGF picture"}

    def draw(name: str) -> list[Path]:
        with paper_style(7):
            figure = Figure(figsize=(2, 2))
            figure.subplots().set_title("a_b $x$ 10⁶", parse_math=False)
            return save_figure(figure, str(tmp_path), name, starts)

    first, second = draw("a"), draw("b")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert one.read_bytes().startswith(starts[one.suffix[1:]])
    picture = first[-1].read_text(encoding="utf-8")
    assert r"a\_b \$x\$ 10$^{6}$" in picture
    assert picture.rstrip().endswith(r"\endgroup")
    with pytest.raises(InputError, match="format: got 'gif', must be one of png, pdf, svg, pgf"):
        save_figure(Figure(), tmp_path, "c", ["gif"])


@given(st.floats(0.0, 1e6))
def test_a_gap_on_a_logarithmic_axis_is_its_per_cent_or_the_smallest(gap: float) -> None:
    assert drawn_percent([gap])[0] == max(100 * gap, SMALLEST)


@given(st.floats(1e-3, 1e3), st.floats(1.05, 1e8), st.sampled_from([1.5, 3.0, 6.0]))
def test_every_logarithmic_axis_has_ticks_and_not_too_many(
    low: float, ratio: float, width: float
) -> None:
    axes = drawn(low, low * ratio, (width, width))
    for axis in (axes.xaxis, axes.yaxis):
        log_ticks(axis)
        start, end = axis.get_view_interval()
        shown = [tick for tick in axis.get_majorticklocs() if start <= tick <= end]
        assert 2 <= len(shown) <= 12


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (SMALLEST, 100.0, ["≤ 0.001", "0.01", "0.1", "1", "10", "100"]),
        (0.9, 150.0, ["1", "3", "10", "30", "100"]),
        (20.0, 150.0, ["20", "50", "100"]),
        (54.0, 66.0, ["56", "60", "64"]),
    ],
)
def test_ticks_are_plain_numbers_and_the_smallest_is_a_limit(
    low: float, high: float, labels: list[str]
) -> None:
    axis = drawn(low, high).yaxis
    percent_axis(axis)
    start, end = axis.get_view_interval()
    ticks = [tick for tick in axis.get_majorticklocs() if start <= tick <= end]
    assert axis.get_major_formatter().format_ticks(ticks) == labels
    assert axis.get_minorticklocs().size == 0


def test_an_axis_without_room_keeps_the_label_of_its_limit() -> None:
    axis = drawn(SMALLEST, 100.0, (1.5, 1.5)).xaxis
    log_ticks(axis)
    ticks = axis.get_majorticklocs()
    assert ticks[0] == SMALLEST
    assert len(ticks) < 6


def test_the_style_is_left_as_it_was() -> None:
    before = dict(mpl.rcParams)
    with paper_style():
        assert mpl.rcParams["font.family"][0] == "serif"
    assert dict(mpl.rcParams) == before


def test_files_of_the_same_figure_are_the_same(tmp_path: Path) -> None:
    def draw(folder: Path) -> list[bytes]:
        with paper_style():
            figure = Figure()
            figure.subplots().plot(np.arange(5))
            paths = save_figure(figure, folder, "line")
        assert [path.name for path in paths] == ["line.png", "line.pdf"]
        assert sorted(folder.iterdir()) == sorted(paths)
        return [path.read_bytes() for path in paths]

    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    assert draw(first) == draw(second)
