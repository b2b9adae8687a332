"""Files of figures: names, formats, widths, options, and what is refused."""

from pathlib import Path

import pandas as pd
import pytest
from matplotlib.image import imread

from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.experiments.sweep.figures.folder import FIGURES, plot_sweep, width_of
from edgeopt.problems.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small sweep."""
    path = tmp_path_factory.mktemp("sweep")
    for name in ("x_1", "x-1"):
        (path / f"{name}.csv").write_text("4,2\n2,1\n3,3\n")
    solvers = {
        "pso": {"solver": "pso", "particles": 4},
        "mct": {"solver": "mct"},
        "lpt": {"solver": "lpt"},
    }
    problems = (str(path / "x_1.csv"), str(path / "x-1.csv"))
    run_sweep(SweepConfig(problems, 2, 1, {"evaluations": 20}, solvers), path / "out")
    return path / "out"


def test_the_figures_without_options(folder: Path):
    paths = plot_sweep(folder)
    names = ["convergence-x_1", "convergence-x-1", "gaps"]
    assert [path.name for path in paths] == [n + s for n in names for s in (".png", ".pdf")]
    for path in paths[::2]:
        pixels = imread(path)[..., :3]
        assert 0.002 < float((pixels < 0.9).any(axis=2).mean()) < 0.5


def test_every_figure_in_a_column_with_its_data(folder: Path, tmp_path: Path):
    pytest.importorskip("scikit_posthocs")
    paths = plot_sweep(
        folder, list(FIGURES), out=tmp_path, width="ieee", formats=["png"], csv=True, unit="runs"
    )
    pictures = [path for path in paths if path.suffix == ".png"]
    assert len(pictures) == 2 + 1 + 4 + 2
    assert {imread(path).shape[1] for path in pictures} == {700}  # 3.5 in at 200 dpi
    for path in paths:
        if path.suffix == ".csv":
            assert len(pd.read_csv(path)) > 1
    both = pd.read_csv(tmp_path / "convergence-x_1.csv")
    assert both[["evaluations", "seconds"]].notna().any(axis=0).all()


def test_a_choice_of_problems_does_not_rename_files(folder: Path, tmp_path: Path):
    options = {"problems": ["x-1*"], "solvers": ["l*", "mct"], "x": "iterations", "y": "ratio"}
    (path,) = plot_sweep(folder, ["convergence"], out=tmp_path, formats=["svg"], **options)
    assert path.name == "convergence-x-1.svg"


def test_widths():
    assert width_of("ieee") == pytest.approx(3.5)
    assert width_of("127 mm") == width_of("127mm") == 5
    for text in ("wide", "3in", "1mm", "mm"):
        with pytest.raises(InputError, match=r"^width: got"):
            width_of(text)


@pytest.mark.parametrize(
    ("figures", "options", "message"),
    [
        (["heat"], {}, "figure: got 'heat', must be one of convergence, gaps"),
        (["gaps"], {"band": "iqr"}, "band: got 'iqr', must be left out, or for convergence"),
        (["gaps"], {"colour": 1}, "option: got 'colour', must be one of"),
        (["gaps"], {"formats": ["gif"]}, "format: got 'gif'"),
        (["gaps"], {"font_size": 99}, "font_size"),
        (["gaps"], {"lines": [-1.0]}, "lines: got -1.0"),
        (["gaps"], {"solvers": ["met"]}, "solvers: got 'met'"),
    ],
)
def test_bad_requests(folder: Path, figures: list[str], options: dict, message: str):
    with pytest.raises(InputError, match=message):
        plot_sweep(folder, figures, **options)


def test_a_sweep_without_a_schedule_has_no_figures(tmp_path: Path):
    (tmp_path / "own.py").write_text("def f(problem, rng): return [-1] * problem.tasks\n")
    solver = {"solver": f"{tmp_path / 'own.py'}:f"}
    config = SweepConfig(("paper:5x2",), 1, 0, {"evaluations": 5}, {"own": solver})
    cells = run_sweep(config, tmp_path / "out")
    assert cells["status"].tolist() == ["infeasible"]
    with pytest.raises(InputError, match="at least one finite gap"):
        plot_sweep(tmp_path / "out")
    with pytest.raises(InputError, match="a sweep"):
        plot_sweep(tmp_path)
