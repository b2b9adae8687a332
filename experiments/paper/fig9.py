"""Fig. 9: the error of the learned networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeopt.experiments.paper.claims import read_claims
from edgeopt.experiments.paper.outcome import PAPER_FOLDER, Condition, Outcome, Table, measured_text
from edgeopt.experiments.paper.simulated import paired_points
from edgeopt.experiments.runs.cell import FAILED, Row
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.optim.framework.measures import replication_interval
from edgeopt.problems.errors import FloatArray, InputError, import_extra
from edgeopt.problems.files import check_fields, read_toml

DORMANCY_CLAIM = "dormancy-accuracy"

AWAKE, DORMANT, RIVALS = "collaborative", "dormant", ("central", "branchynet")

_FIELDS = ("quick", "full", "settled_points")

_COLUMNS = (
    ("error, %", "error", 1e2),
    ("asleep, %", "asleep", 1e2),
    ("uploaded, MB", "up_bytes", 1e-6),
    ("simulated time, s", "seconds", 1.0),
)


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Train every scheme, or resume the training; see `RunPart`.

    Raises
    ------
    InputError
        If PyTorch is not installed, or a run fails.
    """
    import_extra("torch", "torch")
    from edgeopt.experiments.learning.config import read_learning
    from edgeopt.experiments.learning.figures import plot_learning
    from edgeopt.experiments.learning.summary import period_rows, write_learning_tables
    from edgeopt.experiments.runs.run import run_with_bar

    path = PAPER_FOLDER / "fig9.toml"
    sizes = read_toml(path)
    check_fields(path, sizes, _FIELDS, _FIELDS)
    size = sizes["quick" if quick else "full"]
    config = read_learning(PAPER_FOLDER / "fig9_schemes.toml")
    training = {**config.training, "periods": size["periods"]}
    config = replace(config, training=training, repetitions=size["repetitions"])
    cells = run_with_bar(config, work / "runs", jobs=jobs)
    for error in cells.loc[cells["status"] == FAILED, "error"]:
        raise InputError("a run", FAILED, f"finished: {error.strip().splitlines()[-1]}")
    rows = period_rows(config, cells)
    write_learning_tables(config, rows, out)
    plot_learning(config, rows, out)
    ends = {label: _ends(rows, label) for label in config.schemes}
    return Outcome(
        values=_values(rows, ends, sizes["settled_points"]),
        conditions={"sleeps_less": _sleeps_less(ends)},
        tables=(_table(ends),),
        figures=("errors.png",),
        assumptions=(
            "The digits of scikit-learn (8 x 8 images) and a small residual network on six "
            "assumed boards, not CIFAR-10 and ResNet-34, for which there is no computer here; "
            f"{size['periods']} periods, {size['repetitions']} runs.",
            "Nodes hold unequal data; `dormant` ends tasks on the simplified model while the "
            "measured round trip is above its mean, as printed.",
            "Mini-batches are counted by whole periods.",
        ),
    )


def _ends(rows: list[Row], label: str) -> list[Row]:
    """Return the last row of each run of a scheme, with the share of all its tasks asleep."""
    runs: dict[int, list[Row]] = {}
    for row in rows:
        if row["scheme"] == label:
            runs.setdefault(row["repetition"], []).append(row)
    # The error is that of the last period, the share asleep that of the whole run.
    asleep = {key: np.mean([row["asleep"] for row in some]) for key, some in runs.items()}
    return [{**runs[key][-1], "asleep": asleep[key]} for key in sorted(runs)]


def _values(rows: list[Row], ends: dict[str, list[Row]], near: float) -> dict[str, Measured]:
    """Return by how many points errors differ, and when the framework's has settled."""
    return {
        "error": _mean(_column(ends[AWAKE], "error")).scaled(100.0, "%"),
        **{f"error_more_than_{rival}": _more(ends[AWAKE], ends[rival]) for rival in RIVALS},
        "error_more_by_dormancy": _more(ends[DORMANT], ends[AWAKE]).without_test(),
        "asleep": _mean(_column(ends[DORMANT], "asleep")).scaled(100.0, "%"),
        "mini_batches_until_it_has_settled": _mean(_settled(rows, ends[AWAKE], near)),
    }


def _sleeps_less(ends: dict[str, list[Row]]) -> Condition:
    """Return the other ways to sleep that cost as little accuracy as the claim says."""
    rules = {claim.name: claim.rule for claim in read_claims("fig9")}
    rule, found = rules[DORMANCY_CLAIM], []
    for label, some in ends.items():
        more = _more(some, ends[AWAKE])
        asleep = 100.0 * float(_column(some, "asleep").mean())
        if asleep > 0 and label != DORMANT and rule is not None and rule.holds(more.without_test()):
            found.append(f"`{label}`, asleep for {asleep:.1f} % of the tasks")
    return Condition(f"the cloud sleeps less often ({'; '.join(found)})", bool(found))


def _more(first: list[Row], second: list[Row]) -> Measured:
    """Return by how many points the error of the first is larger."""
    return paired_points(_column(first, "error"), _column(second, "error"))


def _column(rows: list[Row], name: str) -> FloatArray:
    """Return a column as an array."""
    return np.array([row[name] for row in rows], dtype=np.float64)


def _mean(values: FloatArray) -> Measured:
    """Return the mean with Student's interval."""
    mean, half = replication_interval(values)
    return Measured(mean, mean - half, mean + half)


def _settled(rows: list[Row], ends: list[Row], near: float) -> FloatArray:
    """Return the mini-batches after which each run stays near its last error."""
    settled = []
    for end in ends:
        mine = [
            row
            for row in rows
            if (row["scheme"], row["repetition"]) == (end["scheme"], end["repetition"])
        ]
        # For good: counted from the last period that is still far from the end.
        far = [row["tasks"] for row in mine if row["error"] > end["error"] + near / 100.0]
        later = [row["tasks"] for row in mine if row["tasks"] > max(far, default=0)]
        settled.append(min(later))
    return np.array(settled, dtype=np.float64)


def _table(ends: dict[str, list[Row]]) -> Table:
    """Return the results of each scheme at the end."""
    rows = tuple(
        (
            label,
            *(
                measured_text(_mean(_column(some, name)).scaled(factor, ""))
                for _, name, factor in _COLUMNS
            ),
        )
        for label, some in ends.items()
    )
    columns = ("scheme", *(title for title, _, _ in _COLUMNS))
    return Table("At the end of training, mean and interval of 95 %", columns, rows)
