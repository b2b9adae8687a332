"""What a tuning leaves: best parameters, comparison, tables and figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.sweep.summary import short_names
from experiments.tuning.best import write_solver
from experiments.tuning.config import TuneConfig
from experiments.tuning.figures import draw_figures
from experiments.tuning.held_out import compare, run_held_out
from experiments.tuning.importance import importances
from experiments.tuning.report import write_up
from experiments.tuning.trial_run import best_trial
from experiments.tuning.trials_table import trials_table, with_gap
from problems.atomic import write_atomically
from problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study
    from optuna.trial import FrozenTrial

HELD_OUT = "held_out"
Report = Callable[[str, int, int], None]


def write_results(
    config: TuneConfig, study: Study, folder: Path, report: Report
) -> tuple[str, list[Path]]:
    """Compare default and tuned on the held-out problems and write everything into the folder.

    Returns
    -------
    page : str
        The comparison as Markdown.
    paths : list of Path
        ``best.toml``, ``comparison.md`` and ``.csv``, ``trials.csv`` and the figures.

    Raises
    ------
    InputError
        If no trial found a schedule in every run.
    """
    table = trials_table(study)
    best = _require_best(study, config, table)
    tuned = {**config.solver, **best.params}
    runs = run_held_out(config, tuned, folder / HELD_OUT, lambda n, of: report("runs", n, of))
    found = compare(runs)
    usable = with_gap(table)
    shares = importances(usable, config.space)
    page = write_up(config, best.params, shares, found)
    comment = f"Found by edgeopt tune: mean training gap {100 * best.values[0]:.4g} %."
    write_solver(folder / "best.toml", tuned, [comment])
    names = short_names(list(found.table["problem"]))
    texts = {
        "comparison.md": page,
        "comparison.csv": found.table.replace({"problem": names}).to_csv(index=False),
        "trials.csv": table.to_csv(index=False),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())
    paths = [folder / name for name in ("best.toml", *texts)]
    return page, paths + draw_figures(usable, config.space, shares, folder)


def _require_best(study: Study, config: TuneConfig, table: pd.DataFrame) -> FrozenTrial:
    """Return the best trial, or say why there is none."""
    best = best_trial(study)
    if best is not None and math.isfinite(best.values[0]):
        return best
    errors = [error for error in table["error"] if error]
    reason = errors[-1] if errors else "a run found no schedule"
    rule = f"one that solves the training problems with some parameters ({reason})"
    raise InputError("solver", config.solver["solver"], rule)
