"""What learning leaves in its folder besides its runs: tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.learning.config import LearningConfig
from experiments.learning.summary import summarize
from experiments.sweep.code_version import full_provenance
from problems.atomic import write_atomically

Row = dict[str, Any]
EARLY = ("threshold", "share", "error")


def as_json(config: LearningConfig, rows: list[Row]) -> str:
    """Return the summary with what it was made from, as JSON."""
    content = {
        "schemes": summarize(config, rows),
        "config": asdict(config),
        "made_with": {**full_provenance(), "torch": _torch_version()},
    }
    return json.dumps(content, indent=1, allow_nan=False)


def write_tables(config: LearningConfig, rows: list[Row], folder: Path) -> list[Path]:
    """Write ``history.csv``, ``early_exits.csv``, ``summary.csv`` and ``summary.json``.

    Parameters
    ----------
    config : LearningConfig
        What was run.
    rows : list of dict
        From `run_learning`.
    folder : Path
        Where to.

    Returns
    -------
    list of Path
        What was written; no ``early_exits.csv`` where no scheme has exits.
    """
    tables = {
        "history": [_without_early(row) for row in rows],
        "early_exits": list(early_rows(rows)),
        "summary": summarize(config, rows),
    }
    paths = []
    for name, table in tables.items():
        if table:
            paths.append(folder / f"{name}.csv")
            write_atomically(paths[-1], _csv(table))
    paths.append(folder / "summary.json")
    write_atomically(paths[-1], as_json(config, rows).encode())
    return paths


def early_rows(rows: Iterable[Row]) -> Iterable[Row]:
    """Yield a row for each run with exits and entropy threshold."""
    for row in rows:
        for values in row.get("early", ()):
            names = {"scheme": row["scheme"], "repetition": row["repetition"]}
            yield {**names, **dict(zip(EARLY, values, strict=True))}


def _without_early(row: Row) -> Row:
    """Return a row without the curve over thresholds."""
    return {key: value for key, value in row.items() if key != "early"}


def _csv(table: list[Row]) -> bytes:
    """Return rows as CSV."""
    import pandas as pd

    return pd.DataFrame(table).to_csv(index=False, float_format="%.8g").encode()


def _torch_version() -> str:
    """Return the version of PyTorch."""
    import torch

    return str(torch.__version__)
