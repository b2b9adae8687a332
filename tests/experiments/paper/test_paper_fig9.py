"""Fig. 9: what is read from the learning runs, and a short run where PyTorch is there."""

from pathlib import Path

import pytest

from edgeopt.experiments.paper import fig9
from edgeopt.experiments.paper.outcome import PAPER_FOLDER
from edgeopt.problems.errors import InputError

ERRORS = {
    "collaborative": [[0.5, 0.2, 0.104, 0.1], [0.4, 0.1, 0.3, 0.1]],
    "dormant": [[0.5, 0.2, 0.2, 0.2], [0.4, 0.3, 0.3, 0.2]],
    "dormant-less": [[0.5, 0.2, 0.11, 0.1], [0.4, 0.1, 0.3, 0.1]],
    "central": [[0.5, 0.2, 0.1, 0.05], [0.4, 0.1, 0.3, 0.05]],
    "branchynet": [[0.5, 0.2, 0.1, 0.3], [0.4, 0.1, 0.3, 0.2]],
}
ROWS = [
    {
        "scheme": scheme,
        "repetition": repetition,
        "tasks": 36 * (period + 1),
        "error": error,
        "asleep": 0.1 * period * scheme.startswith("dormant"),
        "up_bytes": 1e6,
        "seconds": 2.0,
    }
    for scheme, runs in ERRORS.items()
    for repetition, errors in enumerate(runs)
    for period, error in enumerate(errors)
]
ENDS = {scheme: fig9._ends(ROWS, scheme) for scheme in ERRORS}


def test_ends_are_the_last_periods_with_the_mean_sleep():
    assert [row["error"] for row in ENDS["branchynet"]] == [0.3, 0.2]
    assert [row["asleep"] for row in ENDS["dormant"]] == pytest.approx([0.15, 0.15])


def test_values_by_hand():
    values = fig9._values(ROWS, ENDS, near=1.0)
    assert values["error"].value == pytest.approx(10.0)
    assert values["error_more_than_central"].value == pytest.approx(5.0)
    assert values["error_more_than_branchynet"].value == pytest.approx(-15.0)
    assert values["error_more_by_dormancy"].value == pytest.approx(10.0)
    assert values["error_more_by_dormancy"].p is None
    assert values["asleep"].value == pytest.approx(15.0)
    # the first run is near its end from the third period on, the second from the last
    assert values["mini_batches_until_it_has_settled"].value == (108 + 144) / 2


def test_sleeping_less_may_cost_little():
    condition = fig9._sleeps_less(ENDS)
    assert condition.words == (
        "the cloud sleeps less often (`dormant-less`, asleep for 15.0 % of the tasks)"
    )
    assert condition.holds
    assert not fig9._sleeps_less({**ENDS, "dormant-less": ENDS["dormant"]}).holds


def test_without_torch(tmp_path: Path, monkeypatch):
    def missing(name: str, extra: str):
        raise InputError(name, None, f"installed: extra {extra}")

    monkeypatch.setattr(fig9, "import_extra", missing)
    with pytest.raises(InputError, match="extra torch"):
        fig9.run(tmp_path, tmp_path, quick=True, jobs=1)


def test_a_short_run(tmp_path: Path, monkeypatch):
    pytest.importorskip("torch")
    for path in PAPER_FOLDER.glob("fig9*.toml"):
        text = path.read_text().replace("../learnings", str(PAPER_FOLDER.parent / "learnings"))
        text = text.replace("window = 36", "window = 6").partition("[schemes.19-ms")[0]
        (tmp_path / path.name).write_text(text)
    sizes = "{ periods = 1, repetitions = 2 }"
    (tmp_path / "fig9.toml").write_text(f"quick = {sizes}\nfull = {sizes}\nsettled_points = 1.0\n")
    monkeypatch.setattr(fig9, "PAPER_FOLDER", tmp_path)
    outcome = fig9.run(tmp_path, tmp_path, quick=True, jobs=1)
    assert 0 < outcome.values["error"].value < 100
    assert outcome.values["mini_batches_until_it_has_settled"].value == 6
    assert (tmp_path / outcome.figures[0]).stat().st_size
