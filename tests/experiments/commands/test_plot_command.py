"""The options of `edgeopt plot` as text."""

from pathlib import Path

import pytest

from edgeopt.experiments.commands.plot import plot_command
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.problems.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sweep of two heuristics."""
    solvers = {name: {"solver": name} for name in ("mct", "lpt")}
    path = tmp_path_factory.mktemp("sweep") / "out"
    run_sweep(SweepConfig(("paper:9x3:seed=1",), 1, 1, {"evaluations": 5}, solvers), path)
    return path


def test_names_lines_and_formats(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot_command(
        folder,
        ["gaps"],
        solvers="l*, mct",
        names="paper:9x3:seed=1=small, mct=A $name$",
        y="ratio",
        lines="best,target=1.05",
        width="80mm",
        format_="svg,pgf",
        csv=True,
        out=tmp_path,
    )
    told = capsys.readouterr()
    assert told.out.split() == [str(tmp_path / f"gaps.{kind}") for kind in ("svg", "pgf", "csv")]
    assert told.err == ""
    rows = (tmp_path / "gaps.csv").read_text().splitlines()
    assert rows[0] == "problem,solver,repetition,ratio"
    assert {row.split(",")[1] for row in rows[1:]} == {"lpt", "A $name$"}
    assert {row.split(",")[0] for row in rows[1:]} == {"small"}
    picture = (tmp_path / "gaps.pgf").read_text()
    assert r"A \$name\$" in picture
    assert "target 1.05" in picture


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": "mct"}, "names: got 'mct', must be OLD=NEW"),
        ({"lines": "target"}, "lines: got 'target', must be bound, best or target=NUMBER"),
        ({"lines": "worst"}, "lines: got 'worst', must be bound, best or target=NUMBER"),
        ({"format_": "gif"}, "format: got 'gif', must be one of png, pdf, svg, pgf"),
        ({"unit": "runs"}, "unit: got 'runs', must be left out, or for ranks"),
        ({"y_scale": "ln"}, "y_scale: got 'ln', must be one of linear, log"),
    ],
)
def test_bad_values_are_named(folder: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plot_command(folder, None, **options)  # type: ignore[arg-type]
