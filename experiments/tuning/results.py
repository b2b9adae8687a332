"""Results of a tuning: best parameters, comparison on held-out problems, trials and figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w
from optuna.distributions import CategoricalDistribution

from edgeopt.experiments.sweep.summary import short_names
from edgeopt.experiments.text import markdown_table, percent, scaled
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.figures import draw_figures
from edgeopt.experiments.tuning.held_out import (
    HeldOutComparison,
    compare_held_out,
    run_held_out,
    sentence,
)
from edgeopt.experiments.tuning.space import Distribution
from edgeopt.experiments.tuning.trial import best_trial
from edgeopt.experiments.tuning.trial_table import importances, trials_table, with_gap
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study
    from optuna.trial import FrozenTrial


TuningProgress = Callable[[str, int, int], None]

_HELD_OUT = "held_out"

_LISTED = 3  # choices that are written out


def write_results(
    config: TuneConfig, study: Study, folder: Path, report: TuningProgress
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
    runs = run_held_out(config, tuned, folder / _HELD_OUT, lambda n, of: report("runs", n, of))
    found = compare_held_out(runs)
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
    """Return the best trial, or raise an error that says why there is none."""
    best = best_trial(study)
    if best is not None and math.isfinite(best.values[0]):
        return best
    errors = [error for error in table["error"] if error]
    reason = errors[-1] if errors else "a run found no schedule"
    rule = f"one that solves the training problems with some parameters ({reason})"
    raise InputError("solver", config.solver["solver"], rule)


def write_solver(path: Path, table: dict[str, Any], comments: list[str]) -> None:
    """Write a solver's table ``{"solver": name, parameter: value, ...}`` as TOML for ``--solver``.

    Parameters
    ----------
    path : Path
        File to write.
    table : dict
        Strings, numbers and booleans.
    comments : list of str
        Lines to write above it.
    """
    head = "".join(f"# {line}\n" for line in comments)
    write_atomically(path, (head + tomli_w.dumps(table)).encode())


# The comparison as a Markdown page.


def write_up(
    config: TuneConfig, tuned: dict[str, Any], shares: dict[str, float], found: HeldOutComparison
) -> str:
    """Return parameters and held-out gaps, default against tuned.

    Parameters
    ----------
    config : TuneConfig
        What was tuned.
    tuned : dict
        Best values of the parameters searched.
    shares : dict of float
        Importance by parameter; may be empty.
    found : HeldOutComparison
        Default against tuned on the held-out problems.
    """
    ((unit, amount),) = config.budget.items()
    columns = ("parameter", "default", "tuned", "searched", "importance")
    rows = [
        (
            name,
            _text(getattr(config.default, name)),
            _text(tuned[name]),
            _range(entry),
            f"{percent(shares[name], 0)} %" if name in shares else "",
        )
        for name, entry in config.space.items()
    ]
    lines = [
        f"# {config.solver['solver']}: default against tuned",
        "",
        f"{config.trials} trials at most ({config.sampler}, seed {config.seed}); {amount:g} {unit} "
        f"a run; trained on {len(config.training.specs)} problems, "
        f"{config.training.repetitions} run(s) on each.",
        "",
        *markdown_table(columns, rows),
        "",
        *_held_out(config, found),
        "",
        sentence(found),
        "",
    ]
    if all(tuned[name] == getattr(config.default, name) for name in tuned):
        lines += ["No trial was better than the default on the training problems.", ""]
    return "\n".join(lines)


def _held_out(config: TuneConfig, found: HeldOutComparison) -> list[str]:
    """Return the table of gaps."""
    runs = config.held_out.repetitions
    columns = (
        "held-out problem",
        f"default gap (%), mean of {runs}",
        "tuned gap (%)",
        "difference",
    )
    kinds = ["default", "tuned", "difference"]
    names = short_names(list(found.table["problem"])) | {"mean": "mean"}
    gaps = found.table.set_index("problem")[kinds]
    gaps.loc["mean"] = gaps.mean()
    rows = [
        (names[str(problem)], *(percent(gap, 3) for gap in row))
        for problem, row in zip(gaps.index, gaps.to_numpy(), strict=True)
    ]
    return markdown_table(columns, rows, "lr")


def _text(value: object) -> str:
    """Return a value: a float with four digits, a word as code so that Markdown keeps it."""
    if isinstance(value, str):
        return f"`{value}`"
    return scaled(value) if isinstance(value, float) else str(value)


def _range(entry: Distribution) -> str:
    """Return the range or the choices that were searched."""
    if not isinstance(entry, CategoricalDistribution):
        return f"{entry.low:g} to {entry.high:g}{' (log)' if entry.log else ''}"
    if len(entry.choices) > _LISTED:
        return f"{len(entry.choices)} choices"
    return ", ".join(map(_text, entry.choices))
