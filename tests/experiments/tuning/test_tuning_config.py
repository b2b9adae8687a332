"""Files of tunings as they are written."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgeopt.experiments.tuning.config import read_tuning
from edgeopt.experiments.tuning.problem_set import ProblemSet

SHIPPED = Path(__file__).parents[3] / "experiments" / "tunings"


@pytest.mark.parametrize("name", ["atsa-readings-paper", "pso-paper"])
def test_what_is_written_is_read(name: str, tmp_path: Path):
    (tmp_path / "times.csv").write_text("1,2\n3,4\n")
    config = read_tuning(SHIPPED / f"{name}.toml")
    training = ProblemSet("training", (str(tmp_path / "times.csv"), "paper:9x3"), 2)
    config = replace(config, training=training, racing=0.0)
    file = tmp_path / "below" / "written.toml"
    file.parent.mkdir()
    file.write_text(config.to_toml(file.parent))
    assert '"../times.csv"' in file.read_text()
    assert read_tuning(file) == config
