"""The table of all cuts of a program: for people, for JSON and as CSV."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.terminal import terminal_table
from edgeopt.experiments.text import INFINITE, scaled
from edgeopt.optim.offloading.solvers import Answer
from edgeopt.problems.offloading.program import CONSTRAINTS

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


def cut_table(answer: Answer) -> pd.DataFrame:
    """Return a row for each cut: what it costs, and which constraints it violates.

    Columns: name, memory_bytes, delay_s, energy_j (mean of a task over the nodes), upload_bytes,
    feasible, violates (names of constraints) and chosen.
    """
    import pandas as pd

    program = answer.program
    terms, cuts = program.terms, range(program.depth + 1)
    broken = [np.flatnonzero(~program.holds[:, cut]) for cut in cuts]
    columns = {
        "name": program.profile.cut_names,
        "memory_bytes": np.ravel(terms.memory_bytes),
        "delay_s": np.ravel(terms.delay_s),
        "energy_j": np.ravel(terms.mean_energy_j),
        "upload_bytes": np.ravel(terms.crossing_bits) / 8.0,
        "feasible": program.feasible,
        "violates": [", ".join(CONSTRAINTS[row] for row in rows) for rows in broken],
        "chosen": [cut == answer.cut for cut in cuts],
    }
    return pd.DataFrame(columns, index=pd.Index(cuts, name="cut"))


def cut_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table of cuts for JSON, None for what is infinite."""
    rows: list[dict[str, Any]] = table.reset_index().to_dict("records")
    return [{key: _finite(value) for key, value in row.items()} for row in rows]


def cuts_text(table: pd.DataFrame) -> Table:
    """Return a table of cuts as rich text."""
    rows = [
        (
            str(row["cut"]),
            place_of(row["cut"], len(table) - 1, row["name"]),
            *(
                _number(row[key], scale)
                for key, scale in (
                    ("memory_bytes", 2.0**20), ("delay_s", 1e-3), ("energy_j", 1.0),
                    ("upload_bytes", 2.0**10),
                )
            ),
            "chosen" if row["chosen"] else f"violates {row['violates']}" * (not row["feasible"]),
        )
        for row in cut_rows(table)
    ]  # fmt: skip
    units = ("memory MiB", "delay ms", "energy J", "upload KiB")
    return terminal_table(("cut", "after", *units, ""), rows, align="rlrrrrl")


def place_of(cut: int, depth: int, name: str) -> str:
    """Return where a cut lies, for the first and the last also in words."""
    words = {0: "all in the cloud", depth: "all on the edge"}.get(cut)
    return name if words is None else f"{name}: {words}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: float | None, scale: float) -> str:
    return INFINITE if value is None else scaled(value / scale)
