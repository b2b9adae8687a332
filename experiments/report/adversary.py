"""The section of a report on adversarial instances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from edgeopt.experiments.adversary.cell import ADVERSARY
from edgeopt.experiments.adversary.figure import adversary_figure
from edgeopt.experiments.adversary.space import space_words
from edgeopt.experiments.adversary.summary import summarize_adversary
from edgeopt.experiments.report.figures import Draw, svg_address
from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.runs.store import missing_note, read_cells, read_description
from edgeopt.experiments.text import Entry, ReportTable, count, decimal, significant
from edgeopt.problems.errors import InputError

_COLUMNS = (
    *("solver", "rival", "ratio", "ratio in search", "makespan s", "rival's s"),
    *("lower bound s", "instances tried"),
)

_FIGURE = "adversary"


@dataclass(frozen=True)
class AdversarySection:
    """What a report says of adversarial instances.

    Attributes
    ----------
    verdict, note : str
        Who loses least and most, and what was searched.
    image : str
        Address of the heat map.
    table : ReportTable
        The numbers.
    figures : dict
        Drawings by file name.
    """

    verdict: str
    note: str
    image: str
    table: ReportTable
    figures: dict[str, Draw]


def adversary_section(folder: Path) -> AdversarySection:
    """Return the section of the searches in a folder.

    Raises
    ------
    InputError
        If the folder holds something else, or no search that has finished.
    """
    description = read_description(folder)
    if description["kind"] != ADVERSARY.name:
        rule = f"the output of edgeopt adversary; this one is a {description['kind']}"
        raise InputError("--adversary", str(folder), rule)
    cells = read_cells(folder)
    rows: Any = cells.to_dict("records")
    summary = [row for row in summarize_adversary(rows) if row["best"] is not None]
    if not summary:
        raise InputError("--adversary", str(folder), "a folder with a finished search")
    draw = partial(adversary_figure, summary)
    missing = missing_note(cells)
    return AdversarySection(
        verdict=verdict(summary),
        note=f"{_note(description['config'])}{f' {missing}.' if missing else ''}",
        image=svg_address(draw),
        table=_table(summary),
        figures={_FIGURE: draw},
    )


def verdict(summary: list[Row]) -> str:
    """Return which solver loses least on its worst instance, and which most."""
    worst: dict[str, Row] = {}
    for row in summary:
        if row["ratio"] > worst.get(row["solver"], {"ratio": -1.0})["ratio"]:
            worst[row["solver"]] = row
    ordered = sorted(worst.values(), key=lambda row: float(row["ratio"]))
    least, most = ordered[0], ordered[-1]
    if len(ordered) == 1:
        return f"{_loses(most)}."
    return f"{_loses(least)}, the least of all solvers; {_loses(most)}, the most."


def _loses(row: Row) -> str:
    """Return how much a solver loses, in words."""
    times = decimal(row["ratio"])
    return f"{row['solver']} needs up to {times} times the makespan of {row['rival']}"


def _note(config: dict[str, Any]) -> str:
    """Return what was searched, and what the numbers are."""
    budget = ", ".join(f"{value:,} {name}" for name, value in config["budget"].items())
    return (
        f"Searched: {space_words(config['space'])}. Each search tries {count(config['instances'])} "
        f"instances, with {budget} and the median of {config['runs']} runs for each solver. The "
        f"ratio is that of the medians of {config['confirm']} runs with fresh seeds on the worst "
        "instance; with the seeds of the search, which have chosen it, it is larger. A worse "
        "instance may exist."
    )


def _table(summary: list[Row]) -> ReportTable:
    """Return a row for each pair, the largest ratio first."""
    rows = [
        (
            Entry(row["solver"]),
            Entry(row["rival"]),
            *(Entry(decimal(row[name], 3), row[name]) for name in ("ratio", "search_ratio")),
            *(
                Entry(significant(row[name], 5), row[name])
                for name in ("makespan", "rival_makespan", "lower_bound")
            ),
            Entry(count(row["tried"]), row["tried"]),
        )
        for row in sorted(summary, key=lambda row: -float(row["ratio"]))
    ]
    title = "Worst instance found for each pair"
    return ReportTable(_FIGURE, title, _COLUMNS, tuple(rows))
