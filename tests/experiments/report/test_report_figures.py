"""The report's figures are those of `edgeopt plot`, and cope with any name."""

import re
from dataclasses import replace
from urllib.parse import unquote

from sweep_rows import failed, final, run, sweep

from edgeopt.experiments.report.analysis import Analysis
from edgeopt.experiments.report.figures import (
    convergence,
    convergence_name,
    rank_figure,
    report_figures,
    still_problems,
    svg_address,
    write_pdf,
)
from edgeopt.experiments.statistics.comparison import compare_solvers
from edgeopt.experiments.style import solver_styles

ODD = "_$x$ <b>&"
CELLS = sweep(
    [
        *(run(ODD, [(1, 0.01, 150.0), (40, 0.3, 100.5 + r)], repetition=r) for r in range(4)),
        *(
            run("beta 0.12345", [(1, 0.02, 120.0)], repetition=r, status="finished")
            for r in range(4)
        ),
        *(run("late", [(40, 0.3, 200.0)], repetition=r) for r in range(3)),
        failed("late", repetition=3),
    ]
)
ANALYSIS = Analysis(
    name="by hand",
    description={},
    cells=CELLS,
    problems={"p": "x_1"},
    solvers=(ODD, "beta 0.12345", "late"),
    units=("runs",),
    comparisons=(compare_solvers(CELLS, unit="runs"),),
)


def test_every_figure_gives_a_solver_the_same_style():
    looks = {}
    drawings = report_figures(ANALYSIS)
    assert {*drawings} > {"ranks-evaluations-runs", "profile-seconds", "ecdf-evaluations"}
    for name, draw in drawings.items():
        for line in draw().axes[0].get_lines():
            if not name.startswith("ranks") and line.get_label() in ANALYSIS.solvers:
                look = (line.get_color(), line.get_linestyle(), line.get_marker())
                looks.setdefault(line.get_label(), set()).add(look)
    assert {name: len(found) for name, found in looks.items()} == dict.fromkeys(ANALYSIS.solvers, 1)


def test_problems_of_one_slug_have_files_of_their_own():
    twins = Analysis(**{**vars(ANALYSIS), "problems": {"a": "x:1", "b": "x-1", "c": "节点"}})
    names = [convergence_name(twins, problem, "seconds") for problem in "abc"]
    assert names == [
        "convergence-01-x-1-seconds",
        "convergence-02-x-1-2-seconds",
        "convergence-03-节点-seconds",
    ]


def test_the_more_solvers_the_fewer_problems_have_still_images():
    problems = {name: name for name in "pqr"}
    cells = final({name: {"a": [0.1]} for name in problems})
    for solvers, shown in ((16, "pqr"), (20, "pq"), (90, "p")):
        crowd = replace(ANALYSIS, cells=cells, problems=problems, solvers=("a",) * solvers)
        assert still_problems(crowd) == [*shown]


def test_the_rank_diagram_names_all_solvers_with_their_ranks():
    gaps = {"a": [0.1], "b": [0.2], "c {x}": [0.3], "d": [0.4]}
    comparison = compare_solvers(final({f"p{i}": gaps for i in range(30)}))
    figure = rank_figure(comparison, solver_styles(gaps))
    texts = {text.get_text() for text in figure.axes[0].texts}
    difference = f"CD = {comparison.friedman.critical_difference:.2f}"
    assert texts == {
        *("a (1.00)", "b (2.00)", "(3.00) c {x}", "(4.00) d"),
        f"{difference}; average ranks over 30 problems",
    }


def test_images_are_text_that_runs_nothing_and_repeat_to_the_byte(tmp_path):
    draw = convergence(ANALYSIS, "p", "seconds")
    address = svg_address(draw)
    head, code = address.split(",", 1)
    assert head == "data:image/svg+xml"
    assert not {*"<>#%\"'&"} & {*re.sub("%[0-9A-F]{2}", "", code)}
    svg = unquote(code)
    assert "_$x$ &lt;b&gt;&amp;" in svg
    assert "<script" not in svg
    assert ">0.01<" in svg
    assert not re.search(r'="[^"]*\.\d\d\d', svg)  # coordinates are short, texts are not
    assert "beta 0.12345" in svg
    assert svg_address(draw) == address
    path = write_pdf(draw, tmp_path / "figure.pdf")
    first = path.read_bytes()
    assert first.startswith(b"%PDF")
    assert write_pdf(draw, path).read_bytes() == first
