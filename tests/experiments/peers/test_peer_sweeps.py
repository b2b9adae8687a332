"""The sweeps of the peers are legal, and give all of them the same time."""

from pathlib import Path

import pytest

from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.sweep.config import SweepConfig, read_config

SWEEPS = Path(__file__).parents[3] / "experiments" / "sweeps"
SECONDS = {"512x16-peers": 60.0, "huge-peers": 60.0, "pools-peers": 1.0, "pools-milp": 1.0}


@pytest.mark.parametrize(("name", "seconds"), SECONDS.items())
def test_the_shipped_sweeps_are_legal(name, seconds, shared):
    config = read_config(SWEEPS / f"frontier-{name}.toml")
    limits = {table.get("seconds", seconds) for table in config.solvers.values()}
    assert limits == {seconds}
    assert config.budget["seconds"] >= seconds
    assert config.time_limit > config.budget["seconds"]


def test_a_peer_that_cannot_run_fails_its_cell_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("EDGEOPT_ORTOOLS_PYTHON", raising=False)
    solvers = {
        "cp-sat": {"solver": f"{SWEEPS.parent}/peers/child_peers.py:CpSat"},
        "highs": {"solver": f"{SWEEPS.parent}/peers/child_peers.py:Highs", "seconds": 9.0},
        "small": {"solver": f"{SWEEPS.parent}/peers/child_peers.py:Highs", "gigabytes": 0.001},
    }
    config = SweepConfig(("paper:9x3:seed=1",), 1, 1, {"seconds": 20.0}, solvers)
    rows = run_sweep(config, tmp_path / "out").set_index("solver")
    assert rows["status"].to_dict() == {
        "cp-sat": "failed",
        "highs": "optimal",
        "small": "infeasible",
    }
    assert "must be set to a python that has ortools" in rows.loc["cp-sat", "error"]
    assert rows.loc["small", "assignment"] is None
