"""The sweeps of the peers are legal, and give all of them the same time."""

from pathlib import Path

import pytest

from experiments.sweep.config import read_config

SWEEPS = Path(__file__).parents[3] / "experiments" / "sweeps"
SECONDS = {"512x16-peers": 60.0, "huge-peers": 60.0, "pools-peers": 1.0, "pools-milp": 1.0}


@pytest.mark.parametrize(("name", "seconds"), SECONDS.items())
def test_the_shipped_sweeps_are_legal(name, seconds, shared):
    config = read_config(SWEEPS / f"frontier-{name}.toml")
    limits = {table.get("seconds", seconds) for table in config.solvers.values()}
    assert limits == {seconds}
    assert config.budget["seconds"] >= seconds
    assert config.time_limit > config.budget["seconds"]
