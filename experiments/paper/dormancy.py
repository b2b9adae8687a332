"""Section 2.4: the cloud sleeps while the round trip is too long."""

from __future__ import annotations

from pathlib import Path

from edgeopt.experiments.paper.outcome import PAPER_FOLDER, Outcome, Table, measured_text
from edgeopt.experiments.paper.simulated import (
    Simulated,
    paired_points,
    relative_percent,
    run_simulations,
    shorten_simulation,
    write_summary,
)
from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.experiments.simulation.figures import dormancy_figure, dormant_runs
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.style import paper_style, save_figure
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.files import check_fields, read_toml

STREAM, AWAKE, PRINTED, SLACK = "poisson", "awake", "printed-mean", "slack"

CLOUD = "cloud-only"

_COLUMNS = (
    ("asleep, %", "asleep", 1e2),
    ("late, %", "missed", 1e2),
    ("delay, ms", "delay_mean_s", 1e3),
    ("upload, kB a task", "upload_bytes", 1e-3),
    ("accuracy proxy", "accuracy", 1.0),
)


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Simulate every rule for T_0 over a measured link; see `RunPart`."""
    path = PAPER_FOLDER / "dormancy.toml"
    sizes = read_toml(path)
    check_fields(path, sizes, ("quick", "full"), ("quick", "full"))
    config = shorten_simulation(
        read_simulation(PAPER_FOLDER / "dormancy_schemes.toml"),
        **sizes["quick" if quick else "full"],
    )
    (simulated,) = run_simulations([config], work, jobs)
    write_summary(simulated, out)
    with paper_style():
        save_figure(dormancy_figure(dormant_runs(config)), out, "dormancy")
    return Outcome(
        values=_values(simulated),
        tables=(_table(simulated),),
        figures=("dormancy.png",),
        assumptions=(
            "Round trips of a cable line, measured (speedtest-data by WizardTim, CC BY 4.0), from "
            "a random place on in each run; a deadline of 30 ms; cut 20 on ten nodes.",
            "The simplified model is a branch of one convolution and one fully connected layer on "
            "the node of most memory; its accuracy is a proxy, nothing is trained here.",
        ),
    )


def _values(simulated: Simulated) -> dict[str, Measured]:
    """Return the effect of the printed rule on delay, lateness, upload and accuracy."""
    nodes = simulated.summary[0]["nodes"]

    def values(scheme: str, measure: str) -> FloatArray:
        return simulated.values(STREAM, nodes, scheme, measure)

    delay = relative_percent(values(PRINTED, "delay_mean_s"), values(AWAKE, "delay_mean_s"))
    accuracy = values(AWAKE, "accuracy") - values(PRINTED, "accuracy")
    return {
        "delay_against_a_cloud_that_never_sleeps": delay,
        "upload_against_a_cloud_that_never_sleeps": relative_percent(
            values(PRINTED, "upload_bytes"), values(AWAKE, "upload_bytes")
        ),
        "upload_against_cloud_only": relative_percent(
            values(PRINTED, "upload_bytes"), values(CLOUD, "upload_bytes")
        ),
        "late_tasks_more_than_by_the_slack": paired_points(
            values(PRINTED, "missed"), values(SLACK, "missed")
        ).without_test(),
        "asleep": simulated.mean(STREAM, nodes, PRINTED, "asleep").scaled(100.0, "%"),
        "loss_of_the_accuracy_proxy": Measured(float(accuracy.mean())),
    }


def _table(simulated: Simulated) -> Table:
    """Return the measures of every rule."""
    nodes = simulated.summary[0]["nodes"]
    rows = tuple(
        (
            scheme,
            *(
                measured_text(simulated.mean(STREAM, nodes, scheme, measure).scaled(factor, ""))
                for _, measure, factor in _COLUMNS
            ),
        )
        for scheme in dict.fromkeys(scheme for _, scheme in simulated.runs)
    )
    columns = ("T_0", *(title for title, _, _ in _COLUMNS))
    return Table("Mean and interval of 95 % over the runs", columns, rows)
